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
    resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"192.0.2.2"}));
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
  Answer("192.0.2.2:25", "S: 250-STARTTLS\nS: 250-SIZE 60000000\nS: 250-8BITMIME\n", kOk, kNo);
  const Observation seen = RunSecondary();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("secondary.mx2.alpha.test.20"), "ready");
}

TEST_F(SmtpSecondaryTest, EveryShortcomingIsNamed) {
  GoodPrimary();
  Answer("192.0.2.2:25", "S: 250-SIZE 1000\n", kOk, kOk);
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
  Answer("192.0.2.2:25", "S: 250-STARTTLS\nS: 250-SIZE 50000000\nS: 250-8BITMIME\n",
         "454 4.7.1 Relay access denied", "451 4.3.0 Temporary lookup failure");
  EXPECT_EQ(Amiss(RunSecondary()),
            "mx2.alpha.test refuses the mailbox that exists: the server said 454 Relay access "
            "denied");
}

TEST_F(SmtpSecondaryTest, ACalloutThatHangsOnThePrimaryShows) {
  GoodPrimary();
  Answer("192.0.2.2:25", "S: 250-STARTTLS\nS: 250-SIZE 50000000\nS: 250-8BITMIME\n", kOk,
         "450 4.1.1 unverified address");
  EXPECT_EQ(Amiss(RunSecondary()),
            "mx2.alpha.test defers a mailbox that does not exist, as without a list of "
            "recipients: the server said 450 unverified address");
}

TEST_F(SmtpSecondaryTest, GreylistingSaysNothing) {
  GoodPrimary();
  Answer("192.0.2.2:25", "S: 250-STARTTLS\nS: 250-SIZE 50000000\nS: 250-8BITMIME\n",
         "450 4.2.0 Greylisted", "450 4.2.0 Greylisted");
  EXPECT_EQ(Amiss(RunSecondary()), "");
}

TEST_F(SmtpSecondaryTest, ADeadSecondaryIsUnreadyAndADeadPrimaryIsNot) {
  GoodPrimary();
  scripted_.AddFailureFor("192.0.2.2:25", NetError::kTimeout);
  EXPECT_EQ(Amiss(RunSecondary()).substr(0, 44), "mx2.alpha.test does not answer (tcp_timeout)");
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kTimeout);
  Answer("192.0.2.2:25", "", kOk, kNo);
  const Observation seen = RunSecondary();
  EXPECT_EQ(Amiss(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("primary"), "no answer");
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
