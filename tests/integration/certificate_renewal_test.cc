// The agent's certificate in its files: renewed in time, whatever goes wrong, and taken up.
#include "agent/certificate_renewal.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "common/base/text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/test_folder.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

const PeerIdentity kOwn{PeerRole::kAgent, "eu", "fra1"};

class RenewalTest : public testing::Test {
 protected:
  RenewalTest() {
    EXPECT_TRUE(
        WriteIssuedCertificate(Issue(), files_.certificate, files_.key, Overwrite::kRefuse).ok());
    EXPECT_TRUE(
        WritePemFile(files_.ca, authority_.certificate, Readers::kEverybody, Overwrite::kRefuse)
            .ok());
  }

  IssuedCertificate Issue() {
    return *IssueIdentity(authority_, {.identity = kOwn, .lifetime = lifetime_}, clock_.Now());
  }
  std::string Read(const std::string& file) { return ReadPemFile(file).value_or(""); }
  absl::Time End() { return ParseIdentityCertificate(Read(files_.certificate))->not_after; }

  void Start() {
    RenewalActions actions;
    actions.ask = [this](const std::string& request, auto done) {
      ++asked_;
      if (!failure_.ok()) return done(failure_);
      IdentityRequest wanted{.identity = issue_for_, .lifetime = lifetime_};
      done(EnrolmentAnswer{trusted_, *IssueFromRequest(authority_, request, wanted, clock_.Now())});
    };
    actions.reconnect = [this] { ++reconnects_; };
    renewal_ = std::make_unique<CertificateRenewal>(loop_.io().get_executor(), clock_, files_, kOwn,
                                                    std::move(actions));
    renewal_->Start();
    loop_.Poll();
  }

  absl::Duration lifetime_ = absl::Hours(24);
  FakeClock clock_{&loop_};
  const TestFolder folder_;
  const PemPaths files_{folder_ / "ca.pem", folder_ / "cert.pem", folder_ / "key.pem"};
  const absl::Time start_ = clock_.Now();
  const IssuedCertificate authority_ =
      *MakeAuthority("ca", clock_.Now() - absl::Hours(1), absl::Hours(1000));
  std::string trusted_ = authority_.certificate;
  PeerIdentity issue_for_ = kOwn;
  absl::Status failure_ = absl::OkStatus();
  int asked_ = 0;
  int reconnects_ = 0;
  std::unique_ptr<CertificateRenewal> renewal_;
  TestLoop loop_;
};

TEST_F(RenewalTest, AsksAfterTwoThirdsOfTheLife) {
  const std::string key = Read(files_.key);
  Start();
  clock_.Advance(absl::Minutes(16 * 60 - 6));
  EXPECT_EQ(asked_, 0);
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(asked_, 1);
  EXPECT_GT(End(), start_ + absl::Hours(39));
  EXPECT_EQ(Read(files_.key), key);
  EXPECT_TRUE(LoadPemBundle(files_).ok());
  EXPECT_EQ(reconnects_, 0);
  clock_.Advance(absl::Hours(72));
  EXPECT_GE(asked_, 5);
  EXPECT_LE(asked_, 6);
  EXPECT_GT(End(), clock_.Now() + absl::Hours(7));
  EXPECT_EQ(renewal_->problem(), "");
}

TEST_F(RenewalTest, TheConnectionTakesItUpShortlyBeforeItsOwnEnds) {
  Start();
  clock_.Advance(absl::Hours(21));
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(reconnects_, 0);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(reconnects_, 1);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(reconnects_, 1);
}

TEST_F(RenewalTest, TakesTheAuthoritiesToo) {
  Start();
  trusted_ = Concat(MakeAuthority("ca", start_, absl::Hours(1000))->certificate, trusted_);
  clock_.Advance(absl::Hours(17));
  EXPECT_EQ(Read(files_.ca), trusted_);
  EXPECT_TRUE(LoadPemBundle(files_).ok());
}

TEST_F(RenewalTest, TriesAgainAndTellsWhenItBecomesUrgent) {
  failure_ = absl::UnavailableError("no answer");
  const std::string before = Read(files_.certificate);
  Start();
  clock_.Advance(absl::Hours(18));
  EXPECT_GE(asked_, 2);
  EXPECT_LE(asked_, 60);
  EXPECT_EQ(renewal_->problem(), "");
  clock_.Advance(absl::Hours(4));
  EXPECT_EQ(renewal_->problem(),
            "the agent's certificate ends 2026-11-03 12:00 UTC and is not renewed: no answer");
  EXPECT_EQ(Read(files_.certificate), before);
  failure_ = absl::OkStatus();
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(renewal_->problem(), "");
  EXPECT_NE(Read(files_.certificate), before);
}

TEST_F(RenewalTest, OneThatHasEndedSaysWhatToDo) {
  failure_ = absl::UnavailableError("no answer");
  Start();
  clock_.Advance(absl::Hours(26));
  EXPECT_EQ(
      renewal_->problem(),
      "the agent's certificate ended 2026-11-03 12:00 UTC and is not renewed: no answer; since "
      "it has ended, nobody lets this agent renew it: join anew with a new token "
      "(postwatch-agent join ... --force)");
}

// What a minute is to one that lives for a month, a second is to one that lives for minutes.
TEST_F(RenewalTest, AShortLifeHasItsOwnPace) {
  lifetime_ = absl::Seconds(30);
  ASSERT_TRUE(
      WriteIssuedCertificate(Issue(), files_.certificate, files_.key, Overwrite::kReplace).ok());
  Start();
  EXPECT_EQ(asked_, 0);
  clock_.Advance(absl::Seconds(18));
  EXPECT_EQ(asked_, 0);
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(reconnects_, 0);
  failure_ = absl::UnavailableError("no answer");
  clock_.Advance(absl::Seconds(8));
  EXPECT_EQ(reconnects_, 1);
  clock_.Advance(absl::Seconds(17));
  EXPECT_GE(asked_, 3);
  EXPECT_LE(asked_, 8);
  EXPECT_NE(renewal_->problem(), "");
  failure_ = absl::OkStatus();
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(renewal_->problem(), "");
  EXPECT_GT(End(), clock_.Now() + absl::Seconds(20));
}

TEST_F(RenewalTest, WhatDoesNotFitIsNotTaken) {
  issue_for_.name = "fra2";
  const std::string before = Read(files_.certificate);
  Start();
  clock_.Advance(absl::Hours(22));
  EXPECT_GE(asked_, 1);
  EXPECT_EQ(Read(files_.certificate), before);
  EXPECT_THAT(renewal_->problem(),
              HasSubstr("the collector issued the certificate of somebody else"));
}

TEST_F(RenewalTest, WhatOthersRenewIsOnlyTakenUp) {
  Start();
  clock_.Advance(absl::Hours(12));
  ASSERT_TRUE(
      WriteIssuedCertificate(Issue(), files_.certificate, files_.key, Overwrite::kReplace).ok());
  clock_.Advance(absl::Hours(11));
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(reconnects_, 1);
}

TEST_F(RenewalTest, GoneIsGone) {
  Start();
  renewal_.reset();
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(asked_, 0);
}

}  // namespace
}  // namespace postwatch::agent
