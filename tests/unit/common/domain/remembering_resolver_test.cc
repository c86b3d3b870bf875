#include "common/domain/remembering_resolver.h"

#include <gtest/gtest.h>

#include "tests/support/fake_resolver.h"
#include "tests/support/run_task.h"

namespace postwatch {
namespace {

DnsQuestion Txt(std::string name) {
  DnsQuestion question;
  question.name = std::move(name);
  question.type = RrType::kTxt;
  return question;
}

TEST(RememberingResolver, AsksOnce) {
  FakeResolver asked;
  asked.On("alpha.test", RrType::kTxt, TxtReply({"one"}));
  RememberingResolver resolver(asked);
  EXPECT_EQ(TxtTexts(RunTask(resolver.Query(Txt("alpha.test")))), std::vector<std::string>{"one"});
  EXPECT_EQ(TxtTexts(RunTask(resolver.Query(Txt("Alpha.Test.")))), std::vector<std::string>{"one"});
  EXPECT_EQ(asked.asked().size(), 1u);
  DnsQuestion unchecked = Txt("alpha.test");
  unchecked.checking_disabled = true;
  RunTask(resolver.Query(unchecked));
  EXPECT_EQ(asked.asked().size(), 2u);
}

TEST(RememberingResolver, ANameThatIsNoneDoesNotExist) {
  FakeResolver asked;
  RememberingResolver resolver(asked);
  for (const std::string& name : {std::string("a..test"), std::string(64, 'a') + ".test"}) {
    EXPECT_EQ(PresenceOf(RunTask(resolver.Query(Txt(name))), RrType::kTxt), DnsPresence::kAbsent);
  }
  EXPECT_TRUE(asked.asked().empty());
}

TEST(PresenceOf, AFailureIsNoAbsence) {
  EXPECT_EQ(PresenceOf(TxtReply({"x"}), RrType::kTxt), DnsPresence::kFound);
  EXPECT_EQ(PresenceOf(NoDataReply(), RrType::kTxt), DnsPresence::kAbsent);
  EXPECT_EQ(PresenceOf(RcodeReply(Rcode::kNxDomain), RrType::kTxt), DnsPresence::kAbsent);
  EXPECT_EQ(PresenceOf(TxtReply({"x"}), RrType::kMx), DnsPresence::kAbsent);
  for (const DnsReply& failed :
       {TimeoutReply(), RcodeReply(Rcode::kServFail), RcodeReply(Rcode::kRefused)}) {
    EXPECT_EQ(PresenceOf(failed, RrType::kTxt), DnsPresence::kFailed);
  }
  EXPECT_EQ(AbsenceText(TimeoutReply(), RrType::kTxt), "no answer");
  EXPECT_EQ(AbsenceText(RcodeReply(Rcode::kServFail), RrType::kTxt), "SERVFAIL");
  EXPECT_EQ(AbsenceText(NoDataReply(), RrType::kTxt), "no TXT record");
}

TEST(TxtTexts, JoinTheStringsOfARecord) {
  const DnsReply reply = RecordsReply({MakeRecord(RrType::kTxt, TxtRecord{{"v=sp", "f1 -all"}})});
  EXPECT_EQ(TxtTexts(reply), std::vector<std::string>{"v=spf1 -all"});
  EXPECT_EQ(TxtTexts(TimeoutReply()), std::vector<std::string>{});
}

}  // namespace
}  // namespace postwatch
