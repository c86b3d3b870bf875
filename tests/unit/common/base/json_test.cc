#include "common/base/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace postwatch {
namespace {

using namespace std::string_view_literals;

TEST(JsonString, EscapesWhatMustBe) {
  EXPECT_EQ(JsonString("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(JsonString("line\r\n\ttab"), R"("line\r\n\ttab")");
  EXPECT_EQ(JsonString("\0\x1b\x7f"sv), R"("\u0000\u001b\u007f")");
  EXPECT_EQ(JsonString(""), R"("")");
}

TEST(JsonString, IsSafeInsideHtml) {
  EXPECT_EQ(JsonString("</script>"), "\"\\u003c/script>\"");
  EXPECT_EQ(JsonString("\u2028\u2029"), R"("\u2028\u2029")");
}

TEST(JsonString, KeepsUtf8) { EXPECT_EQ(JsonString("zürich €😀"), "\"zürich €😀\""); }

TEST(JsonString, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(JsonString("\xff"), R"("\ufffd")");
  EXPECT_EQ(JsonString("a\xc3"), R"("a\ufffd")");                              // cut short
  EXPECT_EQ(JsonString("\xc0\xaf"), R"("\ufffd\ufffd")");                      // overlong
  EXPECT_EQ(JsonString("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");            // surrogate
  EXPECT_EQ(JsonString("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");  // over 10FFFF
}

TEST(JsonWriter, PlacesCommas) {
  JsonWriter w;
  w.BeginObject();
  w.Field("name", "mx");
  w.Key("list");
  w.BeginArray();
  w.Integer(1);
  w.Bool(true);
  w.Null();
  w.BeginObject();
  w.EndObject();
  w.EndArray();
  w.Field("ok", false);
  w.EndObject();
  EXPECT_EQ(w.Take(), R"({"name":"mx","list":[1,true,null,{}],"ok":false})");
}

TEST(JsonWriter, NumbersReadBackTheSame) {
  JsonWriter w;
  w.BeginArray();
  w.Number(0.1);
  w.Number(1.0 / 3);
  w.Number(1e300);
  w.Number(std::numeric_limits<double>::quiet_NaN());
  w.Number(std::numeric_limits<double>::infinity());
  w.Integer(std::numeric_limits<int64_t>::min());
  w.EndArray();
  EXPECT_EQ(w.Take(), "[0.1,0.33333333333333331,1e+300,null,null,-9223372036854775808]");
}

TEST(JsonWriter, CStringsAreTextNotBool) {
  JsonWriter w;
  w.BeginObject();
  const char* text = "x";
  w.Field("a", text);
  w.EndObject();
  EXPECT_EQ(w.Take(), R"({"a":"x"})");
}

}  // namespace
}  // namespace postwatch
