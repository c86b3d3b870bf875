#include "cli/formats/xml_text.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

using namespace std::string_view_literals;

TEST(XmlText, EscapesWhatXmlReads) {
  EXPECT_EQ(XmlText("<a b=\"&\">"), "&lt;a b=&quot;&amp;&quot;&gt;");
}

TEST(XmlText, DropsWhatXmlDoesNotAllow) {
  EXPECT_EQ(XmlText("a\0b\x1b"
                    "c\x7f\xEF\xBF\xBE"
                    "d\r\n"sv),
            "abcd\n");
}

TEST(XmlText, KeepsOtherTextAndMarksWhatIsNone) { EXPECT_EQ(XmlText("zürich \xff"), "zürich ?"); }

}  // namespace
}  // namespace postwatch::cli
