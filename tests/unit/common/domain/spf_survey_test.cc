#include "common/domain/spf_survey.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/run_task.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

class SpfSurveyTest : public ::testing::Test {
 protected:
  SpfSurveyTest() { resolver_.Otherwise(RcodeReply(Rcode::kNxDomain)); }

  void Spf(std::string_view name, std::string record) {
    resolver_.On(name, RrType::kTxt, TxtReply({"v=spf1 " + record}));
  }
  SpfSurvey Survey(std::string terms) {
    const absl::StatusOr<SpfRecord> record = ParseSpfRecord("v=spf1 " + terms);
    EXPECT_TRUE(record.ok()) << record.status();
    return RunTask(SurveySpf(resolver_, "alpha.test", *record));
  }
  static Lines Details(const SpfSurvey& survey) {
    Lines lines;
    for (const SpfProblem& problem : survey.problems) lines.push_back(problem.detail);
    return lines;
  }

  FakeResolver resolver_;
};

TEST_F(SpfSurveyTest, CountsThroughIncludesAndRedirects) {
  Spf("a.test", "include:b.test a:mail.test redirect=c.test");
  Spf("b.test", "ip4:192.0.2.1 exists:%{i}.x.test -all");
  Spf("c.test", "-all include:never.test");
  resolver_.On("mail.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  const SpfSurvey survey = Survey("include:a.test ptr -all a");
  EXPECT_EQ(survey.lookups, 6);
  EXPECT_EQ(survey.void_terms, Lines{});
  EXPECT_TRUE(survey.complete);
  EXPECT_EQ(Details(survey), Lines{});
}

TEST_F(SpfSurveyTest, NamesTheWayToWhatIsBroken) {
  Spf("a.test", "include:gone.test include:a.test include:%{d1} include:bad.test mx:none.test");
  Spf("bad.test", "ip4:1 -all");
  resolver_.On("test", RrType::kTxt, TxtReply({"v=spf1", "v=spf1 -all"}));
  const SpfSurvey survey = Survey("include:a.test redirect=nowhere.test");
  EXPECT_EQ(Details(survey),
            (Lines{"include:a.test -> include:gone.test: no SPF record (NXDOMAIN)",
                   "include:a.test -> include:a.test: a.test leads back to itself",
                   "include:a.test -> include:%{d1}: 2 SPF records",
                   "include:a.test -> include:bad.test: 'ip4:1': '1' is not an IPv4 address",
                   "redirect=nowhere.test: no SPF record (NXDOMAIN)"}));
  EXPECT_EQ(survey.void_terms, Lines{"include:a.test -> mx:none.test"});
  EXPECT_EQ(survey.lookups, 7);
}

TEST_F(SpfSurveyTest, EverybodyMaySend) {
  Spf("open.test", "+all");
  EXPECT_EQ(Details(Survey("include:open.test -all")),
            Lines{"include:open.test -> +all: everybody may send"});
  EXPECT_EQ(Details(Survey("?include:open.test ?all")), Lines{});
  EXPECT_EQ(Details(Survey("-include:open.test ~all")), Lines{});
  EXPECT_EQ(Details(Survey("ip4:0.0.0.0/0 ip4:128.0.0.0/1 ip6:::/0 -all")),
            (Lines{"ip4:0.0.0.0/0: everybody may send", "ip4:128.0.0.0/1: everybody may send",
                   "ip6:::/0: everybody may send"}));
  EXPECT_EQ(Details(Survey("all")), Lines{"all: everybody may send"});
  EXPECT_EQ(Survey("+all").problems[0].kind, SpfProblem::Kind::kPassAll);
}

TEST_F(SpfSurveyTest, AFailureIsNoAbsence) {
  resolver_.On("a.test", RrType::kTxt, RcodeReply(Rcode::kServFail));
  resolver_.On("m.test", RrType::kMx, RcodeReply(Rcode::kRefused));
  const SpfSurvey survey = Survey("include:a.test mx:m.test -all");
  ASSERT_EQ(Details(survey), (Lines{"include:a.test", "mx:m.test"}));
  EXPECT_EQ(survey.problems[0].kind, SpfProblem::Kind::kLookupFailed);
  EXPECT_EQ(survey.problems[0].reply.message.rcode, Rcode::kServFail);
  EXPECT_EQ(survey.problems[1].question.type, RrType::kMx);
  EXPECT_EQ(survey.void_terms, Lines{});
  EXPECT_TRUE(survey.complete);
}

TEST_F(SpfSurveyTest, GivesUpInTime) {
  resolver_.On("a.test", RrType::kTxt, TimeoutReply());
  const SpfSurvey silent = Survey("include:a.test include:b.test -all");
  EXPECT_FALSE(silent.complete);
  EXPECT_EQ(silent.lookups, 1);
  std::string many;
  for (int i = 0; i < 60; ++i) many += "ptr ";
  const SpfSurvey long_one = Survey(many);
  EXPECT_FALSE(long_one.complete);
  EXPECT_EQ(long_one.lookups, 40);
}

}  // namespace
}  // namespace postwatch
