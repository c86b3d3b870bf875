#include "cli/formats/formats.h"

#include <gtest/gtest.h>

#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

TEST(ReportFormats, AreFoundByName) {
  EXPECT_EQ(ReportFormatNames(), "text, json, junit, nagios, sarif");
  EXPECT_EQ(FindReportFormat("sarif")->name, "sarif");
  EXPECT_EQ(FindReportFormat("pdf"), nullptr);
}

TEST(ReportFormats, EachWritesLinesOfAnyReport) {
  for (const ReportFormat& format : ReportFormats()) {
    EXPECT_FALSE(format.meaning.empty());
    EXPECT_TRUE(format.write(ReportOf({}), {}).ends_with('\n')) << format.name;
    EXPECT_TRUE(format.write(ReportOf({Refused(), Skipped()}), {}).ends_with('\n')) << format.name;
  }
}

}  // namespace
}  // namespace postwatch::cli
