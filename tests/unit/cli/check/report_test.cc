#include "cli/check/report.h"

#include <gtest/gtest.h>

#include "cli/advice.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

CheckSpec SmtpMx() {
  CheckSpec check;
  check.kind = "smtp.mx";
  check.leg = Leg::kInbound;
  return check;
}

// Refused at the banner, with STARTTLS missing besides.
Observation Refused() {
  Observation run;
  run.outcome = Outcome::kFail;
  run.steps = {{"connect", absl::Milliseconds(12)}, {"banner", absl::Milliseconds(30)}};
  Failure failure{.klass = FailureClass::kSmtpBannerRefusedPerm,
                  .step = "banner",
                  .detail = "mx1.alpha.test refuses us"};
  failure.reply = Reply{554, "5.7.1", "554 5.7.1 go away", "basic.5yz"};
  run.failure = failure;
  run.findings = {{.klass = FailureClass::kTlsNotOffered, .step = "ehlo", .detail = "no STARTTLS"}};
  return run;
}

Observation Passed() {
  Observation run;
  run.steps = {{"connect", absl::Milliseconds(12)}, {"quit", absl::Milliseconds(30)}};
  return run;
}

Observation Skipped() {
  Observation run;
  run.outcome = Outcome::kNotTested;
  run.not_tested_reason = "outgoing port 25 is blocked here";
  return run;
}

Report ReportOf(std::vector<Observation> runs) {
  Report report{.domain = "alpha.test",
                .started = absl::FromUnixSeconds(1793620800) + absl::Milliseconds(7)};
  for (const Observation& run : runs) {
    for (Finding& finding : FindingsOf(SmtpMx(), "alpha.test", run)) {
      report.findings.push_back(std::move(finding));
    }
  }
  return report;
}

TEST(FindingsOf, TheRunComesFirstThenWhatItFoundBesides) {
  const std::vector<Finding> findings = FindingsOf(SmtpMx(), "alpha.test", Refused());
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].check, "smtp.mx");
  EXPECT_EQ(findings[0].leg, Leg::kInbound);
  EXPECT_EQ(findings[0].subject, "alpha.test");
  EXPECT_EQ(findings[0].outcome, Outcome::kFail);
  EXPECT_EQ(findings[0].klass, FailureClass::kSmtpBannerRefusedPerm);
  EXPECT_EQ(findings[0].severity, FindingSeverity::kCritical);
  EXPECT_EQ(findings[0].step, "banner");
  EXPECT_EQ(findings[0].detail, "mx1.alpha.test refuses us");
  EXPECT_EQ(findings[0].fix, FixFor(FailureClass::kSmtpBannerRefusedPerm));
  EXPECT_EQ(findings[0].steps.size(), 2u);
  EXPECT_EQ(findings[0].reply->code, 554);
  EXPECT_EQ(findings[1].outcome, Outcome::kFail);
  EXPECT_EQ(findings[1].klass, FailureClass::kTlsNotOffered);
  EXPECT_EQ(findings[1].severity, FindingSeverity::kWarning);
  EXPECT_TRUE(findings[1].steps.empty());
  EXPECT_FALSE(findings[1].reply.has_value());
}

TEST(FindingsOf, APassAndOneNotTestedAreInformation) {
  const Finding pass = FindingsOf(SmtpMx(), "alpha.test", Passed()).at(0);
  EXPECT_EQ(pass.outcome, Outcome::kPass);
  EXPECT_EQ(pass.klass, FailureClass::kUnspecified);
  EXPECT_EQ(pass.severity, FindingSeverity::kInfo);
  EXPECT_EQ(pass.fix, "");
  const Finding skipped = FindingsOf(SmtpMx(), "alpha.test", Skipped()).at(0);
  EXPECT_EQ(skipped.outcome, Outcome::kNotTested);
  EXPECT_EQ(skipped.severity, FindingSeverity::kInfo);
  EXPECT_EQ(skipped.detail, "outgoing port 25 is blocked here");
}

