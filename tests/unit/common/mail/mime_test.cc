#include "common/mail/mime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

using testing::ElementsAre;

std::vector<std::string> Leaves(std::string_view message) {
  std::vector<std::string> out;
  for (const MimeLeaf& leaf : MimeLeaves(message)) out.push_back(Concat(leaf.type, "|", leaf.text));
  return out;
}

TEST(Mime, HeaderFieldsAreUnfolded) {
  constexpr std::string_view kHeaders =
      "Subject: one\r\nX-Token:\r\n  abc\r\n\tdef \r\nx-token: second\nSubjecty: no\r\n";
  EXPECT_THAT(HeaderFields(kHeaders, "X-Token"), ElementsAre("abc def", "second"));
  EXPECT_EQ(HeaderField(kHeaders, "SUBJECT"), "one");
  EXPECT_EQ(HeaderField(kHeaders, "To"), "");
}

TEST(Mime, EntityIsSplitAtTheFirstEmptyLine) {
  EXPECT_EQ(SplitEntity("A: 1\r\n\r\nbody\r\n\r\nmore").body, "body\r\n\r\nmore");
  EXPECT_EQ(SplitEntity("A: 1\n\nbody").headers, "A: 1\n");
  EXPECT_EQ(SplitEntity("A: 1").body, "");
}

TEST(Mime, QuotedPrintable) {
  EXPECT_EQ(DecodeTransfer("a=3Db =\r\nc=C3=A4 \t\r\n=zz=", "Quoted-Printable"),
            "a=b c\xc3\xa4\r\n=zz");
  EXPECT_EQ(EncodeQuotedPrintable("a=b\t\r\n.\r\nc \xc3\xa4"), "a=3Db=09\r\n.\r\nc =C3=A4");
  const std::string text = Concat(std::string(200, 'x'), " \r\n", std::string(76, '='), "\r\nend");
  const std::string encoded = EncodeQuotedPrintable(text);
  for (const std::string_view line : Split(encoded, '\n')) EXPECT_LE(line.size(), 77u);
  EXPECT_EQ(DecodeTransfer(encoded, "quoted-printable"), text);
}

TEST(Mime, Base64) {
  EXPECT_EQ(DecodeTransfer("SGVs\r\nbG8s IHdvcmxk\r\n", "BASE64"), "Hello, world");
  EXPECT_EQ(DecodeTransfer("SGk=", "base64"), "Hi");
  EXPECT_EQ(DecodeTransfer("as is", "8bit"), "as is");
}

TEST(Mime, LeavesOfNestedParts) {
  constexpr std::string_view kMessage =
      "Content-Type: multipart/mixed; charset=x; BOUNDARY=\"o;1\"\r\n\r\npreamble\r\n"
      "--o\r\n\r\nnot a part\r\n"
      "--o;1\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
      "--i\r\n\r\nplain\r\n--i \r\nContent-Type: Text/HTML; x=y\r\n\r\n<p>\r\n--i--\r\n"
      "--o;1\r\nContent-Type: text/x\r\nContent-Transfer-Encoding: base64\r\n\r\nSGk=\r\n"
      "--o;1--\r\nepilogue\r\n";
  EXPECT_THAT(Leaves(kMessage), ElementsAre("text/plain|plain", "text/html|<p>", "text/x|Hi"));
}

TEST(Mime, LastPartWithoutEnd) {
  EXPECT_THAT(Leaves("Content-Type: multipart/x; boundary=b\n\n--b\n\none\n--b\n\ntwo\n"),
              ElementsAre("text/plain|one", "text/plain|two\n"));
}

TEST(Mime, NestingAndCountAreBounded) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "Content-Type: multipart/x; boundary=b\n\n--b\n";
  EXPECT_EQ(MimeLeaves(deep).size(), 1u);
  std::string wide = "Content-Type: multipart/x; boundary=b\n\n";
  for (int i = 0; i < 200; ++i) wide += "--b\n\nx\n";
  EXPECT_EQ(MimeLeaves(wide).size(), 50u);
}

TEST(Mime, MediaTypes) {
  EXPECT_EQ(MediaType("Multipart/Report; report-type=x"), "multipart/report");
  EXPECT_EQ(MediaType(""), "text/plain");
  EXPECT_EQ(MediaType("nonsense"), "text/plain");
}

}  // namespace
}  // namespace postwatch
