// What the real programs tell the systemd that started them.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "tests/support/leaks_of_grpc.h"
#include "tests/support/state_dir.h"

namespace postwatch {
namespace {

using Words = std::vector<std::string>;

constexpr int kPatienceMs = 20'000;
constexpr const char* kWatchdogUs = "400000";

// In the place of systemd: starts a program and listens to what it tells.
class SupervisedTest : public testing::Test {
 protected:
  SupervisedTest() {
    sockaddr_un address{.sun_family = AF_UNIX};
    std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", dir_.Path("notify").c_str());
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~SupervisedTest() override {
    if (pid_ > 0) End(SIGKILL);
    ::close(socket_);
  }

  void Start(const std::string& program, Words arguments) {
    const std::string path = Concat(POSTWATCH_BIN, "/", program);
    Words environment = {"NOTIFY_SOCKET=" + dir_.Path("notify"),
                         Concat("WATCHDOG_USEC=", kWatchdogUs), kLeaksOfGrpc};
    arguments.insert(arguments.begin(), program);
    std::vector<char*> argv, envp;
    for (std::string& word : arguments) argv.push_back(word.data());
    for (std::string& word : environment) envp.push_back(word.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    const std::string log = dir_.Path("log");
    pid_ = ::fork();
    ASSERT_GE(pid_, 0);
    if (pid_ != 0) return;
    if (std::freopen(log.c_str(), "w", stderr) == nullptr) ::_exit(126);
    ::execve(path.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }

  // The next message; "" when none comes in time.
  std::string Told() {
    pollfd ready{.fd = socket_, .events = POLLIN};
    if (::poll(&ready, 1, kPatienceMs) != 1) {
      ADD_FAILURE() << "nothing is told; the log: " << dir_.Read("log");
      return "";
    }
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return std::string(buffer.data(), static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }

  // Reads on until a message has `line`; false when none comes.
  bool IsTold(std::string_view line) {
    while (true) {
      const std::string message = Told();
      if (message.empty()) return false;
      if (message.find(Concat(line, "\n")) != message.npos) return true;
    }
  }

  int End(int signal) {
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  void WriteAgentConfig() {
    dir_.Write("new.yaml",
               Concat("agent: {name: a1, region: eu}\n"
                      "collector: {address: '127.0.0.1:1'}\n"
                      "tls:\n"
                      "  ca: ",
                      dir_.Path("ca.pem"), "\n  cert: ", dir_.Path("agent.pem"),
                      "\n  key: ", dir_.Path("agent.key"), "\nstate_dir: ", dir_.Path("state"),
                      "\nresolver: 127.0.0.1:1\n", "web: {listen: none}\n"));
    ASSERT_EQ(::rename(dir_.Path("new.yaml").c_str(), dir_.Path("agent.yaml").c_str()), 0);
  }

  StateDir dir_;
  int socket_ = -1;
  pid_t pid_ = -1;
};

TEST_F(SupervisedTest, AnAgentThatHasNotJoinedSaysWhatItWaitsFor) {
  Start("postwatch-agent", {"--config.wait", "--config.file", dir_.Path("agent.yaml")});
  EXPECT_EQ(Told(), Concat("READY=1\nSTATUS=waits for ", dir_.Path("agent.yaml"),
                           "; `postwatch-agent join COLLECTOR ...` makes it\nWATCHDOG=1\n"));
  EXPECT_EQ(Told(), "WATCHDOG=1\n");
  EXPECT_EQ(End(SIGTERM), 0);
}

TEST_F(SupervisedTest, AnAgentStartsAsSoonAsItHasAConfiguration) {
  Start("postwatch-agent", {"--config.wait", "--config.file", dir_.Path("agent.yaml")});
  EXPECT_TRUE(IsTold("WATCHDOG=1"));
  WriteAgentConfig();
  EXPECT_TRUE(IsTold("STATUS=not connected to the collector"));
  EXPECT_TRUE(IsTold("WATCHDOG=1"));
  EXPECT_TRUE(IsTold("WATCHDOG=1"));
  EXPECT_EQ(End(SIGTERM), 0);
}

TEST_F(SupervisedTest, WithoutTheFlagAnAgentWithoutAConfigurationEnds) {
  Start("postwatch-agent", {"--config.file", dir_.Path("agent.yaml")});
  int status = 0;
  ASSERT_EQ(::waitpid(std::exchange(pid_, -1), &status, 0) >= 0, true);
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST_F(SupervisedTest, ACollectorIsReadyWhenItsEngineTicksAndFeedsTheWatchdog) {
  dir_.Write("collector.yaml", Concat("listen: {grpc: '127.0.0.1:0', http: '127.0.0.1:0'}\n"
                                      "tls:\n"
                                      "  ca: ",
                                      dir_.Path("ca.pem"), "\n  cert: ", dir_.Path("collector.pem"),
                                      "\n  key: ", dir_.Path("collector.key"), "\nstore: sqlite:",
                                      dir_.Path("c.db"), "\ntargets: [{domain: example.test}]\n"));
  Start("postwatch-collector", {"--config.wait", "--config.file", dir_.Path("collector.yaml")});
  EXPECT_EQ(Told(), "READY=1\nSTATUS=takes in what agents see and thinks it through\nWATCHDOG=1\n");
  EXPECT_EQ(Told(), "WATCHDOG=1\n");
  EXPECT_EQ(Told(), "WATCHDOG=1\n");
  EXPECT_EQ(End(SIGTERM), 0);
}

TEST_F(SupervisedTest, ACollectorWaitsForItsConfiguration) {
  Start("postwatch-collector", {"--config.wait", "--config.file", dir_.Path("collector.yaml")});
  EXPECT_EQ(Told(), Concat("READY=1\nSTATUS=waits for its configuration, ",
                           dir_.Path("collector.yaml"), "\nWATCHDOG=1\n"));
  EXPECT_EQ(End(SIGTERM), 0);
}

}  // namespace
}  // namespace postwatch
