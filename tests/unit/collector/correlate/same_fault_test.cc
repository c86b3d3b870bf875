#include "collector/correlate/same_fault.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/scene.h"

namespace postwatch::collector {
namespace {

class SameFaultTest : public ::testing::Test {
 protected:
  OpenIncident Open(const std::string& component, double started) {
    OpenIncident open;
    open.component = s_.Id(component);
    open.kind = KindOf(MakeRef(component).kind);
    open.incident.verdict.component = MakeRef(component);
    open.incident.started = ToTime(started);
    return open;
  }

  Proposal Propose(const std::string& component, double started, std::vector<FailureId> failures) {
    Proposal proposal{
        .component = s_.Id(component), .started = ToTime(started), .failures = std::move(failures)};
    proposal.verdict.component = MakeRef(component);
    return proposal;
  }

  // At one of two hosts of a provider.
  FailureId Fails(double ended, const std::string& host,
                  FailureClass klass = FailureClass::kTcpTimeout) {
    return s_.Fails({.ended = ended, .touched = {Concat("site:", host), Concat("dc:", host)}},
                    klass);
  }

  View Now() { return s_.At(200); }

  Scene s_;
};

TEST_F(SameFaultTest, AccountsForWhatItCanCauseAndForItsParts) {
  OpenIncident open = Open("site:one", 100);
  const Reading at_one = s_.log.At(Fails(100, "one")).reading;
  const Reading at_two = s_.log.At(Fails(101, "two")).reading;
  const Reading certificate = s_.log.At(Fails(102, "one", FailureClass::kTlsCertExpired)).reading;
  EXPECT_TRUE(Accounts(open, at_one, s_.catalog));
  EXPECT_FALSE(Accounts(open, at_two, s_.catalog));
  EXPECT_FALSE(Accounts(open, certificate, s_.catalog));
  open.also.insert(s_.Id("site:two"));
  EXPECT_TRUE(Accounts(open, at_two, s_.catalog));
}

TEST_F(SameFaultTest, WhatExplainsHalfOfTheOldFailuresTakesOver) {
  const OpenIncident old = Open("site:one", 100);
  const FailureId a = Fails(100, "one"), b = Fails(101, "one"), c = Fails(102, "one");
  EXPECT_TRUE(TakesOver(Propose("provider:alpha", 100, {a, b}), old, Now()));
  EXPECT_FALSE(TakesOver(Propose("provider:alpha", 100, {c}), old, Now()));
  EXPECT_FALSE(TakesOver(Propose("provider:alpha", 100, {}), old, Now()));
}

TEST_F(SameFaultTest, WhatRunsThroughTheBlamedThingJoins) {
  const OpenIncident open = Open("site:one", 100);
  const FailureId through = Fails(100, "one", FailureClass::kTlsCertExpired);
  std::vector<FailureId> failures = {through};
  EXPECT_TRUE(Joins(Propose("svc:alpha/imap", 100, failures), open, Now()));
  for (int i = 0; i < 3; ++i) failures.push_back(Fails(101 + i, "two"));
  EXPECT_FALSE(Joins(Propose("svc:alpha/imap", 100, failures), open, Now()));
}

TEST_F(SameFaultTest, ALargerThingThatTheOldOneIsPartOfOutgrowsIt) {
  const OpenIncident old = Open("site:one", 100);
  for (int i = 0; i < 4; ++i) Fails(100 + i, "one");
  EXPECT_TRUE(Outgrows(Propose("provider:alpha", 100, {}), old, Now()));
  EXPECT_TRUE(Outgrows(Propose("svc:alpha/imap", 100, {}), old, Now()));
  EXPECT_FALSE(Outgrows(Propose("provider:beta", 100, {}), old, Now()));
  EXPECT_FALSE(Outgrows(Propose("mx:mx1.alpha", 100, {}), old, Now()));
  EXPECT_FALSE(Outgrows(Propose("queue:alpha", 100, {}), old, Now()));
  EXPECT_FALSE(Outgrows(Propose("site:one", 100, {}), Open("provider:alpha", 100), Now()));
}

TEST_F(SameFaultTest, WhatFailsTogetherWithWhatItSharesIsBehindIt) {
  const OpenIncident centre = Open("dc:one", 100), hoster = Open("hoster:h", 100);
  EXPECT_TRUE(SharesOnset(Propose("site:two", 180, {}), centre));
  EXPECT_TRUE(SharesOnset(Propose("site:two", 20, {}), centre));
  EXPECT_FALSE(SharesOnset(Propose("site:two", 195, {}), centre));
  EXPECT_FALSE(SharesOnset(Propose("zone:alpha", 100, {}), centre));
  EXPECT_TRUE(SharesOnset(Propose("zone:alpha", 100, {}), hoster));
  EXPECT_FALSE(SharesOnset(Propose("site:two", 100, {}), hoster));
  EXPECT_FALSE(SharesOnset(Propose("site:two", 100, {}), Open("provider:alpha", 100)));
  Proposal slow = Propose("site:two", 390, {});
  slow.interval = 200;
  EXPECT_TRUE(SharesOnset(slow, centre));
}

TEST_F(SameFaultTest, WhatIsOpenAgainBeganAnew) {
  OpenIncident centre = Open("dc:one", 100);
  centre.incident.reopened = ToTime(400);
  EXPECT_TRUE(SharesOnset(Propose("site:two", 480, {}), centre));
  EXPECT_FALSE(SharesOnset(Propose("site:two", 180, {}), centre));
}

TEST_F(SameFaultTest, BreadthGrowsFromHostToDataCentre) {
  EXPECT_LT(Breadth(Kind::kMx), Breadth(Kind::kSite));
  EXPECT_LT(Breadth(Kind::kSite), Breadth(Kind::kService));
  EXPECT_LT(Breadth(Kind::kService), Breadth(Kind::kProvider));
  EXPECT_LT(Breadth(Kind::kProvider), Breadth(Kind::kDataCentre));
  EXPECT_LT(Breadth(Kind::kNameServer), Breadth(Kind::kZone));
  EXPECT_EQ(Breadth(Kind::kAgent), 0);
  EXPECT_EQ(Breadth(Kind::kPath), 0);
}

// Who runs the names of both is not always known.
TEST_F(SameFaultTest, NamesThatBeginToFailTogetherAreOneFault) {
  const OpenIncident zone = Open("zone:alpha", 100);
  EXPECT_TRUE(SharesOnset(Propose("zone:beta", 190, {}), zone));
  EXPECT_TRUE(SharesOnset(Propose("zone:beta", 10, {}), zone));
  EXPECT_FALSE(SharesOnset(Propose("zone:beta", 191, {}), zone));
  EXPECT_FALSE(SharesOnset(Propose("zone:beta", 9, {}), zone));
  EXPECT_TRUE(SharesOnset(Propose("ns:beta/0", 150, {}), zone));
  EXPECT_FALSE(SharesOnset(Propose("site:one", 100, {}), zone));
  Proposal slow = Propose("zone:beta", 399, {});
  slow.interval = 200;
  EXPECT_TRUE(SharesOnset(slow, zone));
}

}  // namespace
}  // namespace postwatch::collector
