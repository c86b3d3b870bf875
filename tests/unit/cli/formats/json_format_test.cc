#include "cli/formats/json_format.h"

#include <gtest/gtest.h>

#include "common/advice/advice.h"
#include "common/base/text.h"
#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

TEST(JsonReport, IsWhatTheSchemaSays) {
  EXPECT_EQ(
      JsonReport(ReportOf({Refused(), Skipped()}), {}),
      Concat(R"({"version":1,"domain":"alpha.test","status":"critical",)"
             R"("started":"2026-11-02T12:00:00.007Z","seconds":1.5,"findings":[)"
             R"({"check":"smtp.mx","leg":"inbound","subject":"alpha.test","outcome":"fail",)"
             R"("class":"smtp_banner_refused_perm","severity":"critical","step":"banner",)"
             R"("detail":"mx1.alpha.test refuses us","fix":)",
             JsonString(FixFor(FailureClass::kSmtpBannerRefusedPerm)),
             R"(,"steps":[{"name":"connect","seconds":0.012},{"name":"banner","seconds":0.03}],)"
             R"("reply":{"code":554,"enhanced":"5.7.1","text":"554 5.7.1 go away",)"
             R"("rule":"basic.5yz"}},)"
             R"({"check":"smtp.mx","leg":"inbound","subject":"alpha.test","outcome":"fail",)"
             R"("class":"tls_not_offered","severity":"warning","step":"ehlo",)"
             R"("detail":"no STARTTLS","fix":)",
             JsonString(FixFor(FailureClass::kTlsNotOffered)),
             R"(,"steps":[]},)"
             R"({"check":"smtp.mx","leg":"inbound","subject":"alpha.test",)"
             R"("outcome":"not_tested","class":"","severity":"info","step":"",)"
             R"("detail":"outgoing port 25 is blocked here","fix":"","steps":[]}]})",
             "\n"));
}

TEST(JsonReport, SaysWhoAnsweredWhatWasSeenWhatIsKnownAndWhatIsFixed) {
  Report report = ReportOf({Passed()});
  report.findings[0].resolvers = {"192.0.2.1:53", "192.0.2.2:53"};
  report.findings[0].steps.clear();
  report.findings[0].known = true;
  report.interrupted = report.has_baseline = true;
  EXPECT_EQ(JsonReport(report, {}),
            R"({"version":1,"domain":"alpha.test","status":"unknown",)"
            R"("started":"2026-11-02T12:00:00.007Z","seconds":1.5,"interrupted":true,"findings":[)"
            R"({"check":"smtp.mx","leg":"inbound","subject":"alpha.test","outcome":"pass",)"
            R"("class":"","severity":"info","step":"","detail":"","fix":"","steps":[],)"
            R"("facts":{"mx.ok":"2/2"},"resolvers":["192.0.2.1:53","192.0.2.2:53"],)"
            R"("known":true}],"fixed":[]})"
            "\n");
}

}  // namespace
}  // namespace postwatch::cli
