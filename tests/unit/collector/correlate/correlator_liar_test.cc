// One agent that lies can neither open nor suppress a page, whatever it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/collector/correlate/timeline.h"

namespace postwatch::collector {
namespace {

TimelineOptions Fleet() {
  return {.agents = {{"liar", {"eu", "as-eu"}},
                     {"us", {"us", "as-us"}},
                     {"ap", {"ap", "as-ap"}},
                     {"sa", {"sa", "as-sa"}}}};
}

const std::vector<std::string> kChecks = {"dns.mx", "smtp.mx", "smtp.submit", "imap.access",
                                          "roundtrip"};

void Watch(Timeline& t) {
  for (const char* provider : {"alpha", "beta"}) t.Watch(provider);
}

// What the liar says of alpha and beta: `klass` of `check` for a while.
void Lie(Timeline& t, const std::string& check, FailureClass klass, double from, double to) {
  for (const char* provider : {"alpha/", "beta/"}) {
    t.Fails(provider + check, klass).From(from).To(to).At({"liar"});
  }
}

// What concerns an agent's own address is for that agent alone to tell, and no outage.
bool IsOfTheLiar(std::string_view page) {
  return page.empty() || Trim(page).starts_with("listed:liar@");
}

TEST(LiarTest, OneClassAllTheTimeOpensNothing) {
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    if (entry.klass == FailureClass::kUnspecified) continue;
    Timeline t(Fleet());
    Watch(t);
    Lie(t, "", entry.klass, 60, 1e9);
    t.Play(300);
    const std::string pages = t.Pages();
    for (const std::string_view page : Split(pages, ',')) {
      EXPECT_TRUE(IsOfTheLiar(page)) << entry.name << "\n" << t.log();
    }
  }
}

TEST(LiarTest, RandomClassesOpenNothing) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    std::mt19937 random(seed);
    Timeline t(Fleet());
    Watch(t);
    for (double from = 60; from < 600; from += 30) {
      for (const std::string& check : kChecks) {
        Lie(t, check, AllFailureClasses()[1 + random() % (AllFailureClasses().size() - 1)].klass,
            from, from + 30);
      }
    }
    t.Play(650);
    const std::string pages = t.Pages();
    for (const std::string_view page : Split(pages, ',')) {
      EXPECT_TRUE(IsOfTheLiar(page)) << seed << "\n" << t.log();
    }
  }
}

// A blip of another agent must not make a quorum with it.
TEST(LiarTest, ABlipElsewhereDoesNotMakeItCredible) {
  for (const FailureClass klass : {FailureClass::kTcpTimeout, FailureClass::kTcpRefused,
                                   FailureClass::kSmtpServerTemp, FailureClass::kDnsServfail}) {
    Timeline t(Fleet());
    Watch(t);
    Lie(t, "", klass, 0, 1e9);
    t.Fails("alpha/imap", FailureClass::kTcpTimeout).From(200).To(211).At({"us"});
    t.Fails("alpha/smtp", FailureClass::kTcpReset).From(400).To(411).At({"ap"});
    t.Play(600);
    EXPECT_EQ(t.Pages(), "") << t.log();
  }
}

TEST(LiarTest, PassesOfOneAgentSuppressNoOutage) {
  for (const FailureClass klass :
       {FailureClass::kTcpTimeout, FailureClass::kTcpRefused, FailureClass::kImapServerError}) {
    Timeline t(Fleet());
    Watch(t);
    t.Fails("alpha/imap", klass).From(60).To(400).At({"us", "ap", "sa"});
    t.Play(200);
    EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
    t.Play(390);
    EXPECT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  }
}

TEST(LiarTest, FailuresOfAnotherKindSuppressNoOutage) {
  for (const FailureClass lie : {FailureClass::kDnsServfail, FailureClass::kTlsCertExpired,
                                 FailureClass::kImapAuthFailed, FailureClass::kTcpTimeout}) {
    Timeline t(Fleet());
    Watch(t);
    Lie(t, "", lie, 0, 1e9);
    t.Fails("alpha/imap", FailureClass::kTcpRefused).From(300).At({"us", "ap", "sa"});
    t.Play(450);
    EXPECT_EQ(t.Pages(), "svc:alpha/imap") << FailureClassName(lie) << "\n" << t.log();
  }
}

TEST(LiarTest, AWitnessThatAlwaysComplainsSuppressesNoOutage) {
  Timeline t(Fleet());
  Watch(t);
  t.Fails("witness", FailureClass::kAgentNoNetwork).From(0).At({"liar"});
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(100);
  t.Play(200);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
}

}  // namespace
}  // namespace postwatch::collector
