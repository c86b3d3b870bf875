// The real agent makes way for its successor: one process, two programs, one schedule.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "agent/assignment_file.h"
#include "agent/schedule_file.h"
#include "common/base/text.h"
#include "common/wire/convert.h"
#include "tests/support/leaks_of_grpc.h"
#include "tests/support/state_dir.h"

namespace postwatch::agent {
namespace {

using Words = std::vector<std::string>;
namespace fs = std::filesystem;

constexpr int kPatienceMs = 30'000;

// In the place of systemd, and of the package manager: it starts the agent from a folder of the
// test's own, and may put another program in its place.
class HandOverTest : public testing::Test {
 protected:
  HandOverTest() {
    sockaddr_un address{.sun_family = AF_UNIX};
    std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", dir_.Path("notify").c_str());
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    fs::create_directory(dir_.Path("state"));
    WriteConfig("");
    Install();
  }
  ~HandOverTest() override {
    if (pid_ > 0) End(SIGKILL);
    ::close(socket_);
  }

  void WriteConfig(std::string_view more) {
    dir_.Write("agent.yaml",
               Concat("agent: {name: a1, region: eu}\n"
                      "collector: {address: '127.0.0.1:1'}\n"
                      "tls:\n  ca: ",
                      dir_.Path("ca.pem"), "\n  cert: ", dir_.Path("agent.pem"),
                      "\n  key: ", dir_.Path("agent.key"), "\nstate_dir: ", dir_.Path("state"),
                      "\nresolver: 127.0.0.1:1\nweb: {listen: none}\n", more));
  }

  // As a package manager does: another file takes the place of the old one.
  void Install() {
    fs::copy_file(Concat(POSTWATCH_BIN, "/postwatch-agent"), dir_.Path("new"));
    fs::rename(dir_.Path("new"), Program());
  }
  void InstallScript(std::string_view script) {
    dir_.Write("new", std::string(script));
    fs::permissions(dir_.Path("new"), fs::perms::owner_all);
    fs::rename(dir_.Path("new"), Program());
  }
  std::string Program() const { return dir_.Path("postwatch-agent"); }

  // Checks whose first look is over and whose next comes long after the test.
  void Assign(int count) {
    v1::Assignment assignment;
    assignment.set_version(1);
    for (int i = 0; i < count; ++i) {
      CheckSpec spec;
      spec.target = Concat("t", i, ".test");
      spec.id = spec.target + "/dns.mx";
      spec.kind = "dns.mx";
      spec.provider = "own";
      spec.leg = Leg::kDns;
      spec.interval = absl::Hours(1);
      spec.settings = Settings::Map();
      *assignment.add_checks() = ToProto(spec);
    }
    ASSERT_TRUE(SaveAssignment(dir_.Path("state/assignment.pb"), assignment).ok());
  }

  void Start() {
    Words arguments = {"postwatch-agent", "--config.file", dir_.Path("agent.yaml"), "--log.level",
                       "info"};
    Words environment = {"NOTIFY_SOCKET=" + dir_.Path("notify"), "WATCHDOG_USEC=400000",
                         kLeaksOfGrpc};
    std::vector<char*> argv, envp;
    for (std::string& word : arguments) argv.push_back(word.data());
    for (std::string& word : environment) envp.push_back(word.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    const std::string program = Program(), log = dir_.Path("log");
    pid_ = ::fork();
    ASSERT_GE(pid_, 0);
    if (pid_ != 0) return AwaitTold("READY=1");
    const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || ::dup2(fd, STDERR_FILENO) < 0) ::_exit(126);
    ::close_range(3, ~0u, 0);
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }

  void AwaitTold(std::string_view line) {
    while (true) {
      pollfd ready{.fd = socket_, .events = POLLIN};
      ASSERT_EQ(::poll(&ready, 1, kPatienceMs), 1) << line << " is not told; " << dir_.Read("log");
      std::array<char, 4096> buffer;
      const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
      const std::string message(buffer.data(), static_cast<size_t>(std::max<ssize_t>(got, 0)));
      if (message.find(Concat(line, "\n")) != message.npos) return;
    }
  }

