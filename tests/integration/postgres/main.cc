// The tests of what we do with a real PostgreSQL server. Without one: skipped, and said so.
#include <gmock/gmock.h>

#include <iostream>

#include "tests/support/postgres_cluster.h"

constexpr int kSkipped = 77;  // ctest counts it as skipped

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  if (!postwatch::PostgresCluster::Installed()) {
    std::cerr << "SKIPPED: all " << testing::UnitTest::GetInstance()->total_test_count()
              << " tests of PostgreSQL: no server is installed (Debian's package postgresql; "
                 "scripts/setup postgres)\n";
    return kSkipped;
  }
  return RUN_ALL_TESTS();
}
