#include "collector/store/open_store.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(OpenStoreTest, OpensWhatTheTableNames) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore("sqlite::memory:");
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->Watermark("a1", "spool").value(), 0u);
}

TEST(OpenStoreTest, RefusesEverythingElseAndSaysWhatThereIs) {
  for (std::string_view bad : {"", "sqlite", "sqlite:", "mysql:x", ":memory:", "/var/lib/x.db"}) {
    absl::Status status = OpenStore(bad).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_EQ(OpenStore("mysql:x").status().message(),
            "open store \"mysql:x\": write sqlite: followed by where it is, e.g. "
            "sqlite:/var/lib/postwatch/collector.db");
}

}  // namespace
}  // namespace postwatch::collector
