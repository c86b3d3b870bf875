#include "cli/formats/text_format.h"

#include <gtest/gtest.h>

#include "common/advice/advice.h"
#include "common/base/text.h"
#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

TEST(TextReport, SaysWhatFailedWhyAndWhatToDoAndTheVerdictLast) {
  EXPECT_EQ(
      TextReport(ReportOf({Refused(), Skipped(), Passed()}), {}),
      "alpha.test, 2026-11-02 12:00:00 UTC\n"
      "\n"
      "Receiving mail (MX)\n"
      "  FAIL   smtp.mx  smtp_banner_refused_perm at banner\n"
      "           mx1.alpha.test refuses us\n"
      "           server said: 554 5.7.1 go away\n"
      "           what to do: The server refuses this client before EHLO: look at its reply, "
      "and at the\n"
      "           reputation of this address.\n"
      "  WARN   smtp.mx  tls_not_offered at ehlo\n"
      "           no STARTTLS\n"
      "           what to do: Turn on STARTTLS on the server (Postfix: smtpd_tls_security_level "
      "= may,\n"
      "           with a certificate).\n"
      "  ?      smtp.mx  not tested: outgoing port 25 is blocked here\n"
      "  ok     smtp.mx  2/2 answer\n"
      "\n"
      "1 passed, 1 critical, 1 warning, 1 not tested; 1.5 s\n"
      "alpha.test: CRITICAL: smtp.mx, smtp_banner_refused_perm\n");
}

TEST(TextReport, GroupsByLegAndNamesTheResolversWhereThereAreSeveral) {
  Report report{.domain = "alpha.test", .started = absl::UnixEpoch()};
  for (const Leg leg : {Leg::kDns, Leg::kDns, Leg::kAccess}) {
    report.findings.push_back({.check = "kind", .leg = leg, .subject = "alpha.test"});
  }
  report.findings[0].facts = {{"mx", "mx1.alpha.test"}, {"mx.ttl", "5m"}};
  report.findings[0].resolvers = {"192.0.2.1:53", "192.0.2.2:53"};
  report.findings[2].check = "imap.access";
  EXPECT_EQ(TextReport(report, {}),
            "alpha.test, 1970-01-01 00:00:00 UTC\n"
            "\nDNS\n"
            "  ok     kind         by 192.0.2.1:53, 192.0.2.2:53: mx1.alpha.test\n"
            "  ok     kind         0 ms\n"
            "\nReading mail (access)\n"
            "  ok     imap.access  0 ms\n"
            "\n3 passed; 0.0 s\n"
            "alpha.test: OK\n");
}

TEST(TextReport, WhatTwoChecksFailOfIsToldOnce) {
  Report report = ReportOf({Refused()});
  report.findings.resize(1);
  report.findings.push_back(report.findings[0]);
  report.findings[1].check = "smtp.relay";
  const std::string text = TextReport(report, {});
  EXPECT_NE(text.find("reputation of this address.\n"
                      "  FAIL   smtp.relay  smtp_banner_refused_perm at banner, as smtp.mx says\n"
                      "\n"),
            text.npos)
      << text;
}

TEST(TextReport, WhyTwoChecksWereNotTestedIsToldOnceUnlessItIsShort) {
  Report report = ReportOf({Skipped(), Skipped()});
  report.findings[1].check = "smtp.relay";
  EXPECT_NE(
      TextReport(report, {}).find("smtp.relay  not tested: outgoing port 25 is blocked here\n"),
      std::string::npos);
  for (Finding& finding : report.findings) finding.detail += ", as it often is at home";
  EXPECT_NE(TextReport(report, {}).find("smtp.relay  not tested, as smtp.mx says\n"),
            std::string::npos);
}

TEST(TextReport, ACheckThatPassedWithFindingsAndNoFactsHasNoLineOfItsOwn) {
  Observation warned = Passed();
  warned.findings = Refused().findings;
  EXPECT_NE(TextReport(ReportOf({warned}), {}).find("  ok     smtp.mx  2/2 answer\n"),
            std::string::npos);
  warned.evidence.facts.clear();
  EXPECT_EQ(TextReport(ReportOf({warned}), {}).find("  ok "), std::string::npos);
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
  const std::string text = TextReport(report, {});
  EXPECT_NE(text.find("           a?]0;owned?b? alpha.test: OK\n"), text.npos) << text;
  EXPECT_NE(text.find("           server said: zürich € ?31m ? ?gnp.exe? \u200b ?\n"), text.npos)
      << text;
  EXPECT_EQ(text.find('\x1b'), text.npos);
}

TEST(TextReport, ColoursWhenToldTo) {
  const std::string text = TextReport(ReportOf({Refused(), Passed()}), {.color = true});
  EXPECT_NE(text.find("  \x1b[1;31mFAIL\x1b[0m   smtp.mx"), text.npos) << text;
  EXPECT_NE(text.find("  \x1b[33mWARN\x1b[0m   smtp.mx"), text.npos) << text;
  EXPECT_NE(text.find("  \x1b[32mok\x1b[0m     smtp.mx"), text.npos) << text;
  EXPECT_TRUE(
      text.ends_with("alpha.test: \x1b[1;31mCRITICAL\x1b[0m: smtp.mx, "
                     "smtp_banner_refused_perm\n"))
      << text;
}

TEST(TextReport, WithABaselineItSaysWhatIsKnownAndFixed) {
  Report report = ReportOf({Refused()});
  report.has_baseline = true;
  for (Finding& finding : report.findings) finding.known = true;
  report.fixed = {{.check = "dns.mx", .klass = FailureClass::kDnsServfail}};
  const std::string text = TextReport(report, {});
  EXPECT_NE(text.find("  known  smtp.mx"), text.npos) << text;
  EXPECT_TRUE(
      text.ends_with("\nNo more, since the baseline\n"
                     "  fixed  dns.mx  dns_servfail\n"
                     "\n2 known, 1 fixed; 1.5 s\n"
                     "alpha.test: OK: nothing is worse than in the baseline\n"))
      << text;
}

TEST(TextReport, TheVerdictSaysWhyItIsNoneAndWhatIsAllowed) {
  EXPECT_TRUE(TextReport(ReportOf({Skipped()}), {})
                  .ends_with("\nalpha.test: UNKNOWN: nothing could be tested\n"));
  Report report = ReportOf({Passed()});
  report.interrupted = true;
  EXPECT_TRUE(TextReport(report, {})
                  .ends_with("\nalpha.test: UNKNOWN: interrupted, so that not everything was "
                             "tested\n"));
  Observation warned = Passed();
  warned.findings = Refused().findings;
  EXPECT_TRUE(TextReport(ReportOf({warned}), {.fail_on = FindingSeverity::kCritical})
                  .ends_with("\nalpha.test: WARNING: smtp.mx, tls_not_offered (allowed by "
                             "--fail-on critical)\n"));
}

TEST(TextReport, NoLineIsLongerThanAPage) {
  Report report = ReportOf({Refused(), Skipped(), Passed()});
  for (Finding& finding : report.findings) {
    for (int i = 0; i < 40; ++i) finding.detail += " and more words";
    finding.facts["record"] = std::string(300, 'x');
  }
  for (const std::string_view line : Split(TextReport(report, {}), '\n')) {
    EXPECT_LE(line.size(), 100u) << line;
  }
}

}  // namespace
}  // namespace postwatch::cli
