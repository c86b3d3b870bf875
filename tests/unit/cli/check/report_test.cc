#include "cli/check/report.h"

#include <gtest/gtest.h>

#include "common/advice/advice.h"
#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

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
  EXPECT_EQ(pass.facts.at("mx.ok"), "2/2");
  const Finding skipped = FindingsOf(SmtpMx(), "alpha.test", Skipped()).at(0);
  EXPECT_EQ(skipped.outcome, Outcome::kNotTested);
  EXPECT_EQ(skipped.severity, FindingSeverity::kInfo);
  EXPECT_EQ(skipped.detail, "outgoing port 25 is blocked here");
}

TEST(FindingsOf, WhatIsFoundIsAsBadAsItsClass) {
  Observation run = Passed();
  run.findings = {{.klass = FailureClass::kTlsrptMissing}, {.klass = FailureClass::kSmtpOpenRelay}};
  const std::vector<Finding> findings = FindingsOf(SmtpMx(), "alpha.test", run);
  EXPECT_EQ(findings.at(1).severity, FindingSeverity::kInfo);
  EXPECT_EQ(findings.at(2).severity, FindingSeverity::kCritical);
}

TEST(ReportStatus, IsTheWorstOfTheFindings) {
  Observation warned = Passed();
  warned.findings = Refused().findings;
  EXPECT_EQ(ReportOf({Passed(), Skipped()}).status(), ReportStatus::kOk);
  EXPECT_EQ(ReportOf({warned, Passed()}).status(), ReportStatus::kWarning);
  EXPECT_EQ(ReportOf({warned, Refused(), Passed()}).status(), ReportStatus::kCritical);
}

TEST(ReportStatus, NotesAndWhatIsKnownDoNotCount) {
  Report report = ReportOf({Refused(), Passed()});
  for (Finding& finding : report.findings) finding.known = true;
  EXPECT_EQ(report.status(), ReportStatus::kOk);
  report.findings[1].known = false;
  EXPECT_EQ(report.status(), ReportStatus::kWarning);
  report.findings[1].severity = FindingSeverity::kInfo;
  EXPECT_EQ(report.status(), ReportStatus::kOk);
}

TEST(ReportStatus, IsUnknownWhenNothingCouldBeTestedOrTheRunWasInterrupted) {
  EXPECT_EQ(ReportOf({}).status(), ReportStatus::kUnknown);
  EXPECT_EQ(ReportOf({Skipped(), Skipped()}).status(), ReportStatus::kUnknown);
  Observation noted = Skipped();
  noted.findings.push_back({.klass = FailureClass::kRdapUnavailable, .step = "dns"});
  EXPECT_EQ(ReportOf({Skipped(), noted}).status(), ReportStatus::kUnknown);
  EXPECT_EQ(ReportOf({Passed(), noted}).status(), ReportStatus::kOk);
  Report report = ReportOf({Refused(), Passed()});
  report.interrupted = true;
  EXPECT_EQ(report.status(), ReportStatus::kUnknown);
}

TEST(ReportStatus, NamesAreThoseOfTheFormat) {
  EXPECT_EQ(ReportStatusName(ReportStatus::kOk), "ok");
  EXPECT_EQ(ReportStatusName(ReportStatus::kWarning), "warning");
  EXPECT_EQ(ReportStatusName(ReportStatus::kCritical), "critical");
  EXPECT_EQ(ReportStatusName(ReportStatus::kUnknown), "unknown");
}

TEST(Counts, FromTheSeverityOn) {
  const Report report = ReportOf({Refused(), Passed(), Skipped()});
  const Finding& critical = report.findings[0];
  const Finding& warning = report.findings[1];
  EXPECT_TRUE(Counts(critical, FindingSeverity::kCritical));
  EXPECT_TRUE(Counts(warning, FindingSeverity::kWarning));
  EXPECT_FALSE(Counts(warning, FindingSeverity::kCritical));
  EXPECT_FALSE(Counts(report.findings[2], FindingSeverity::kInfo));
  EXPECT_FALSE(Counts(report.findings[3], FindingSeverity::kInfo));
}

TEST(Tally, SaysWhatThereIsAndNothingElse) {
  Report report = ReportOf({Refused(), Passed(), Passed(), Skipped()});
  EXPECT_EQ(TallyText(Count(report)), "2 passed, 1 critical, 1 warning, 1 not tested");
  report.findings[0].known = true;
  report.findings[1].severity = FindingSeverity::kInfo;
  report.fixed.emplace_back();
  EXPECT_EQ(TallyText(Count(report)), "2 passed, 1 note, 1 known, 1 fixed, 1 not tested");
  EXPECT_EQ(TallyText({}), "nothing was checked");
}

}  // namespace
}  // namespace postwatch::cli
