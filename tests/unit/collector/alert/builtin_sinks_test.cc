#include <gtest/gtest.h>

#include <set>

#include "collector/alert/alert_sink.h"
#include "tests/support/fake_clock.h"
#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

using Lines = std::vector<std::string>;

class BuiltinSinksTest : public testing::Test {
 protected:
  std::unique_ptr<AlertSink> Make(std::string_view type, const Settings& settings) {
    return MakeBuiltinSink(type, settings, "alerting.sinks[2]", {.clock = clock}, mistakes);
  }

  FakeClock clock;
  Mistakes mistakes;
};

TEST_F(BuiltinSinksTest, TheTableHasEachTypeOnceAndSaysWhatItIs) {
  std::set<std::string_view> types;
  for (const SinkKind& kind : BuiltinSinks()) {
    EXPECT_TRUE(types.insert(kind.type).second) << kind.type;
    EXPECT_FALSE(kind.meaning.empty()) << kind.type;
  }
  EXPECT_EQ(types, (std::set<std::string_view>{"alertmanager", "log", "webhook"}));
}

TEST_F(BuiltinSinksTest, AnUnknownTypeNamesThoseThereAre) {
  EXPECT_EQ(Make("slack", Settings::Map("c.yaml:9")), nullptr);
  EXPECT_EQ(mistakes.lines(), Lines{"c.yaml:9: alerting.sinks[2].type: 'slack' is none of "
                                    "alertmanager, webhook, log"});
}

TEST_F(BuiltinSinksTest, AnUnknownKeyIsAMistake) {
  Settings settings = Settings::Map("c.yaml:9");
  settings.Set("colour", Settings::Scalar("red", "c.yaml:11"));
  EXPECT_EQ(Make("log", settings), nullptr);
  EXPECT_EQ(mistakes.lines(), Lines{"c.yaml:11: alerting.sinks[2].colour: is not a known key"});
}

TEST_F(BuiltinSinksTest, AMistakeElsewhereDoesNotCount) {
  mistakes.Add("c.yaml:1", "listen", "is odd");
  EXPECT_NE(Make("log", Settings::Map("c.yaml:9")), nullptr);
  EXPECT_EQ(mistakes.lines().size(), 1u);
}

TEST_F(BuiltinSinksTest, TheLogTakesEveryAlert) {
  const std::unique_ptr<AlertSink> sink = Make("log", Settings::Map());
  ASSERT_NE(sink, nullptr);
  EXPECT_EQ(sink->RefreshEvery(), absl::ZeroDuration());
  EXPECT_TRUE(sink->Send(DeliveryOf(AlertOf(AccessOutage(), AlertEvent::kOpened), "log")).ok());
}

}  // namespace
}  // namespace postwatch::collector
