#include <gmock/gmock.h>

#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

constexpr char kLogin[] = R"(
C! starttls
S: * OK ready
C: A1 CAPABILITY
S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
S: A1 OK done
C: A2 AUTHENTICATE PLAIN *
S: A2 OK [CAPABILITY IMAP4rev1 QUOTA ID] in
C: A3 ID ("name" "postwatch")
S: * ID ("name" "Dovecot")
S: A3 OK done
C: A4 GETQUOTAROOT "INBOX"
)";

constexpr char kLogout[] = "C: A5 LOGOUT\nS: * BYE bye\nS: A5 OK done\n";

class ImapQuotaTest : public ProbeFixture {
 protected:
  ImapQuotaTest() { resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.3"})); }

  CheckSpec Quota() { return Spec("imap.quota", Keys({{"mailbox", MailboxKeys()}})); }
  void Script(const std::string& script) { scripted_.AddFor("192.0.2.3:993", script); }
  Observation RunAnswer(const std::string& answer) {
    Script(Concat(kLogin, answer, kLogout));
    return Run(Quota());
  }
  Observation RunLimits(const std::string& limits) {
    return RunAnswer(
        Concat("S: * QUOTAROOT INBOX \"\"\nS: * QUOTA \"\" (", limits, ")\nS: A4 OK done\n"));
  }
};

TEST_F(ImapQuotaTest, AMailboxWithRoomPasses) {
  const Observation seen = RunLimits("STORAGE 512 1048576 MESSAGE 3 1000");
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(StepsText(seen), "dns connect tls greeting login quota logout");
  EXPECT_EQ(seen.evidence.facts.at("quota.storage.used"), "524288");
  EXPECT_EQ(seen.evidence.facts.at("quota.storage.limit"), "1073741824");
  EXPECT_EQ(seen.evidence.facts.at("quota.message.percent"), "0");
  EXPECT_EQ(seen.evidence.facts.at("quota.limits"), "2");
}

TEST_F(ImapQuotaTest, From80PercentItIsAFinding) {
  EXPECT_EQ(FindingsText(RunLimits("STORAGE 799 1000")), "");
  const Observation warned = RunLimits("STORAGE 819200 1024000");
  EXPECT_EQ(Summary(warned), "pass");
  EXPECT_EQ(FindingsText(warned), "imap_quota_warn");
  EXPECT_EQ(warned.findings.front().detail,
            "storage is at 80 % of its limit (800.0 MiB of 1000.0 MiB)");
  EXPECT_EQ(RunLimits("STORAGE 86 100").findings.front().detail,
            "storage is at 86 % of its limit (86 KiB of 100 KiB)");
  EXPECT_THAT(RunLimits("MESSAGE 950 1000").findings.front().detail,
              HasSubstr("message is at 95 % of its limit (950 of 1000), nearly full"));
}

TEST_F(ImapQuotaTest, AtTheLimitItFails) {
  const Observation full = RunLimits("MESSAGE 10 100 STORAGE 1000 1000");
  EXPECT_EQ(Summary(full), "fail imap_overquota at quota");
  EXPECT_THAT(full.failure->detail, HasSubstr("storage is at 100 % of its limit"));
  EXPECT_EQ(Summary(RunLimits("STORAGE 1200 1000")), "fail imap_overquota at quota");
}

TEST_F(ImapQuotaTest, NumbersBeyondCountingDoNotWrap) {
  const Observation seen = RunLimits("STORAGE 9223372036854775807 9223372036854775807");
  EXPECT_EQ(seen.evidence.facts.at("quota.storage.used"), "18446744073709550592");
  EXPECT_EQ(seen.evidence.facts.at("quota.storage.limit"), "18446744073709550592");
}

TEST_F(ImapQuotaTest, WithoutALimitThereIsNothingToReach) {
  EXPECT_EQ(Summary(RunAnswer("S: * QUOTAROOT INBOX\nS: A4 OK done\n")), "pass");
  EXPECT_EQ(Summary(RunLimits("STORAGE 500 0")), "pass");
}

TEST_F(ImapQuotaTest, AServerThatDoesNotTellSaysNothing) {
  EXPECT_EQ(Summary(RunAnswer("S: A4 NO not here\n")),
            "not_tested: the server does not tell the quota: not here");
  std::string without = kLogin;
  without.erase(without.find("C: A4"));
  without.replace(without.find(" QUOTA"), 6, "");
  Script(Concat(without, "C: A4 LOGOUT\nS: * BYE bye\nS: A4 OK done\n"));
  EXPECT_THAT(Summary(Run(Quota())), HasSubstr("not_tested: the server does not tell quotas"));
}

TEST_F(ImapQuotaTest, TheRateTellsWhenItIsFull) {
  const CheckSpec spec = Quota();
  const std::unique_ptr<Probe> probe = Make(spec);
  for (const int used : {500, 600}) {
    Script(Concat(kLogin, "S: * QUOTA \"r\" (STORAGE ", used, "000 1000000)\nS: A4 OK done\n",
                  kLogout));
    const Observation seen = RunAll(*probe, spec).front();
    const auto full_in = seen.evidence.facts.find("quota.full_in");
    const bool told = full_in != seen.evidence.facts.end();
    EXPECT_EQ(told ? full_in->second : "", used == 600 ? "4d" : "");
    clock_.Advance(absl::Hours(24));
  }
}

TEST_F(ImapQuotaTest, TheRateOutlivesARestart) {
  const std::string full = "S: * QUOTA \"r\" (STORAGE 600000 1000000)\nS: A4 OK done\n";
  RunAnswer("S: * QUOTA \"r\" (STORAGE 500000 1000000)\nS: A4 OK done\n");
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(RunAnswer(full).evidence.facts.at("quota.full_in"), "4d");  // by a probe made anew
  for (const std::string& note : ledger_.notes()) EXPECT_EQ(note.find(kPassword), note.npos);
  EXPECT_EQ(ledger_.notes().size(), 1u);
}

TEST_F(ImapQuotaTest, ALedgerThatFailsCostsTheTrendAndNoMore) {
  ledger_.FailWith(absl::UnavailableError("disk full"));
  const Observation seen = RunLimits("STORAGE 512 1048576");
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_THAT(AllText(seen), HasSubstr("cannot be kept for after a restart: disk full"));
}

TEST_F(ImapQuotaTest, ABrokenConnectionIsTheServers) {
  Script(Concat(kLogin, "S! close\n"));
  EXPECT_EQ(Summary(Run(Quota())), "fail conn_closed_early at quota");
}

}  // namespace
}  // namespace postwatch::agent
