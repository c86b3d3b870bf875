#include "collector/forget_agent.h"

#include <gtest/gtest.h>

#include "collector/store/open_store.h"
#include "common/base/text.h"
#include "tests/support/fake_clock.h"

namespace postwatch::collector {
namespace {

using Names = std::vector<std::string>;

class Nowhere : public EngineOutput {
 public:
  void Carry(Decision) override {}
  void RequestRun(const std::string&, const std::string&, const Names&) override {}
};

class ForgetAgentTest : public testing::Test {
 protected:
  ForgetAgentTest() {
    Hear("eu-1", false);
    Hear("eu-2", true);
  }

  void Hear(const std::string& name, bool connected) {
    AgentRecord agent;
    agent.vantage = {name, "eu", "", name, ""};
    agent.connected = connected;
    engine.AgentChanged(agent);
    ASSERT_TRUE(store->SaveAgent(agent).ok());
  }
  // Until `loop` runs, `Done` is "".
  void Forget(const std::string& agent) {
    done.clear();
    ForgetAgent(
        {.engine = &engine,
         .on_store =
             [this](std::function<void(Store&)> work) {
               if (accepts.ok()) work(*store);
               return accepts;
             },
         .on_loop = [this](std::function<void()> work) { loop.push_back(std::move(work)); }},
        agent, [this](const absl::Status& status) { done.push_back(status); });
  }
  void RunLoop() {
    for (const auto& work : std::exchange(loop, {})) work();
  }
  Names OnBoard() const {
    Names names;
    for (const AgentRecord& agent : engine.Current().agents) names.push_back(agent.vantage.agent);
    return names;
  }
  Names Stored() const {
    Names names;
    const auto agents = store->Agents();
    for (const AgentRecord& agent : *agents) names.push_back(agent.vantage.agent);
    return names;
  }

  FakeClock clock;
  Nowhere output;
  Engine engine{MakeCorrelator({}), AlertPipeline({}), clock, output};
  std::unique_ptr<Store> store = OpenStore("sqlite::memory:").value();
  absl::Status accepts;
  std::vector<std::function<void()>> loop;
  std::vector<absl::Status> done;
};

TEST_F(ForgetAgentTest, OneThatIsGoneIsForgottenEverywhere) {
  Forget("eu-1");
  EXPECT_TRUE(done.empty());
  RunLoop();
  EXPECT_EQ(done, std::vector{absl::OkStatus()});
  EXPECT_EQ(OnBoard(), Names{"eu-2"});
  EXPECT_EQ(Stored(), Names{"eu-2"});
}

TEST_F(ForgetAgentTest, OneThatIsConnectedIsKept) {
  Forget("eu-2");
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(FromAbsl(done[0].message()),
            "agent 'eu-2' is connected; stop it before it is forgotten");
  EXPECT_EQ(Stored(), (Names{"eu-1", "eu-2"}));
}

TEST_F(ForgetAgentTest, OneThatThereIsNotIsNotFound) {
  Forget("eu-3");
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(FromAbsl(done[0].message()), "there is no agent 'eu-3'");
}

TEST_F(ForgetAgentTest, OneThatConnectsMeanwhileIsKept) {
  Forget("eu-1");
  Hear("eu-1", true);
  RunLoop();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(OnBoard(), (Names{"eu-1", "eu-2"}));
  EXPECT_EQ(Stored(), (Names{"eu-1", "eu-2"}));
}

TEST_F(ForgetAgentTest, AStoreThatRefusesKeepsIt) {
  accepts = absl::ResourceExhaustedError("the store has too much to do");
  Forget("eu-1");
  EXPECT_EQ(done, std::vector{accepts});
  EXPECT_EQ(OnBoard(), (Names{"eu-1", "eu-2"}));
}

}  // namespace
}  // namespace postwatch::collector