  void AwaitLogged(std::string_view text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (dir_.Read("log").find(text) == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << text << ": " << dir_.Read("log");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  void HandOver() {
    ASSERT_EQ(::kill(pid_, SIGUSR2), 0);
    AwaitTold("RELOADING=1");
    AwaitTold("READY=1");
  }

  int End(int signal) {
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string Proc(std::string_view what) const { return Concat("/proc/", pid_, "/", what); }
  std::string ProgramOfProcess() const { return fs::read_symlink(Proc("exe")).string(); }
  std::string ReadProc(std::string_view what) const {
    std::ifstream in(Proc(what), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // What the process's open files are, without those of the event loop and the network.
  std::multiset<std::string> Files() const {
    std::multiset<std::string> files;
    for (const auto& entry : fs::directory_iterator(Proc("fd"))) {
      std::error_code gone;
      const std::string file = fs::read_symlink(entry, gone).string();
      files.insert(file.substr(0, file.find('[')));
    }
    return files;
  }
  // Where the schedule stands that the agent leaves when it is stopped.
  ScheduleState LeftSchedule() {
    std::ifstream in("/proc/sys/kernel/random/boot_id");
    std::string boot;
    std::getline(in, boot);
    return TakeSchedule(dir_.Path("state/schedule.pb"), boot).value();
  }

  StateDir dir_;
  int socket_ = -1;
  pid_t pid_ = -1;
};

TEST_F(HandOverTest, TheProcessStaysAndRunsTheNewProgramWithTheSameArguments) {
  Start();
  const std::string arguments = ReadProc("cmdline"), environment = ReadProc("environ");
  Install();
  EXPECT_EQ(ProgramOfProcess(), Program() + " (deleted)");
  HandOver();
  EXPECT_EQ(ProgramOfProcess(), Program());
  EXPECT_EQ(ReadProc("cmdline"), arguments);
  EXPECT_EQ(ReadProc("environ"), environment);
  AwaitTold("WATCHDOG=1");
  EXPECT_EQ(End(SIGTERM), 0) << dir_.Read("log");
}

TEST_F(HandOverTest, NoDescriptorAndNoHeldSignalIsPassedOn) {
  Assign(3);
  Start();
  AwaitTold("WATCHDOG=1");
  const auto files = Files();
  for (int i = 0; i < 3; ++i) {
    HandOver();
    AwaitTold("WATCHDOG=1");
  }
  const auto now = Files();
  EXPECT_LE(now.size(), files.size() + 2);  // sockets of checks and of the uplink come and go
  EXPECT_EQ(now.count(dir_.Path("state/lock")), 1u);
  EXPECT_EQ(now.count(dir_.Path("state/spool.db")), files.count(dir_.Path("state/spool.db")));
  EXPECT_NE(ReadProc("status").find("SigBlk:\t0000000000000000"), std::string::npos);
  EXPECT_EQ(End(SIGTERM), 0);
}

TEST_F(HandOverTest, EveryCheckKeepsItsPlaceOverAStopAndHandOvers) {
  Assign(20);
  Start();
  EXPECT_EQ(End(SIGTERM), 0);
  const std::string path = dir_.Path("state/schedule.pb");
  fs::copy_file(path, dir_.Path("before"));
  Start();
  EXPECT_FALSE(fs::exists(path)) << "it would be taken up twice";
  HandOver();
  HandOver();
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(End(SIGTERM), 0);
  const ScheduleState after = LeftSchedule();
  fs::rename(dir_.Path("before"), path);
  const ScheduleState before = LeftSchedule();
  ASSERT_EQ(before.checks.size(), 20u);
  ASSERT_EQ(after.checks.size(), 20u);
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(after.checks[i].origin, before.checks[i].origin);
}

TEST_F(HandOverTest, ASuccessorThatCannotReadTheConfigurationIsNotBegun) {
  Start();
  WriteConfig("spoool: {}\n");
  ASSERT_EQ(::kill(pid_, SIGUSR2), 0);
  AwaitLogged("the agent does not hand over and goes on as it is");
  AwaitLogged("spoool");
  AwaitTold("WATCHDOG=1");
  WriteConfig("");
  HandOver();  // the next time it can
  EXPECT_EQ(End(SIGTERM), 0);
}

TEST_F(HandOverTest, AProgramThatEndsOrIsNoneIsNotBegun) {
  Start();
  InstallScript("#!/bin/sh\necho of another machine\nexit 3\n");
  ASSERT_EQ(::kill(pid_, SIGUSR2), 0);
  AwaitLogged("exit code 3; it says: of another machine");
  fs::remove(Program());
  ASSERT_EQ(::kill(pid_, SIGUSR2), 0);
  AwaitLogged("No such file or directory; is it there, and executable?");
  AwaitTold("WATCHDOG=1");
  EXPECT_EQ(End(SIGTERM), 0);
}

// It passes its check and is gone then: the agent has closed everything by that time.
TEST_F(HandOverTest, WhenTheSuccessorCannotBeStartedTheAgentGoesOn) {
  Assign(3);
  Start();
  InstallScript("#!/bin/sh\nrm \"$0\"\n");
  ASSERT_EQ(::kill(pid_, SIGUSR2), 0);
  AwaitTold("RELOADING=1");
  AwaitTold("READY=1");
  AwaitLogged("the successor cannot be started; this program goes on");
  AwaitTold("WATCHDOG=1");
  Install();
  HandOver();
  EXPECT_EQ(End(SIGTERM), 0);
}

}  // namespace
}  // namespace postwatch::agent
