#include "collector/readiness.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/fake_clock.h"

namespace postwatch::collector {
namespace {

class ReadinessTest : public testing::Test {
 protected:
  std::string Why() { return std::string(FromAbsl(readiness.status().message())); }

  FakeClock clock;
  StoreTrouble trouble{"sqlite:/s.db", clock};
  Readiness readiness{trouble, clock};
};

TEST_F(ReadinessTest, ACollectorThatJustStartedIsReady) {
  EXPECT_TRUE(readiness.status().ok()) << readiness.status();
}

TEST_F(ReadinessTest, AnEngineThatStandsStillIsNot) {
  clock.Advance(absl::Seconds(10));
  EXPECT_TRUE(readiness.status().ok());
  clock.Advance(absl::Seconds(2));
  EXPECT_EQ(Why(),
            "the engine has not ticked for 12 s: restart the collector; nothing that agents handed "
            "in is lost");
  readiness.Ticked();
  EXPECT_TRUE(readiness.status().ok());
}

TEST_F(ReadinessTest, NorIsOneWhoseCertificateHasEnded) {
  readiness.SetCertificate(
      CertificateLife{clock.Now() - absl::Hours(1), clock.Now() + absl::Seconds(5)});
  clock.Advance(absl::Seconds(4));
  EXPECT_TRUE(readiness.status().ok());
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(
      Why(),
      "agents do not believe the collector's certificate: it ended 2026-11-02 12:00:05 UTC; put "
      "another one in its place (`postwatch ca issue collector`), no restart is needed");
}

TEST_F(ReadinessTest, NorOneWhoseCertificateIsNotValidYet) {
  readiness.SetCertificate(
      CertificateLife{clock.Now() + absl::Seconds(5), clock.Now() + absl::Hours(1)});
  EXPECT_EQ(Why(),
            "agents do not believe the collector's certificate: it is not valid before 2026-11-02 "
            "12:00:05 UTC; is the clock right?");
  clock.Advance(absl::Seconds(5));
  EXPECT_TRUE(readiness.status().ok());
}

TEST_F(ReadinessTest, NorOneWhoseCertificateIsNoGood) {
  readiness.SetCertificate(absl::NotFoundError("read /c.pem: no such file"));
  EXPECT_EQ(Why(),
            "the certificate files are no good, and those of before are still shown: read /c.pem: "
            "no such file");
}

TEST_F(ReadinessTest, EachReasonIsALine) {
  readiness.SetCertificate(absl::NotFoundError("read /c.pem: no such file"));
  trouble.Failed("storing observations", absl::UnavailableError("gone"));
  clock.Advance(absl::Minutes(1));
  EXPECT_EQ(Why(),
            "the engine has not ticked for 60 s: restart the collector; nothing that agents handed "
            "in is lost\n"
            "the certificate files are no good, and those of before are still shown: read /c.pem: "
            "no such file\n"
            "the store sqlite:/s.db cannot be written since 2026-11-02 12:00:00 UTC: gone; agents "
            "keep what they see until it can be written again");
}

}  // namespace
}  // namespace postwatch::collector