TEST(ReportStatus, IsTheWorstOfTheFindings) {
  Observation warned = Passed();
  warned.findings = Refused().findings;
  EXPECT_EQ(ReportOf({Passed(), Skipped()}).status(), ReportStatus::kOk);
  EXPECT_EQ(ReportOf({warned, Passed()}).status(), ReportStatus::kWarning);
  EXPECT_EQ(ReportOf({warned, Refused(), Passed()}).status(), ReportStatus::kCritical);
}

TEST(ReportStatus, IsUnknownWhenNothingCouldBeTested) {
  EXPECT_EQ(ReportOf({}).status(), ReportStatus::kUnknown);
  EXPECT_EQ(ReportOf({Skipped(), Skipped()}).status(), ReportStatus::kUnknown);
}

TEST(ReportNames, AreThoseOfTheFormat) {
  EXPECT_EQ(ReportStatusName(ReportStatus::kOk), "ok");
  EXPECT_EQ(ReportStatusName(ReportStatus::kWarning), "warning");
  EXPECT_EQ(ReportStatusName(ReportStatus::kCritical), "critical");
  EXPECT_EQ(ReportStatusName(ReportStatus::kUnknown), "unknown");
  EXPECT_EQ(FindingSeverityName(FindingSeverity::kInfo), "info");
  EXPECT_EQ(FindingSeverityName(FindingSeverity::kWarning), "warning");
  EXPECT_EQ(FindingSeverityName(FindingSeverity::kCritical), "critical");
}

TEST(TextReport, SaysWhatFailedWhyAndWhatToDo) {
  EXPECT_EQ(TextReport(ReportOf({Refused(), Skipped(), Passed()})),
            Concat("Receiving mail (MX)\n"
                   "[ FAIL ] smtp.mx alpha.test: smtp_banner_refused_perm at banner\n"
                   "         mx1.alpha.test refuses us\n"
                   "         server said: 554 5.7.1 go away\n"
                   "         what to do: ",
                   FixFor(FailureClass::kSmtpBannerRefusedPerm),
                   "\n"
                   "[ WARN ] smtp.mx alpha.test: tls_not_offered at ehlo\n"
                   "         no STARTTLS\n"
                   "         what to do: ",
                   FixFor(FailureClass::kTlsNotOffered),
                   "\n"
                   "[  ?   ] smtp.mx alpha.test\n"
                   "         outgoing port 25 is blocked here\n"
                   "[  ok  ] smtp.mx alpha.test  (42 ms)\n"
                   "\n"
                   "alpha.test: CRITICAL\n"));
}

TEST(TextReport, GroupsByLeg) {
  Report report{.domain = "alpha.test"};
  for (const Leg leg : {Leg::kDns, Leg::kDns, Leg::kAccess}) {
    report.findings.push_back({.check = "kind", .leg = leg, .subject = "x"});
  }
  EXPECT_EQ(TextReport(report),
            "DNS\n[  ok  ] kind x  (0 ms)\n[  ok  ] kind x  (0 ms)\n"
            "\nReading mail (access)\n[  ok  ] kind x  (0 ms)\n"
            "\nalpha.test: OK\n");
}

TEST(TextReport, AServersWordsDoNotActOnTheTerminal) {
  Report report = ReportOf({Refused()});
  report.findings.resize(1);
  report.findings[0].fix.clear();
  report.findings[0].detail =
      "a\x1b]0;owned\x07"
      "b\r\nalpha.test: OK";
  report.findings[0].reply->text =
      "zürich € \xc2\x9b"
      "31m \xff \u202egnp.exe\u2066 \u200b\t\x7f";
  EXPECT_EQ(TextReport(report),
            "Receiving mail (MX)\n"
            "[ FAIL ] smtp.mx alpha.test: smtp_banner_refused_perm at banner\n"
            "         a?]0;owned?b? alpha.test: OK\n"
            "         server said: zürich € ?31m ? ?gnp.exe? \u200b ?\n"
            "\n"
            "alpha.test: CRITICAL\n");
}

TEST(JsonReport, IsWhatTheSchemaSays) {
  EXPECT_EQ(
      JsonReport(ReportOf({Refused(), Skipped()})),
      Concat(R"({"version":1,"domain":"alpha.test","status":"critical",)"
             R"("started":"2026-11-02T12:00:00.007Z","findings":[)"
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

}  // namespace
}  // namespace postwatch::cli
