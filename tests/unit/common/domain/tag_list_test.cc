#include "common/domain/tag_list.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(TagList, ReadsTagsInOrderWithoutTheSpaceAround) {
  const absl::StatusOr<TagList> list = TagList::Parse(" v=DKIM1 ;k = rsa;p=AB CD==; ");
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->tags().size(), 3u);
  EXPECT_EQ(*list->Find("v"), "DKIM1");
  EXPECT_EQ(*list->Find("k"), "rsa");
  EXPECT_EQ(*list->Find("p"), "AB CD==");
  EXPECT_EQ(list->Find("V"), nullptr);
}

TEST(TagList, AnEmptyValueIsNotAnAbsentOne) {
  const absl::StatusOr<TagList> list = TagList::Parse("v=DKIM1; p=");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(*list->Find("p"), "");
  EXPECT_EQ(list->Find("k"), nullptr);
}

TEST(TagList, SaysWhatIsNoTag) {
  EXPECT_EQ(TagList::Parse("v=DMARC1; none").status().message(), "'none' is not name=value");
  EXPECT_EQ(TagList::Parse("v=DMARC1; =x").status().message(), "'=x' is not name=value");
  EXPECT_EQ(TagList::Parse("p=none; p=reject").status().message(), "the tag p comes twice");
}

TEST(TagList, TakesSixtyFourTagsAndNoMore) {
  std::string text;
  for (int i = 0; i < 64; ++i) text += "t" + std::to_string(i) + "=1;";
  EXPECT_TRUE(TagList::Parse(text).ok());
  EXPECT_EQ(TagList::Parse(text + "more=1").status().message(), "too many tags");
}

}  // namespace
}  // namespace postwatch
