#include "common/advice/severity.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(SeverityOf, IsAWarningUnlessTheTableSaysOtherwise) {
  EXPECT_EQ(SeverityOf(FailureClass::kDmarcMissing), FindingSeverity::kWarning);
  EXPECT_EQ(SeverityOf(FailureClass::kDeliveredSlow), FindingSeverity::kWarning);
  EXPECT_EQ(SeverityOf(FailureClass::kTlsrptMissing), FindingSeverity::kInfo);
  EXPECT_EQ(SeverityOf(FailureClass::kDnsblListsWorld), FindingSeverity::kInfo);
  EXPECT_EQ(SeverityOf(FailureClass::kSmtpOpenRelay), FindingSeverity::kCritical);
  EXPECT_EQ(SeverityOf(FailureClass::kNameserverChanged), FindingSeverity::kCritical);
}

TEST(FindingSeverityName, IsThatOfTheFormat) {
  EXPECT_EQ(FindingSeverityName(FindingSeverity::kInfo), "info");
  EXPECT_EQ(FindingSeverityName(FindingSeverity::kWarning), "warning");
  EXPECT_EQ(FindingSeverityName(FindingSeverity::kCritical), "critical");
}

}  // namespace
}  // namespace postwatch
