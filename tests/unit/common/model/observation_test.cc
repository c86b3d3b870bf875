#include "common/model/observation.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(Outcome, Names) {
  EXPECT_EQ(OutcomeName(Outcome::kPass), "pass");
  EXPECT_EQ(OutcomeName(Outcome::kFail), "fail");
  EXPECT_EQ(OutcomeName(Outcome::kNotTested), "not_tested");
}

TEST(ComponentRef, IsNamedByKindAndName) {
  ComponentRef host;
  host.kind = "mx";
  host.name = "mx1.alpha.test";
  EXPECT_EQ(host.Text(), "mx:mx1.alpha.test");
  EXPECT_LT((ComponentRef{"auth", "z"}), (ComponentRef{"mx", "a"}));
  EXPECT_LT((ComponentRef{"mx", "a"}), (ComponentRef{"mx", "b"}));
}

}  // namespace
}  // namespace postwatch
