// CertificateWatch on real files, as they are replaced, spoilt and about to end.
#include "collector/certificate_watch.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/pki/authorities.h"
#include "common/pki/ca.h"
#include "tests/support/fake_clock.h"
#include "tests/support/test_folder.h"

namespace postwatch::collector {
namespace {

class CertificateWatchTest : public testing::Test {
 protected:
  CertificateWatchTest() { Write(absl::Hours(240)); }

  // A certificate that lasts so long from now on.
  void Write(absl::Duration lifetime) {
    const IdentityRequest request{{PeerRole::kCollector, "", ""}, {"collector.test"}, {}, lifetime};
    ASSERT_TRUE(WriteIssuedCertificate(*IssueIdentity(authority, request, clock.Now()),
                                       folder / "own.pem", folder / "own.key", Overwrite::kReplace)
                    .ok());
  }
  void WriteCa(const std::string& pem) {
    ASSERT_TRUE(
        WritePemFile(folder / "ca.pem", pem, Readers::kEverybody, Overwrite::kReplace).ok());
  }
  std::string Tick(absl::Duration later = absl::Seconds(10)) {
    clock.Advance(later);
    testing::internal::CaptureStderr();
    watch.Tick();
    return testing::internal::GetCapturedStderr();
  }

  FakeClock clock;
  const TestFolder folder;
  const IssuedCertificate authority = *MakeAuthority("test", clock.Now(), absl::Hours(24 * 365));
  bool written = (WriteCa(authority.certificate), true);
  CertificateWatch watch{{folder / "ca.pem", folder / "own.pem", folder / "own.key"}, clock};
};

TEST_F(CertificateWatchTest, TellsTheEndsOfAll) {
  const IssuedCertificate next = *MakeAuthority("next", clock.Now(), absl::Hours(24 * 100));
  WriteCa(authority.certificate + next.certificate);
  const absl::Time then = clock.Now();
  EXPECT_EQ(Tick(absl::ZeroDuration()), "");
  ASSERT_TRUE(watch.own().ok()) << watch.own().status();
  EXPECT_EQ(watch.own()->not_after, then + absl::Hours(240));
  const std::map<std::string, absl::Time> expected = {
      {AuthorityHashes(authority.certificate)[0], then + absl::Hours(24 * 365)},
      {AuthorityHashes(next.certificate)[0], then + absl::Hours(24 * 100)}};
  EXPECT_EQ(watch.authorities(), expected);
}

TEST_F(CertificateWatchTest, TakesUpANewOne) {
  Tick(absl::ZeroDuration());
  clock.Advance(absl::Hours(1));
  Write(absl::Hours(240));
  const absl::Time renewed = clock.Now();
  EXPECT_EQ(Tick(), "");
  EXPECT_EQ(watch.own()->not_after, renewed + absl::Hours(240));
}

TEST_F(CertificateWatchTest, OneThatIsNoGoodCountsWhenItIsSeenTwice) {
  Tick(absl::ZeroDuration());
  ASSERT_TRUE(WritePemFile(folder / "own.pem", authority.certificate, Readers::kEverybody,
                           Overwrite::kReplace)
                  .ok());
  Tick();
  EXPECT_TRUE(watch.own().ok());
  Tick(absl::Seconds(9));
  EXPECT_TRUE(watch.own().ok());
  Tick(absl::Seconds(1));
  EXPECT_FALSE(watch.own().ok());
  EXPECT_NE(watch.own().status().message().find("own."), absl::string_view::npos)
      << watch.own().status();
  Write(absl::Hours(240));
  Tick();
  EXPECT_TRUE(watch.own().ok());
}

TEST_F(CertificateWatchTest, OneThatEndsSoonIsToldOnce) {
  Tick(absl::ZeroDuration());
  EXPECT_EQ(Tick(absl::Hours(199)), "");
  const std::string log = Tick(absl::Hours(2));
  EXPECT_NE(log.find("a certificate ends soon"), log.npos) << log;
  EXPECT_NE(log.find("own.pem"), log.npos) << log;
  EXPECT_EQ(Tick(absl::Hours(20)), "");
  Write(absl::Hours(240));
  EXPECT_EQ(Tick(), "");
}

}  // namespace
}  // namespace postwatch::collector
