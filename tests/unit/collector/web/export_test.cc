#include "collector/web/export.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "collector/store/open_store.h"
#include "common/base/text.h"
#include "tests/contract/store_samples.h"

namespace postwatch::collector {
namespace {

std::vector<ComponentRef> OfAgent(const Sighting& sighting) {
  return {{"agent", sighting.vantage.agent}};
}

class ExportTest : public testing::Test {
 protected:
  // Received `after` seconds after ContractTime.
  void Store(const std::string& agent, uint64_t first, uint64_t last, int after) {
    std::vector<Sighting> batch;
    for (uint64_t i = first; i <= last; ++i) {
      batch.push_back(MakeSighting(agent, i));
      batch.back().received = ContractTime() + absl::Seconds(after);
    }
    ASSERT_TRUE(store->Append(std::move(batch)).ok());
  }
  absl::StatusOr<std::string> Export(ExportRange range) {
    return ExportScenario(*store, range, {}, OfAgent);
  }
  // Of each result: its agent and sequence number.
  static std::vector<std::string> Results(const std::string& text) {
    std::vector<std::string> results;
    for (const std::string_view line : Split(text, '\n')) {
      const size_t agent = line.find("\"agent\":\""), check = line.find(",\"check\"");
      if (agent != line.npos) results.emplace_back(line.substr(agent + 9, check - agent - 9));
    }
    return results;
  }

  std::unique_ptr<collector::Store> store = OpenStore("sqlite::memory:").value();
  const ExportRange all{.from = absl::InfinitePast(), .to = absl::InfiniteFuture()};
};

using Lines = std::vector<std::string>;

TEST_F(ExportTest, OfNothingIsATopology) {
  EXPECT_EQ(Export(all).value(),
            "{\"type\":\"topology\",\"v\":1,\"interval_s\":60,\"agents\":[],\"providers\":[],"
            "\"domains\":[],\"anchors\":[],\"checks\":[]}\n");
}

TEST_F(ExportTest, HoldsWhatCameInWithinTheRangeInOrder) {
  Store("a1", 1, 1, 10);
  Store("a2", 1, 2, 20);
  Store("a1", 2, 2, 30);
  Store("a1", 3, 3, 40);
  EXPECT_EQ(Results(Export({.from = ContractTime() + absl::Seconds(20),
                            .to = ContractTime() + absl::Seconds(40)})
                        .value()),
            (Lines{"a2\",\"seq\":1", "a2\",\"seq\":2", "a1\",\"seq\":2"}));
}

TEST_F(ExportTest, HoldsEachOnceHoweverManyPages) {
  Store("a1", 1, 999, 10);
  Store("a1", 1000, 1001, 20);  // the first page ends between them
  Store("a1", 1002, 4500, 30);  // more of one instant than a page
  Store("a1", 4501, 4600, 31);
  const std::vector<std::string> results = Results(Export(all).value());
  ASSERT_EQ(results.size(), 4600U);
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_EQ(results[i], Concat("a1\",\"seq\":", i + 1));
  }
}

TEST_F(ExportTest, AWholePageMayHaveComeInAtOneInstant) {
  Store("a1", 1, 2500, 10);
  EXPECT_EQ(Results(Export(all).value()).size(), 2500U);
  Store("a1", 2501, 2510, 11);
  EXPECT_EQ(Results(Export(all).value()).size(), 2510U);
}

TEST_F(ExportTest, RefusesMoreThanItMay) {
  Store("a1", 1, 5, 10);
  ExportRange range = all;
  range.most = 5;
  EXPECT_TRUE(Export(range).ok());
  range.most = 4;
  EXPECT_EQ(Export(range).status(),
            absl::InvalidArgumentError("there are more than 4 observations between since and "
                                       "until; ask for less at a time"));
}

}  // namespace
}  // namespace postwatch::collector
