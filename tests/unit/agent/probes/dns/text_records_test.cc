#include "agent/probes/dns/text_records.h"

#include <gtest/gtest.h>

#include "tests/support/fake_resolver.h"
#include "tests/support/run_task.h"

namespace postwatch::agent {
namespace {

TEST(LookUpTexts, TellsAbsenceFromFailure) {
  FakeResolver resolver;
  resolver.On("a.test", RrType::kTxt, TxtReply({"one", "two"}));
  resolver.On("b.test", RrType::kTxt, NoDataReply());
  resolver.On("c.test", RrType::kTxt, RcodeReply(Rcode::kNxDomain));
  resolver.On("d.test", RrType::kTxt, RcodeReply(Rcode::kRefused));
  TextRecords records;
  EXPECT_FALSE(RunTask(LookUpTexts(resolver, "a.test", records)).has_value());
  EXPECT_EQ(records.texts, (std::vector<std::string>{"one", "two"}));
  EXPECT_FALSE(RunTask(LookUpTexts(resolver, "b.test", records)).has_value());
  EXPECT_EQ(records.texts, std::vector<std::string>{});
  EXPECT_EQ(records.absence, "TXT b.test at 192.0.2.53:53: NOERROR, no TXT record");
  EXPECT_FALSE(RunTask(LookUpTexts(resolver, "c.test", records)).has_value());
  EXPECT_EQ(records.absence, "TXT c.test at 192.0.2.53:53: NXDOMAIN");
  EXPECT_EQ(RunTask(LookUpTexts(resolver, "d.test", records))->klass, FailureClass::kDnsRefused);
}

TEST(LookUpTextsOf, TellsADomainThatDoesNotExistFromAMissingRecord) {
  FakeResolver resolver;
  resolver.Otherwise(RcodeReply(Rcode::kNxDomain));
  resolver.On("b.test", RrType::kSoa, NoDataReply());
  resolver.On("c.test", RrType::kSoa, RcodeReply(Rcode::kServFail));
  resolver.On("_x.d.test", RrType::kTxt, NoDataReply());
  resolver.On("_x.e.test", RrType::kTxt, TimeoutReply());
  TextRecords records;
  const std::optional<Fault> gone =
      RunTask(LookUpTextsOf(resolver, "a.test", "_x.a.test", records));
  ASSERT_TRUE(gone.has_value());
  EXPECT_EQ(gone->klass, FailureClass::kDnsNxdomain);
  EXPECT_EQ(gone->detail, "a.test does not exist: SOA a.test at 192.0.2.53:53: NXDOMAIN");
  for (const std::string domain : {"b.test", "c.test", "d.test"}) {
    EXPECT_FALSE(RunTask(LookUpTextsOf(resolver, domain, "_x." + domain, records)).has_value());
    EXPECT_EQ(records.denied, domain != "d.test");
  }
  EXPECT_EQ(RunTask(LookUpTextsOf(resolver, "e.test", "_x.e.test", records))->klass,
            FailureClass::kDnsTimeout);
}

TEST(TextsThat, LeavesOutTheRest) {
  EXPECT_EQ(TextsThat({"a", "bb", "c"}, [](std::string_view text) { return text.size() == 1; }),
            (std::vector<std::string>{"a", "c"}));
}

}  // namespace
}  // namespace postwatch::agent
