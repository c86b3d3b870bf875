#include "common/base/secret.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <type_traits>

namespace postwatch {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST(Secret, CannotBeCopiedPrintedOrConverted) {
  static_assert(!std::is_copy_constructible_v<Secret>);
  static_assert(!std::is_copy_assignable_v<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  static_assert(!Printable<Secret>);
}

TEST(Secret, MovingLeavesNothingBehind) {
  Secret first("hunter2");
  const Secret second(std::move(first));
  EXPECT_EQ(second.Reveal(), "hunter2");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): what is tested
  Secret third;
  third = second.Clone();
  EXPECT_EQ(third.Reveal(), "hunter2");
}

TEST(WipeBytes, ClearsTheStorage) {
  std::string bytes = "hunter2 hunter2 hunter2 hunter2";
  const char* storage = bytes.data();
  const size_t size = bytes.size();
  WipeBytes(bytes);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(std::string(storage, size), std::string(size, '\0'));
}

TEST(ResolveSecret, FromTheEnvironment) {
  ::setenv("POSTWATCH_TEST_SECRET", "hunter2", 1);
  EXPECT_EQ(ResolveSecret({"", "POSTWATCH_TEST_SECRET"})->Reveal(), "hunter2");
  ::unsetenv("POSTWATCH_TEST_SECRET");
  const absl::Status missing = ResolveSecret({"", "POSTWATCH_TEST_SECRET"}).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(missing.message().find("POSTWATCH_TEST_SECRET"), absl::string_view::npos);
}

TEST(ResolveSecret, ADirectoryIsNoFile) {
  EXPECT_EQ(ResolveSecret({"/", ""}).status().message(),
            "cannot read the secret file /: Is a directory");
}

TEST(ResolveSecret, RefusesWhatNoMailProtocolCarriesAndDoesNotQuoteIt) {
  ::setenv("POSTWATCH_TEST_SECRET", "hunter2\r\nQUIT", 1);
  const absl::Status bad = ResolveSecret({"", "POSTWATCH_TEST_SECRET"}).status();
  ::setenv("POSTWATCH_TEST_SECRET", "", 1);
  const absl::Status empty = ResolveSecret({"", "POSTWATCH_TEST_SECRET"}).status();
  ::unsetenv("POSTWATCH_TEST_SECRET");
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(bad.message().find("hunter2"), absl::string_view::npos);
  EXPECT_EQ(empty.code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace postwatch
