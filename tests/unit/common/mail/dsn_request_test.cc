#include "common/mail/dsn_request.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

using Parameters = std::vector<std::string>;

TEST(DsnRequest, AsksForFailuresAndDelays) {
  EXPECT_EQ(DsnMailParameters("pw1.abc.route.1.def"),
            (Parameters{"RET=HDRS", "ENVID=pw1.abc.route.1.def"}));
  EXPECT_EQ(DsnRcptParameters("probe@alpha.test"),
            (Parameters{"NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;probe@alpha.test"}));
}

TEST(DsnRequest, WritesWhatIsNotPlainAsXtext) {
  EXPECT_EQ(DsnRcptParameters("a+b=c d@alpha.test")[1], "ORCPT=rfc822;a+2Bb+3Dc+20d@alpha.test");
  EXPECT_EQ(DsnRcptParameters("\xc3\xa4@b")[1], "ORCPT=rfc822;+C3+A4@b");
}

TEST(DsnRequest, LeavesOutWhatIsTooLong) {
  EXPECT_EQ(DsnMailParameters(std::string(100, 'x')).size(), 2u);
  EXPECT_EQ(DsnMailParameters(std::string(101, 'x')), Parameters{"RET=HDRS"});
  EXPECT_EQ(DsnRcptParameters(std::string(493, 'x')).size(), 2u);
  EXPECT_EQ(DsnRcptParameters(std::string(494, 'x')), Parameters{"NOTIFY=FAILURE,DELAY"});
}

}  // namespace
}  // namespace postwatch
