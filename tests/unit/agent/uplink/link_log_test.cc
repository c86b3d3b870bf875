#include "agent/uplink/link_log.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postwatch::agent {
namespace {

class LinkLogTest : public testing::Test {
 protected:
  // How many lines it wrote.
  template <class Act>
  static long Lines(Act act) {
    testing::internal::CaptureStderr();
    act();
    const std::string text = testing::internal::GetCapturedStderr();
    return std::count(text.begin(), text.end(), '\n');
  }
  long Closed(const absl::Status& status) {
    return Lines([&] { log.Closed(status, absl::Seconds(5), 3); });
  }

  LinkLog log;
};

TEST_F(LinkLogTest, ACollectorThatStaysAwayIsToldOnce) {
  EXPECT_EQ(Closed(absl::UnavailableError("refused")), 1);
  EXPECT_EQ(Closed(absl::UnavailableError("refused")), 0);
  EXPECT_EQ(Closed(absl::UnavailableError("no route")), 1);
  log.Welcomed();
  EXPECT_EQ(Closed(absl::UnavailableError("no route")), 1);
}

TEST_F(LinkLogTest, ASpoolThatFailsIsToldTwiceAMinute) {
  const auto fail = [this](absl::Duration now) {
    return Lines([&] { log.SpoolFails("read", absl::InternalError("disk"), now); });
  };
  EXPECT_EQ(fail(absl::Seconds(0)) + fail(absl::Seconds(1)) + fail(absl::Seconds(2)), 2);
  EXPECT_EQ(fail(absl::Seconds(61)), 1);
}

}  // namespace
}  // namespace postwatch::agent
