#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

constexpr char kAsked[] = R"(
S: 220 mx
C: EHLO agent.example.net
S: 250 mx
C: MAIL FROM:<postwatch-relay-test@alpha.test>
S: 250 ok
C: RCPT TO:<postwatch-relay-test@example.net>
)";

class SmtpRelayTest : public ProbeFixture {
 protected:
  SmtpRelayTest() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("alpha.test", RrType::kMx,
                 MxReply({{10, "mx1.alpha.test"}, {20, "mx2.alpha.test"}}));
    resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
    resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"192.0.2.2"}));
  }
  Observation RunRelay() { return Run(Spec("smtp.relay", Keys({{"own", Text("true")}}))); }
  void Answer(const std::string& address, const std::string& said) {
    scripted_.AddFor(address,
                     Concat(kAsked, "S: ", said, "\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n"));
  }
};

TEST_F(SmtpRelayTest, ARefusalIsGood) {
  Answer("192.0.2.1:25", "554 5.7.1 Relay access denied");
  Answer("192.0.2.2:25", "451 4.3.0 not now");
  const Observation seen = RunRelay();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(seen.evidence.facts.at("relay.mx1.alpha.test.192.0.2.1"), "refused 554");
  EXPECT_EQ(seen.evidence.facts.at("relay.mx2.alpha.test.192.0.2.2"), "refused 451");
}

TEST_F(SmtpRelayTest, AnyHostThatTakesItIsAnOpenRelay) {
  Answer("192.0.2.1:25", "554 5.7.1 Relay access denied");
  Answer("192.0.2.2:25", "250 2.1.5 Ok");
  const Observation seen = RunRelay();
  EXPECT_EQ(Summary(seen), "fail smtp_open_relay at quit");
  EXPECT_EQ(seen.failure->detail.substr(0, 52),
            "mx2.alpha.test at 192.0.2.2 takes mail from postwatc");
  EXPECT_EQ(seen.failure->reply->code, 250);
  EXPECT_EQ(scripted_.transcript().sent.back(), "QUIT");
}

TEST_F(SmtpRelayTest, ARefusedSenderIsARefusal) {
  for (const char* at : {"192.0.2.1:25", "192.0.2.2:25"}) {
    scripted_.AddFor(at,
                     "S: 220 mx\nC: EHLO agent.example.net\nS: 250 mx\nC: MAIL FROM:<*\n"
                     "S: 550 5.7.1 no\nC: QUIT\nS: 221 bye\n");
  }
  EXPECT_EQ(Summary(RunRelay()), "pass");
}

TEST_F(SmtpRelayTest, WhoCannotBeAskedIsNotJudged) {
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kRefused);
  scripted_.AddFor("192.0.2.2:25", "S! hang\n");
  const Observation seen = RunRelay();
  EXPECT_EQ(Summary(seen), "not_tested: no mail server could be asked; smtp.mx says why");
  EXPECT_EQ(seen.evidence.facts.at("relay.mx1.alpha.test.192.0.2.1"), "tcp_refused");
  EXPECT_EQ(seen.evidence.facts.at("relay.mx2.alpha.test.192.0.2.2"), "read_timeout");
}

TEST_F(SmtpRelayTest, IsTriedAtOnesOwnServersOnly) {
  EXPECT_NE(Refusal(Spec("smtp.relay", Settings::Map())).find("own: must be true"),
            std::string::npos);
}

}  // namespace
}  // namespace postwatch::agent
