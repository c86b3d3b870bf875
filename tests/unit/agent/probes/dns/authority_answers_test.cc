#include "agent/probes/dns/authority_answers.h"

#include "tests/unit/agent/probes/dns/authority_fixture.h"

namespace postwatch::agent {
namespace {

class AuthorityAnswersTest : public ::testing::Test {
 protected:
  AuthorityAnswersTest() {
    for (int i = 1; i <= 4; ++i) {
      Authority server;
      server.host = "ns" + std::to_string(i) + ".alpha.test";
      server.ip = "192.0.2." + std::to_string(i);
      servers_.push_back(std::move(server));
    }
  }
  std::vector<AuthorityAnswer> Judge(std::vector<DnsReply> replies) const {
    std::vector<AuthorityAnswer> answers;
    for (size_t i = 0; i < replies.size(); ++i) {
      for (ResourceRecord& record : replies[i].message.answers) record.name = "alpha.test";
      answers.push_back(JudgeAuthority(servers_[i], "alpha.test", std::move(replies[i])));
    }
    return answers;
  }
  static DnsReply Serial(uint32_t serial) { return Authoritative(SoaReply(serial)); }

  std::vector<Authority> servers_;
};

TEST_F(AuthorityAnswersTest, EachAnswerHasItsStanding) {
  const std::vector<AuthorityAnswer> answers =
      Judge({Serial(7), Authoritative(NoDataReply()),
             TransportReply(DnsTransport::kMalformed, "short"), TimeoutReply()});
  EXPECT_EQ(answers[0].standing, Standing::kServes);
  EXPECT_EQ(answers[0].serial, 7u);
  EXPECT_EQ(answers[0].klass, std::nullopt);
  EXPECT_EQ(answers[1].standing, Standing::kLame);
  EXPECT_EQ(answers[1].reason, "answers without an SOA of the zone");
  EXPECT_EQ(answers[1].klass, FailureClass::kDnsNsLame);
  EXPECT_EQ(answers[2].standing, Standing::kLame);
  EXPECT_EQ(answers[2].reason, "malformed answer: short");
  EXPECT_EQ(answers[3].standing, Standing::kSilent);
  EXPECT_EQ(With(answers, Standing::kLame).size(), 2u);
}

TEST_F(AuthorityAnswersTest, SerialsAreComparedAroundTheCircle) {
  EXPECT_EQ(SerialSkew(Judge({Serial(7), Serial(7)})), std::nullopt);
  EXPECT_EQ(SerialSkew(Judge({TimeoutReply(), Serial(7)})), std::nullopt);
  EXPECT_EQ(SerialSkew(Judge({Serial(0xffffffff), Serial(2)})),
            "ns1.alpha.test (192.0.2.1) has serial 4294967295, behind 2 of ns2.alpha.test "
            "(192.0.2.2)");
}

TEST_F(AuthorityAnswersTest, DriftIsAgainstTheMostOfTheSameSerial) {
  const std::vector<AuthorityAnswer> answers = Judge({Serial(9), Serial(9), Serial(9), Serial(8)});
  const auto serving = With(answers, Standing::kServes);
  EXPECT_EQ(Drift(serving, {"a", "a", "a", "b"}), std::nullopt);
  EXPECT_EQ(Drift(serving, {"a", "", "a", "b"}), std::nullopt) << "nothing is known of one";
  EXPECT_EQ(Drift(serving, {"a", "x", "a", "b"}),
            "ns2.alpha.test (192.0.2.2) has x where others with serial 9 have a");
}

TEST_F(AuthorityAnswersTest, AnswersAreOneText) {
  EXPECT_EQ(AnswerText(MxReply({{20, "b.test"}, {10, "a.test"}}), RrType::kMx),
            "10 a.test, 20 b.test");
  EXPECT_EQ(AnswerText(NoDataReply(), RrType::kMx), "none");
  EXPECT_EQ(AnswerText(RcodeReply(Rcode::kRefused), RrType::kMx), "REFUSED");
  EXPECT_EQ(AnswerText(TimeoutReply(), RrType::kMx), "");
}

TEST_F(AuthorityAnswersTest, ResolversInBetweenGiveThemselvesAway) {
  EXPECT_TRUE(LooksIntercepted(Judge({SoaReply(1), SoaReply(1)})));
  EXPECT_FALSE(LooksIntercepted(Judge({SoaReply(1), TimeoutReply()}))) << "one is no pattern";
  EXPECT_FALSE(LooksIntercepted(Judge({SoaReply(1), SoaReply(1), Serial(1)})));
}

TEST_F(AuthorityAnswersTest, TheClassOfAllIsWhatMostAnswered) {
  const Fault fault = NoneServes(Judge({RcodeReply(Rcode::kServFail), RcodeReply(Rcode::kRefused),
                                        RcodeReply(Rcode::kRefused), TimeoutReply()}),
                                 "alpha.test");
  EXPECT_EQ(fault.klass, FailureClass::kDnsNsLame);
  EXPECT_EQ(fault.detail,
            "no name server serves alpha.test: ns1.alpha.test (192.0.2.1): SERVFAIL; "
            "ns2.alpha.test (192.0.2.2): REFUSED; ns3.alpha.test (192.0.2.3): REFUSED; "
            "ns4.alpha.test (192.0.2.4): no answer");
}

}  // namespace
}  // namespace postwatch::agent
