#include "collector/correlate/verdict_change.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

Verdict SeenFrom(int eu_failing, int us_failing) {
  return {.component = {"svc", "alpha/imap"},
          .klass = FailureClass::kTcpRefused,
          .scope = {{.region = "eu", .failing = eu_failing, .healthy = 1},
                    {.region = "us", .failing = us_failing}}};
}

TEST(VerdictChange, ScopeIsToldByRegion) {
  EXPECT_EQ(ScopeText(SeenFrom(1, 0)), "eu failing, us unknown");
  EXPECT_EQ(ScopeText(SeenFrom(0, 2)), "eu well, us failing");
  EXPECT_EQ(ScopeText({}), "");
}

TEST(VerdictChange, PeopleCareForRegionsAndNotForCounts) {
  EXPECT_FALSE(DiffersForPeople(SeenFrom(1, 1), SeenFrom(3, 2)));
  EXPECT_TRUE(DiffersForPeople(SeenFrom(1, 1), SeenFrom(1, 0)));
  Verdict worse = SeenFrom(1, 1);
  worse.mail_loss = MailLoss::kRejected;
  EXPECT_TRUE(DiffersForPeople(SeenFrom(1, 1), worse));
}

TEST(VerdictChange, CountsRegionsThatFail) {
  EXPECT_EQ(FailingRegions(SeenFrom(0, 0)), 0);
  EXPECT_EQ(FailingRegions(SeenFrom(4, 0)), 1);
  EXPECT_EQ(FailingRegions(SeenFrom(1, 1)), 2);
}

TEST(VerdictChange, ANamedCauseIsAlikeToItselfOnly) {
  const auto of = [](FailureClass klass) { return Verdict{.klass = klass}; };
  const Verdict refused = of(FailureClass::kTcpRefused), silent = of(FailureClass::kTcpTimeout);
  const Verdict expired = of(FailureClass::kTlsCertExpired);
  EXPECT_TRUE(IsAlike(refused, silent));
  EXPECT_TRUE(IsAlike(expired, expired));
  EXPECT_FALSE(IsAlike(refused, expired));
  EXPECT_FALSE(IsAlike(expired, refused));
}

}  // namespace
}  // namespace postwatch::collector
