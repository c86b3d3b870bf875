#include "common/wire/wire_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace postwatch {
namespace {

// Whether all of it is a message.
bool Sound(std::string_view bytes) {
  WireReader reader(bytes);
  while (reader.Next()) {
  }
  return reader.sound();
}

TEST(WireReaderTest, EachFieldComesWithItsNumberItsFormAndItsValue) {
  const std::string bytes("\x08\x96\x01\x12\x02hi\x1d\x01\x02\x03\x04\x80\x01\x00", 15);
  WireReader reader(bytes);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.field(), NumberField(1));
  EXPECT_EQ(reader.number(), 150u);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.field(), BytesField(2));
  EXPECT_EQ(reader.bytes(), "hi");
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.field(), 3u << 3 | 5);  // four bytes, which nothing of ours has
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.field(), NumberField(16));
  EXPECT_EQ(reader.number(), 0u);
  EXPECT_FALSE(reader.Next());
  EXPECT_TRUE(reader.sound());
}

TEST(WireReaderTest, TheLargestNumberHasTenBytes) {
  const std::string bytes = "\x08" + std::string(9, '\xff') + "\x01";
  WireReader reader(bytes);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.number(), ~uint64_t{0});
  EXPECT_FALSE(Sound("\x08" + std::string(10, '\xff') + "\x01"));
}

TEST(WireReaderTest, NothingIsReadBeyondTheEnd) {
  for (const std::string_view bytes :
       {"\x08", "\x08\x80", "\x12", "\x12\x03hi", "\x1d\x01\x02\x03", "\x19\x01", "\x80"}) {
    EXPECT_FALSE(Sound(bytes));
  }
  EXPECT_FALSE(
      Sound("\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
            "a"));
  EXPECT_TRUE(Sound(""));
}

TEST(WireReaderTest, GroupsUnknownFormsAndFieldZeroAreNoMessage) {
  EXPECT_FALSE(Sound("\x0b\x0c"));
  EXPECT_FALSE(Sound("\x0e"));
  EXPECT_FALSE(Sound(std::string_view("\x00\x00", 2)));
  EXPECT_FALSE(Sound("\xf8\xff\xff\xff\x7f\x01"));  // a number beyond 29 bits
}

}  // namespace
}  // namespace postwatch
