#include "cli/formats/sarif_format.h"

#include <gtest/gtest.h>

#include "common/advice/advice.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

std::string Rule(FailureClass klass) {
  return Concat(R"({"id":")", FailureClassName(klass), R"(","shortDescription":{"text":)",
                JsonString(FailureClassMeaning(klass)), R"(},"help":{"text":)",
                JsonString(FixFor(klass)), R"(},"defaultConfiguration":{"level":"warning"}})");
}

TEST(SarifReport, RulesAreClassesAndResultsAreFindings) {
  const std::string location =
      R"("locations":[{"physicalLocation":{"artifactLocation":{"uri":"alpha.test"}},)"
      R"("logicalLocations":[{"name":"smtp.mx","fullyQualifiedName":"alpha.test/smtp.mx",)"
      R"("kind":"resource"}]}],"partialFingerprints":{"checkSubjectClass/v1":"smtp.mx/alpha.test/)";
  EXPECT_EQ(
      SarifReport(ReportOf({Refused(), Skipped(), Passed()}), {}),
      Concat(R"({"$schema":"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/)"
             R"(sarif-schema-2.1.0.json","version":"2.1.0","runs":[{)"
             R"("tool":{"driver":{"name":"postwatch","rules":[)",
             Rule(FailureClass::kSmtpBannerRefusedPerm), ",", Rule(FailureClass::kTlsNotOffered),
             R"(]}},"invocations":[{"executionSuccessful":true,)"
             R"("startTimeUtc":"2026-11-02T12:00:00.007Z","endTimeUtc":"2026-11-02T12:00:01.507Z",)"
             R"("toolExecutionNotifications":[{"level":"note","message":{"text":"smtp.mx was not )"
             R"(tested: outgoing port 25 is blocked here"}}]}],"results":[)"
             R"({"ruleId":"smtp_banner_refused_perm","ruleIndex":0,"level":"error","message":)"
             R"({"text":"smtp.mx: mx1.alpha.test refuses us\nserver said: 554 5.7.1 go away"},)",
             location, R"(smtp_banner_refused_perm"}},)",
             R"({"ruleId":"tls_not_offered","ruleIndex":1,"level":"warning","message":)"
             R"({"text":"smtp.mx: no STARTTLS"},)",
             location, R"(tls_not_offered"}}]}]})", "\n"));
}

TEST(SarifReport, WithABaselineEachResultHasItsState) {
  Report report = ReportOf({Refused()});
  report.has_baseline = true;
  report.findings[0].known = true;
  report.findings[1].severity = FindingSeverity::kInfo;
  report.fixed = {{.check = "dns.mx",
                   .subject = "alpha.test",
                   .outcome = Outcome::kFail,
                   .klass = FailureClass::kDnsServfail}};
  const std::string text = SarifReport(report, {});
  EXPECT_NE(text.find(R"(smtp_banner_refused_perm"},"baselineState":"unchanged"})"), text.npos);
  EXPECT_NE(text.find(R"("ruleId":"tls_not_offered","ruleIndex":1,"level":"note")"), text.npos);
  EXPECT_NE(text.find(R"(tls_not_offered"},"baselineState":"new"})"), text.npos);
  EXPECT_NE(text.find(R"("ruleId":"dns_servfail","ruleIndex":2)"), text.npos);
  EXPECT_NE(text.find(R"(dns_servfail"},"baselineState":"absent"})"), text.npos);
}

TEST(SarifReport, ARunThatTestedNothingWasNoSuccess) {
  EXPECT_NE(SarifReport(ReportOf({Skipped()}), {}).find(R"("executionSuccessful":false)"),
            std::string::npos);
}

}  // namespace
}  // namespace postwatch::cli
