#include "cli/formats/nagios_format.h"

#include <gtest/gtest.h>

#include "common/advice/advice.h"
#include "common/base/text.h"
#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

TEST(NagiosReport, OneLineWithPerformanceDataThenALineForEachFinding) {
  EXPECT_EQ(NagiosReport(ReportOf({Refused(), Skipped()}), {}),
            Concat("MAIL CRITICAL - alpha.test: smtp.mx smtp_banner_refused_perm: mx1.alpha.test "
                   "refuses us (and 1 more) | 'smtp.mx'=0.042s;;;0\n"
                   "[CRITICAL] smtp.mx smtp_banner_refused_perm: mx1.alpha.test refuses us - "
                   "server said: 554 5.7.1 go away - what to do: ",
                   FixFor(FailureClass::kSmtpBannerRefusedPerm),
                   "\n"
                   "[WARNING] smtp.mx tls_not_offered: no STARTTLS - what to do: ",
                   FixFor(FailureClass::kTlsNotOffered),
                   "\n"
                   "[NOT TESTED] smtp.mx: outgoing port 25 is blocked here\n"));
}

TEST(NagiosReport, WhenAllIsWellItSaysHowMuchWasChecked) {
  EXPECT_EQ(NagiosReport(ReportOf({Passed()}), {}),
            "MAIL OK - alpha.test: 1 passed | 'smtp.mx'=0.042s;;;0\n");
  EXPECT_EQ(NagiosReport(ReportOf({}), {}), "MAIL UNKNOWN - alpha.test: nothing was checked\n");
}

TEST(NagiosReport, TheWordAgreesWithTheExitCode) {
  Observation warned = Passed();
  warned.findings = Refused().findings;
  EXPECT_TRUE(NagiosReport(ReportOf({warned}), {}).starts_with("MAIL WARNING - "));
  EXPECT_TRUE(NagiosReport(ReportOf({warned}), {.fail_on = FindingSeverity::kCritical})
                  .starts_with("MAIL OK - alpha.test: 1 passed, 1 warning | "));
}

TEST(NagiosReport, NoTextStartsPerformanceDataOrALine) {
  Report report = ReportOf({Refused()});
  report.findings.resize(1);
  report.findings[0].detail = "a|b\nc\x1b[31m";
  report.findings[0].reply->text = "x | 'y'=1\nz";
  const std::string text = NagiosReport(report, {});
  EXPECT_TRUE(
      text.starts_with("MAIL CRITICAL - alpha.test: smtp.mx smtp_banner_refused_perm: "
                       "a/b c?[31m | 'smtp.mx'=0.042s;;;0\n"))
      << text;
  EXPECT_NE(text.find("server said: x / 'y'=1 z - "), text.npos) << text;
}

TEST(NagiosReport, KnownFixedAndNotesAreToldApart) {
  Report report = ReportOf({Refused()});
  report.has_baseline = true;
  report.findings[0].known = true;
  report.findings[1].severity = FindingSeverity::kInfo;
  report.findings[0].resolvers = {"192.0.2.1:53"};
  report.fixed = {{.check = "dns.mx", .klass = FailureClass::kDnsServfail, .detail = "gone"}};
  const std::string text = NagiosReport(report, {});
  EXPECT_TRUE(
      text.starts_with("MAIL OK - alpha.test: 1 note, 1 known, 1 fixed | "
                       "'smtp.mx@192.0.2.1:53'=0.042s;;;0\n[KNOWN] "))
      << text;
  EXPECT_NE(text.find("\n[NOTE] smtp.mx tls_not_offered"), text.npos) << text;
  EXPECT_TRUE(text.ends_with("\n[FIXED] dns.mx dns_servfail: gone\n")) << text;
}

}  // namespace
}  // namespace postwatch::cli
