#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

class SmtpSecondaryTest : public ProbeFixture {
 protected:
  SmtpSecondaryTest() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("alpha.test", RrType::kMx,
                 MxReply({{10, "mx1.alpha.test"}, {20, "mx2.alpha.test"}}));
    resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
    resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"198.51.100.2"}));
  }
  Observation RunSecondary() {
    return Run(
        Spec("smtp.secondary", Keys({{"own", Text("true")}, {"rcpt", Text("probe@alpha.test")}})));
  }
  // A session with these lines behind "250-mx" in EHLO and these answers to the two recipients.
  void Answer(const std::string& address, const std::string& capabilities, const std::string& known,
              const std::string& unknown) {
    const std::string ehlo =
        Concat("C: EHLO agent.example.net\nS: 250-mx\n", capabilities, "S: 250 HELP\n");
    const bool tls = capabilities.find("STARTTLS") != std::string::npos;
    const std::string ask = "C: MAIL FROM:<>\nS: 250 ok\n";
    scripted_.AddFor(
        address, Concat("S: 220 mx\n", ehlo,
                        tls ? Concat("C: STARTTLS\nS: 220 go\nC! starttls\n", ehlo) : "", ask,
                        "C: RCPT TO:<probe@alpha.test>\nS: ", known, "\nC: RSET\nS: 250 ok\n", ask,
                        "C~ RCPT TO:<postwatch-*@alpha.test>\nS: ", unknown,
                        "\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n"));
  }
  void GoodPrimary() {
    Answer("192.0.2.1:25", "S: 250-STARTTLS\nS: 250-SIZE 50000000\nS: 250-8BITMIME\n", kOk, kNo);
  }
  std::string Amiss(const Observation& seen) {
    std::vector<std::string> all;
    for (const Failure& finding : seen.findings) {
      if (finding.klass == FailureClass::kSmtpSecondaryUnready) all.push_back(finding.detail);
    }
    return Join(all, "\n");
  }

  static constexpr char kOk[] = "250 ok";
  static constexpr char kNo[] = "550 5.1.1 User unknown";
};

TEST_F(SmtpSecondaryTest, OneLikeThePrimaryIsReady) {
  GoodPrimary();
  Answer("198.51.100.2:25", "S: 250-STARTTLS\nS: 250-SIZE 60000000\nS: 250-8BITMIME\n", kOk, kNo);
  const Observation seen = RunSecondary();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("secondary.mx2.alpha.test.20"), "ready");
}

TEST_F(SmtpSecondaryTest, EveryShortcomingIsNamed) {
  GoodPrimary();
  Answer("198.51.100.2:25", "S: 250-SIZE 1000\n", kOk, kOk);
  const Observation seen = RunSecondary();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(Amiss(seen),
            "mx2.alpha.test takes a mailbox that does not exist: it would bounce such mail to "
            "forged senders\n"
            "mx2.alpha.test offers no STARTTLS, and the primary does\n"
            "mx2.alpha.test takes 1000 bytes a message, the primary 50000000\n"
            "mx2.alpha.test lacks 8BITMIME");
}

TEST_F(SmtpSecondaryTest, OneThatRefusesTheMailboxIsUnready) {
  GoodPrimary();
  Answer("198.51.100.2:25", "S: 250-STARTTLS\nS: 250-SIZE 50000000\nS: 250-8BITMIME\n",
         "454 4.7.1 Relay access denied", "451 4.3.0 Temporary lookup failure");
  EXPECT_EQ(Amiss(RunSecondary()),
            "mx2.alpha.test refuses the mailbox that exists: the server said 454 Relay access "
            "denied");
}

TEST_F(SmtpSecondaryTest, ACalloutThatHangsOnThePrimaryShows) {
  GoodPrimary();
  Answer("198.51.100.2:25", "S: 250-STARTTLS\nS: 250-SIZE 50000000\nS: 250-8BITMIME\n", kOk,
         "450 4.1.1 unverified address");
  EXPECT_EQ(Amiss(RunSecondary()),
            "mx2.alpha.test defers a mailbox that does not exist, as without a list of "
            "recipients: the server said 450 unverified address");
}

TEST_F(SmtpSecondaryTest, GreylistingSaysNothing) {
  GoodPrimary();
  Answer("198.51.100.2:25", "S: 250-STARTTLS\nS: 250-SIZE 50000000\nS: 250-8BITMIME\n",
         "450 4.2.0 Greylisted", "450 4.2.0 Greylisted");
  EXPECT_EQ(Amiss(RunSecondary()), "");
}

