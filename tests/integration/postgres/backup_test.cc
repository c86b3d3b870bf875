// The commands that BackUpStore and RestoreStore tell, as they are told, on a real server.
#include <gtest/gtest.h>

#include <cstdlib>

#include "collector/store/open_store.h"
#include "common/base/text.h"
#include "tests/contract/store_samples.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/test_folder.h"

namespace postwatch::collector {
namespace {

// Does what the second line of the text says.
int RunTold(const absl::Status& told) {
  const auto lines = Split(FromAbsl(told.message()), '\n');
  EXPECT_EQ(lines.size(), 3u) << told;
  if (lines.size() != 3) return -1;
  return std::system(std::string(lines[1]).c_str());
}

TEST(PostgresBackupTest, TheToldCommandsCopyARunningStoreAndPutItBack) {
  const auto tell = [](std::string_view) {};
  const TestFolder folder;
  const std::string uri = PostgresCluster::Get().NewDatabase();
  const std::string other = PostgresCluster::Get().NewDatabase();
  const Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  const std::unique_ptr<Store> store = OpenStore(uri).value();
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1), MakeSighting("a1", 90000)}).ok());
  ASSERT_TRUE(store->Commit({{incident}, {MakeDelivery("al-1", "mail", incident)}}).ok());
  ASSERT_EQ(RunTold(BackUpStore(uri, folder / "copy", tell)), 0);
  ASSERT_TRUE(store->Append({MakeSighting("a1", 90001)}).ok());
  ASSERT_EQ(RunTold(RestoreStore(other, folder / "copy", {}, tell)), 0);

  const std::unique_ptr<Store> restored = OpenStore(other).value();
  EXPECT_EQ(restored->Watermark("a1", "spool-1").value(), 90000u);
  EXPECT_EQ(Ids(restored->PendingDeliveries(10)), std::vector<std::string>({"al-1/mail"}));
  EXPECT_EQ(Sequences(restored->Append({MakeSighting("a1", 90000), MakeSighting("a1", 90005)})),
            std::vector<uint64_t>({90005}));
  EXPECT_EQ(Sequences(restored->Observations({})), std::vector<uint64_t>({90005, 90000, 1}));
}

}  // namespace
}  // namespace postwatch::collector
