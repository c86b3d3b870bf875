#include "cli/explain/near_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EditDistance, CountsLetters) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("dns_servfail", "dns_servfail"), 0u);
}

TEST(NearNames, TheNearestFirstThenThoseThatContainIt) {
  const std::vector<std::string> names = {"tcp_timeout", "dns_timeout", "tcp_refused",
                                          "dns_refused"};
  EXPECT_THAT(NearNames("tcp_timeut", names), ElementsAre("tcp_timeout"));
  EXPECT_THAT(NearNames("cp_timeut", names), ElementsAre("tcp_timeout"));
  EXPECT_THAT(NearNames("refused", names), ElementsAre("dns_refused", "tcp_refused"));
  EXPECT_THAT(NearNames("DNS_REFUSED", names, 1), ElementsAre("dns_refused"));
  EXPECT_THAT(NearNames("telepathy", names), IsEmpty());
  EXPECT_THAT(NearNames("", names), IsEmpty());
  EXPECT_THAT(NearNames(std::string(1000, 'x'), names), IsEmpty());
}

}  // namespace
}  // namespace postwatch::cli
