#include "collector/store/sole_lease.h"

#include "tests/contract/lease_contract.h"

namespace postwatch::collector {
namespace {

std::unique_ptr<Lease> MakeLeaseOfC1() { return MakeSoleLease("c1"); }

INSTANTIATE_TEST_SUITE_P(Sole, LeaseContract, testing::Values(MakeLeaseOfC1));

TEST(SoleLeaseTest, DoesNotEnd) {
  EXPECT_EQ(MakeSoleLease("c1")->Acquire().value().until, absl::InfiniteDuration());
}

}  // namespace
}  // namespace postwatch::collector
