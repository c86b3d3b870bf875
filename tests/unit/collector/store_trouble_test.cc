#include "collector/store_trouble.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/fake_clock.h"

namespace postwatch::collector {
namespace {

const absl::Status kFull = absl::ResourceExhaustedError("SQLite: COMMIT: disk is full (code 13)");

class StoreTroubleTest : public testing::Test {
 protected:
  std::string Failed(const absl::Status& status) {
    testing::internal::CaptureStderr();
    trouble.Failed("storing observations", status);
    return testing::internal::GetCapturedStderr();
  }
  std::string Why() { return std::string(FromAbsl(trouble.status().message())); }

  FakeClock clock;
  StoreTrouble trouble{"sqlite:/s.db", clock};
};

TEST_F(StoreTroubleTest, IsNoneAtFirst) {
  EXPECT_TRUE(trouble.status().ok());
  EXPECT_FALSE(trouble.full());
  EXPECT_EQ(trouble.errors(), 0u);
}

TEST_F(StoreTroubleTest, AFullDiskIsSaidWithSinceWhenAndWhatToDo) {
  Failed(kFull);
  clock.Advance(absl::Minutes(5));
  Failed(absl::InternalError("SQLite: BEGIN: disk I/O error (code 10)"));
  EXPECT_TRUE(trouble.full());
  EXPECT_EQ(
      Why(),
      "the store sqlite:/s.db cannot be written since 2026-11-02 12:00:00 UTC: SQLite: COMMIT: "
      "disk is full (code 13); make room for it: agents keep what they see, alerts go out, and "
      "it goes on by itself");
  EXPECT_EQ(trouble.errors(), 2u);
}

TEST_F(StoreTroubleTest, AnotherFailureIsNoFullDisk) {
  Failed(absl::UnavailableError("PostgreSQL: connect: refused"));
  EXPECT_FALSE(trouble.full());
  EXPECT_EQ(Why(),
            "the store sqlite:/s.db cannot be written since 2026-11-02 12:00:00 UTC: PostgreSQL: "
            "connect: refused; agents keep what they see until it can be written again");
}

TEST_F(StoreTroubleTest, WorksAgain) {
  Failed(kFull);
  clock.Advance(absl::Minutes(5));
  testing::internal::CaptureStderr();
  trouble.Works();
  trouble.Works();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_NE(log.find("the store can be written again"), log.npos) << log;
  EXPECT_TRUE(trouble.status().ok());
  EXPECT_FALSE(trouble.full());
  EXPECT_EQ(trouble.errors(), 1u);
  EXPECT_EQ(trouble.last_commit(), clock.Steady());
}

TEST_F(StoreTroubleTest, IsToldOnceAMinute) {
  EXPECT_NE(Failed(kFull), "");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Failed(kFull), "");
  clock.Advance(absl::Minutes(1));
  EXPECT_NE(Failed(kFull).find("held_back_before=3"), std::string::npos);
}

TEST_F(StoreTroubleTest, ARowThatIsNotThereIsNotTheStoresTrouble) {
  EXPECT_NE(Failed(absl::NotFoundError("record a delivery: the outbox has none")), "");
  EXPECT_TRUE(trouble.status().ok());
  EXPECT_EQ(trouble.errors(), 1u);
}

TEST_F(StoreTroubleTest, OneThatDoesNotAnswerIsNotReady) {
  trouble.Asked();
  clock.Advance(absl::Seconds(30));
  trouble.Asked();
  EXPECT_TRUE(trouble.status().ok());
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(Why(),
            "the store sqlite:/s.db has not answered for 31 s; look at its disk or its server");
  trouble.Works();
  EXPECT_TRUE(trouble.status().ok());
}

}  // namespace
}  // namespace postwatch::collector