TEST_F(SmtpSecondaryTest, ADeadSecondaryIsUnreadyAndADeadPrimaryIsNot) {
  GoodPrimary();
  scripted_.AddFailureFor("198.51.100.2:25", NetError::kTimeout);
  EXPECT_EQ(Amiss(RunSecondary()).substr(0, 44), "mx2.alpha.test does not answer (tcp_timeout)");
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kTimeout);
  Answer("198.51.100.2:25", "", kOk, kNo);
  const Observation seen = RunSecondary();
  EXPECT_EQ(Amiss(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("primary"), "no answer");
}

TEST_F(SmtpSecondaryTest, OneBesideThePrimaryMayFailWithIt) {
  resolver_.Forget("mx2.alpha.test", RrType::kA);
  resolver_.On("mx2.alpha.test", RrType::kA,
               RecordsReply({MakeRecord(RrType::kCname, NameRecord{"mx.beta.test"}),
                             MakeRecord(RrType::kA, AddressRecord{"192.0.2.9"}, "mx.beta.test")}));
  GoodPrimary();
  Answer("192.0.2.9:25", "S: 250-STARTTLS\nS: 250-SIZE 50000000\nS: 250-8BITMIME\n", kOk, kNo);
  EXPECT_EQ(Amiss(RunSecondary()),
            "mx2.alpha.test is an alias, which no MX host may be\n"
            "mx2.alpha.test may fail with the primary: 192.0.2.9 is in the network of "
            "mx1.alpha.test (192.0.2.1)");
}

TEST_F(SmtpSecondaryTest, WhatIsPublishedOfThePrimaryIsWantedOfTheSecondary) {
  resolver_.On("1.2.0.192.in-addr.arpa", RrType::kPtr,
               RecordsReply({MakeRecord(RrType::kPtr, NameRecord{"mx1.alpha.test"})}));
  resolver_.On("_25._tcp.mx1.alpha.test", RrType::kTlsa,
               RecordsReply({MakeRecord(RrType::kTlsa, TlsaRecord{3, 1, 1, "x"})}));
  resolver_.On("_mta-sts.alpha.test", RrType::kTxt, TxtReply({"v=STSv1; id=1"}));
  resolver_.On("mta-sts.alpha.test", RrType::kA, AddressReply({"192.0.2.8"}));
  const std::string policy =
      "C! starttls\nC: GET /.well-known/mta-sts.txt HTTP/1.1\nC: Host: mta-sts.alpha.test\n"
      "C: Connection: close\nC:\nS: HTTP/1.1 200 OK\nS: Content-Type: text/plain\nS:\n"
      "S! raw version: STSv1\\r\\nmode: enforce\\r\\nmx: mx1.alpha.test\\r\\nmax_age: 604800\n"
      "S! close\n";
  const auto check = [&] {
    scripted_.AddFor("192.0.2.8:443", policy);
    GoodPrimary();
    Answer("198.51.100.2:25", "S: 250-STARTTLS\nS: 250-SIZE 50000000\nS: 250-8BITMIME\n", kOk, kNo);
    return Amiss(RunSecondary());
  };
  const std::string uncovered =
      "mx2.alpha.test is not in the MTA-STS policy (enforce: mx1.alpha.test)\n";
  EXPECT_EQ(check(), uncovered +
                         "mx2.alpha.test has no confirmed name, and the primary has: 198.51.100.2 "
                         "has no PTR record\n"
                         "mx2.alpha.test has no TLSA record, and the primary has");
  resolver_.On("2.100.51.198.in-addr.arpa", RrType::kPtr,
               RecordsReply({MakeRecord(RrType::kPtr, NameRecord{"mx1.alpha.test"})}));
  resolver_.On("_25._tcp.mx2.alpha.test", RrType::kTlsa, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(check(), uncovered +
                         "mx2.alpha.test has no confirmed name, and the primary has: the name of "
                         "198.51.100.2, mx1.alpha.test, does not lead back to it");
  resolver_.Forget("2.100.51.198.in-addr.arpa", RrType::kPtr);
  resolver_.On("2.100.51.198.in-addr.arpa", RrType::kPtr, TimeoutReply());
  EXPECT_EQ(check() + "\n", uncovered) << "nobody can tell";
}

TEST_F(SmtpSecondaryTest, WithoutASecondaryThereIsNothingToTest) {
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
  EXPECT_EQ(Summary(RunSecondary()),
            "not_tested: the domain has no secondary: all its MX hosts are of the same preference");
}

TEST_F(SmtpSecondaryTest, NeedsAMailboxAndLeave) {
  const std::string refusal = Refusal(Spec("smtp.secondary", Settings::Map()));
  EXPECT_NE(refusal.find("own: must be true"), std::string::npos);
  EXPECT_NE(refusal.find("rcpt: is missing"), std::string::npos);
}

}  // namespace
}  // namespace postwatch::agent
