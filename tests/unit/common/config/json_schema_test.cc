#include "common/config/json_schema.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(ObjectSchema, SaysWhatEachKeyTakes) {
  KeyNotes notes;
  notes.Add("name", {.shape = KeyShape::kText, .required = true});
  notes.Add("on", {.shape = KeyShape::kBool, .fallback = "true"});
  notes.Add("port", {.shape = KeyShape::kInteger, .fallback = "25", .low = "1", .high = "65535"});
  notes.Add("way", {.shape = KeyShape::kChoice, .choices = {"up", "1.2"}});
  EXPECT_EQ(
      ObjectSchema(notes, {}, true),
      R"({"type":["object","null"],"properties":{)"
      R"("name":{"type":["string","number","boolean"]},)"
      R"("on":{"anyOf":[{"type":"boolean"},{"$ref":"#/$defs/variable"}],"default":true},)"
      R"("port":{"anyOf":[{"type":"integer","minimum":1,"maximum":65535},{"$ref":"#/$defs/variable"}],"default":25},)"
      R"("way":{"anyOf":[{"enum":["up","1.2",1.2]},{"$ref":"#/$defs/variable"}]}},)"
      R"("required":["name"],"additionalProperties":false})");
}

TEST(ObjectSchema, TreesAndListsHoldTheirOwn) {
  KeyNotes notes;
  notes.Add("tls", {.shape = KeyShape::kTree});
  notes.Add("tls.key", {.shape = KeyShape::kSecret});
  notes.Add("list", {.shape = KeyShape::kItems});
  notes.Add("list[].a", {.shape = KeyShape::kTexts});
  notes.Add("labels", {.shape = KeyShape::kTree});
  EXPECT_EQ(ObjectSchema(notes, {}, false),
            R"({"type":["object","null"],"properties":{"labels":{"type":["object","null"]},)"
            R"("list":{"type":"array","items":{"type":["object","null"],"properties":{)"
            R"("a":{"type":"array","items":{"type":["string","number","boolean"]}}},)"
            R"("additionalProperties":false}},)"
            R"("tls":{"type":["object","null"],"properties":{"key":{"$ref":"#/$defs/secret"}},)"
            R"("additionalProperties":false}},"additionalProperties":false})");
}

TEST(ObjectSchema, AListMayHoldTextsTooWhereItsReaderSaysSo) {
  KeyNotes notes;
  notes.Add("lists", {.shape = KeyShape::kItems, .or_texts = true});
  notes.Add("lists[].zone", {.shape = KeyShape::kText});
  EXPECT_NE(ObjectSchema(notes, {}, false)
                .find(R"("items":{"anyOf":[{"type":"string"},{"type":["object","null"])"),
            std::string::npos);
}

TEST(ObjectSchema, OverridesStandInPlaceAndBeside) {
  KeyNotes notes;
  notes.Add("sinks", {.shape = KeyShape::kItems});
  notes.Add("checks", {.shape = KeyShape::kTree});
  EXPECT_EQ(ObjectSchema(notes, {{"sinks[]", "1"}, {"checks", "2"}, {"include", "3"}}, false),
            R"({"type":["object","null"],"properties":{"checks":2,"include":3,)"
            R"("sinks":{"type":"array","items":1}},"additionalProperties":false})");
}

TEST(SchemaDocument, IsForPeopleAndVersionControls) {
  const std::string text = SchemaDocument({"https://x/y", "T"}, R"({"enum":["a\"{","b"]})", {});
  EXPECT_TRUE(
      text.starts_with("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                       "  \"$id\": \"https://x/y\",\n  \"title\": \"T\",\n"))
      << text;
  EXPECT_TRUE(text.ends_with("}\n"));
  EXPECT_NE(text.find("\"variable\": {\n"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("a\"{")"), std::string::npos) << text;
}

}  // namespace
}  // namespace postwatch
