#include "common/base/exposition.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(LabelValue, EscapesWhatEndsAValueOrALine) {
  EXPECT_EQ(LabelValue("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
  EXPECT_EQ(LabelValue("zürich {eu}, 1"), "zürich {eu}, 1");
  EXPECT_EQ(LabelValue(""), "");
}

TEST(Exposition, DeclaresAFamilyOnceAndEscapesItsLabels) {
  Exposition page;
  page.Family("a_total", "counter", "What.");
  page.Sample({{"x", "1"}, {"y", "say \"hi\""}}, 3);
  page.Sample({{"x", "2"}, {"y", ""}}, 4294967296);
  page.Single("b_seconds", "gauge", "How long.", 0.25);
  EXPECT_EQ(page.Take(),
            "# HELP a_total What.\n# TYPE a_total counter\n"
            "a_total{x=\"1\",y=\"say \\\"hi\\\"\"} 3\n"
            "a_total{x=\"2\",y=\"\"} 4294967296\n"
            "# HELP b_seconds How long.\n# TYPE b_seconds gauge\nb_seconds 0.25\n");
}

}  // namespace
}  // namespace postwatch
