#include "common/domain/report_uri.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(ReportUris, AreToldFromMistakes) {
  const ReportUris found = ParseReportUris(
      "mailto:a@alpha.test!10m, MAILTO:b@beta.test?subject=x ,c@alpha.test,,mailto:d@,"
      "https://alpha.test/r",
      false);
  EXPECT_EQ(found.uris, (Lines{"mailto:a@alpha.test", "MAILTO:b@beta.test?subject=x"}));
  EXPECT_EQ(found.mistakes,
            (Lines{"'c@alpha.test' is not mailto:user@domain", "an address in the list is empty",
                   "'mailto:d@' is not mailto:user@domain",
                   "'https://alpha.test/r' is not mailto:user@domain"}));
}

TEST(ReportUris, MayBeWebAddressesWhereTheyAreTaken) {
  const ReportUris found = ParseReportUris("https://alpha.test/r,https://,http://x.test/", true);
  EXPECT_EQ(found.uris, Lines{"https://alpha.test/r"});
  EXPECT_EQ(found.mistakes, (Lines{"'https://' is not mailto:user@domain nor https://...",
                                   "'http://x.test/' is not mailto:user@domain nor https://..."}));
}

TEST(ReportUris, AreBounded) {
  std::string list = "mailto:a@alpha.test";
  for (int i = 0; i < 100; ++i) list += ",mailto:a@alpha.test";
  EXPECT_EQ(ParseReportUris(list, false).uris.size(), 32u);
}

TEST(MailtoDomain, IsWhereReportsGo) {
  EXPECT_EQ(MailtoDomain("mailto:a@Reports.Test?x=y@z.test"), "reports.test");
  EXPECT_EQ(MailtoDomain("https://a@b.test/"), "");
}

}  // namespace
}  // namespace postwatch
