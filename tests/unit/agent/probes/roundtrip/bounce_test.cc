#include "agent/probes/roundtrip/bounce.h"

#include <gtest/gtest.h>

namespace postwatch::agent {
namespace {

std::string Report(const std::string& fields) {
  return "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
         "\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
         "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
         "Reporting-MTA: dns; mail.alpha.test\r\n\r\n" +
         fields + "\r\n--b--\r\n";
}

TEST(BounceTest, AFailureCarriesTheRemoteWords) {
  const DeliveryReport report = ReadDeliveryReport(
      Report("Final-Recipient: rfc822; probe@alpha.test\r\nAction: failed\r\nStatus: 5.1.1\r\n"
             "Diagnostic-Code: smtp; 550 5.1.1 <probe@alpha.test>: Recipient address rejected:\r\n"
             " User unknown in virtual mailbox table\r\n"));
  EXPECT_EQ(report.kind, ReportKind::kFailed);
  EXPECT_EQ(report.fault.klass, FailureClass::kBounce);
  ASSERT_TRUE(report.fault.reply.has_value());
  EXPECT_EQ(report.fault.reply->code, 550);
  EXPECT_EQ(report.fault.reply->enhanced, "5.1.1");
  EXPECT_NE(report.fault.detail.find("smtp_mailbox_unknown_perm"), std::string::npos)
      << report.fault.detail;
}

TEST(BounceTest, ADelayIsNoBounce) {
  const DeliveryReport report =
      ReadDeliveryReport(Report("Action: delayed\r\nStatus: 4.4.1\r\n"
                                "Diagnostic-Code: smtp; connect: Connection timed out\r\n"));
  EXPECT_EQ(report.kind, ReportKind::kDelayed);
  EXPECT_EQ(report.fault.klass, FailureClass::kDelayNotice);
  EXPECT_EQ(report.fault.reply->code, 450);
}

TEST(BounceTest, OtherReportsSayNothing) {
  EXPECT_EQ(ReadDeliveryReport(Report("Action: relayed\r\n")).kind, ReportKind::kOther);
  EXPECT_EQ(ReadDeliveryReport("Auto-Submitted: auto-replied\r\n\r\nOn holiday.\r\n").kind,
            ReportKind::kOther);
  EXPECT_EQ(ReadDeliveryReport("").kind, ReportKind::kOther);
}

TEST(BounceTest, TheOldFormWithoutPartsIsAFailure) {
  const DeliveryReport report = ReadDeliveryReport(
      "X-Failed-Recipients: probe@alpha.test\r\n\r\nA message could not be delivered.\r\n");
  EXPECT_EQ(report.kind, ReportKind::kFailed);
  EXPECT_EQ(report.fault.klass, FailureClass::kBounce);
}

}  // namespace
}  // namespace postwatch::agent
