#include "cli/formats/junit_format.h"

#include <gtest/gtest.h>

#include "cli/formats/xml_text.h"
#include "common/advice/advice.h"
#include "common/base/text.h"
#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

Report Mixed() {
  Report report = ReportOf({Refused()});
  report.findings.push_back({.check = "tls.cert",
                             .leg = Leg::kInbound,
                             .subject = "alpha.test",
                             .outcome = Outcome::kNotTested,
                             .detail = "no TLS"});
  report.findings.push_back({.check = "dns.mx", .leg = Leg::kDns, .subject = "alpha.test"});
  return report;
}

TEST(JunitReport, HasASuiteForEachLegAndACaseForEachCheck) {
  EXPECT_EQ(
      JunitReport(Mixed(), {}),
      Concat(
          R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="alpha.test.inbound" package="alpha.test" id="0" hostname="localhost" )"
          R"(timestamp="2026-11-02T12:00:00" tests="2" failures="1" errors="0" skipped="1" time="0.042">
    <properties/>
    <testcase name="smtp.mx alpha.test" classname="alpha.test.inbound" time="0.042">
      <failure type="smtp_banner_refused_perm" message="mx1.alpha.test refuses us">)"
          "smtp.mx: smtp_banner_refused_perm (critical)\n"
          "mx1.alpha.test refuses us\n"
          "server said: 554 5.7.1 go away\n"
          "what to do: ",
          FixFor(FailureClass::kSmtpBannerRefusedPerm),
          "\nsmtp.mx: tls_not_offered (warning)\n"
          "no STARTTLS\n"
          "what to do: ",
          FixFor(FailureClass::kTlsNotOffered),
          R"(
</failure>
    </testcase>
    <testcase name="tls.cert alpha.test" classname="alpha.test.inbound" time="0.000">
      <skipped message="no TLS"/>
    </testcase>
    <system-out></system-out>
    <system-err/>
  </testsuite>
  <testsuite name="alpha.test.dns" package="alpha.test" id="1" hostname="localhost" )"
          R"(timestamp="2026-11-02T12:00:00" tests="1" )"
          R"(failures="0" errors="0" skipped="0" time="0.000">
    <properties/>
    <testcase name="dns.mx alpha.test" classname="alpha.test.dns" time="0.000"/>
    <system-out></system-out>
    <system-err/>
  </testsuite>
</testsuites>
)"));
}

TEST(JunitReport, WhatDoesNotCountFailsNoCaseAndIsInTheOutput) {
  Report report = ReportOf({Refused()});
  report.findings[0].known = true;
  const std::string text = JunitReport(report, {.fail_on = FindingSeverity::kCritical});
  EXPECT_NE(text.find(R"(tests="1" failures="0")"), text.npos) << text;
  EXPECT_EQ(text.find("<failure"), text.npos);
  EXPECT_NE(text.find("<system-out>smtp.mx: smtp_banner_refused_perm (known)\n"), text.npos)
      << text;
  EXPECT_NE(text.find("smtp.mx: tls_not_offered (warning)\n"), text.npos) << text;
}

TEST(JunitReport, EachResolversViewIsACase) {
  Report report{.domain = "alpha.test", .started = absl::UnixEpoch()};
  for (const char* resolver : {"192.0.2.1:53", "192.0.2.2:53"}) {
    report.findings.push_back(
        {.check = "dns.mx", .leg = Leg::kDns, .subject = "alpha.test", .resolvers = {resolver}});
  }
  const std::string text = JunitReport(report, {});
  EXPECT_NE(text.find(R"(<testcase name="dns.mx alpha.test by 192.0.2.1:53")"), text.npos) << text;
  EXPECT_NE(text.find(R"(<testcase name="dns.mx alpha.test by 192.0.2.2:53")"), text.npos) << text;
}

TEST(JunitReport, AServersWordsCannotLeaveTheirElement) {
  Report report = ReportOf({Refused()});
  report.findings[0].reply->text = "</failure><x a='\"&]]>\x01\x1b";
  const std::string text = JunitReport(report, {});
  EXPECT_NE(text.find("server said: &lt;/failure&gt;&lt;x a='&quot;&amp;]]&gt;\n"), text.npos)
      << text;
}

}  // namespace
}  // namespace postwatch::cli
