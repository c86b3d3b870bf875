#include "common/domain/tls_report.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

std::string Mistake(std::string_view text) {
  return std::string(ParseTlsReport(text).status().message());
}

TEST(TlsReportRecord, NamesWhereReportsGo) {
  const absl::StatusOr<TlsReportRecord> record =
      ParseTlsReport("v=TLSRPTv1; rua=mailto:r@alpha.test,https://r.alpha.test/v1; x=1;");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->rua, (Lines{"mailto:r@alpha.test", "https://r.alpha.test/v1"}));
  EXPECT_EQ(record->mistakes, Lines{});
}

TEST(TlsReportRecord, StartsWithItsVersion) {
  EXPECT_TRUE(IsTlsReport("v=TLSRPTv1;rua=mailto:r@alpha.test"));
  EXPECT_TRUE(IsTlsReport("v=TLSRPTv1 ; rua=mailto:r@alpha.test"));
  EXPECT_FALSE(IsTlsReport("v=TLSRPTv1"));
  EXPECT_FALSE(IsTlsReport("v=TLSRPTv12; rua=mailto:r@alpha.test"));
  EXPECT_FALSE(IsTlsReport("v=tlsrptv1; rua=mailto:r@alpha.test"));
}

TEST(TlsReportRecord, SaysWhatIsWrong) {
  EXPECT_EQ(Mistake("v=TLSRPTv1; rua:mailto:r@alpha.test"),
            "'rua:mailto:r@alpha.test' is not name=value");
  EXPECT_EQ(Mistake("v=TLSRPTv1; "), "there is no rua=");
  EXPECT_EQ(Mistake("v=TLSRPTv1; rua=r@alpha.test"),
            "rua=: 'r@alpha.test' is not mailto:user@domain nor https://...");
  const absl::StatusOr<TlsReportRecord> partly =
      ParseTlsReport("v=TLSRPTv1; rua=mailto:r@alpha.test,http://r.alpha.test/");
  ASSERT_TRUE(partly.ok()) << partly.status();
  EXPECT_EQ(partly->mistakes,
            Lines{"rua=: 'http://r.alpha.test/' is not mailto:user@domain nor https://..."});
}

}  // namespace
}  // namespace postwatch
