// postwatch-agent: looks at mail services from where it stands, and reports to the collector.
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "agent/agent.h"
#include "agent/config_files.h"
#include "agent/config_schema.h"
#include "agent/handover.h"
#include "agent/join.h"
#include "common/base/clock.h"
#include "common/base/file_wait.h"
#include "common/base/flags.h"
#include "common/base/log.h"
#include "common/base/signals.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"
#include "common/systemd/supervisor.h"
#include "common/wire/grpc_log.h"

namespace {

using postwatch::CheckKind;
using postwatch::CheckKinds;
using postwatch::Clock;
using postwatch::Concat;
using postwatch::ConfigureLog;
using postwatch::FlagHelp;
using postwatch::Flags;
using postwatch::FlagSpec;
using postwatch::FromAbsl;
using postwatch::Log;
using postwatch::LogFormat;
using postwatch::LogLevel;
using postwatch::ParseLogFormat;
using postwatch::ParseLogLevel;
using postwatch::SendGrpcLogToOurs;
using postwatch::Supervisor;
using postwatch::SystemClock;
using postwatch::SystemdSupervisor;
using postwatch::WaitForFile;
namespace agent = postwatch::agent;

constexpr int kExitBadConfig = 1;
constexpr int kExitUsage = 64;  // EX_USAGE

constexpr std::array<FlagSpec, 9> kFlags = {{
    {"config.file", "FILE", "the configuration; docs/examples/agent.yaml shows every key"},
    {"config.check", "", "check the configuration and its files, print all mistakes and exit"},
    {"config.schema", "", "print the JSON Schema of the configuration, for editors, and exit"},
    {"config.keys", "", "print every key of the configuration with what it takes, and exit"},
    {"config.wait", "", "if the configuration is not there yet, wait for it"},
    {"log.level", "LEVEL", "debug, info, warn or error (default info)"},
    {"log.format", "FORMAT", "text or json (default text)"},
    {"version", "", "print the version and exit"},
    {"help", "", "print this and exit"},
}};

void PrintHelp() {
  std::printf(
      "usage: postwatch-agent --config.file FILE [FLAGS]\n"
      "       postwatch-agent join COLLECTOR --token TOKEN --ca-hash HASH [FLAGS]\n\n%s\n"
      "checks it can run:\n",
      FlagHelp(kFlags).c_str());
  for (const CheckKind& kind : CheckKinds()) {
    std::printf("  %-14s %s\n", std::string(kind.name).c_str(), std::string(kind.meaning).c_str());
  }
}

// What the kernel has put behind the arguments (the psABI's process stack); `environ` has what was
// added since, also before main.
std::vector<std::string> GivenEnvironment(int argc, char** argv) {
  std::vector<std::string> environment;
  for (char** entry = argv + argc + 1; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

int Fail(int code, const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(FromAbsl(status.message())).c_str());
  return code;
}

// Credentials pass through this process's memory: it must not end up in a core file.
void DisableCoreDumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

// gRPC's threads would each get a heap of their own; the agent is to be small.
void KeepHeapSmall() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

absl::Status ConfigureLogFrom(const Flags& flags) {
  const absl::StatusOr<LogLevel> level = ParseLogLevel(flags.Get("log.level", "info"));
  if (!level.ok()) return level.status();
  const absl::StatusOr<LogFormat> format = ParseLogFormat(flags.Get("log.format", "text"));
  if (!format.ok()) return format.status();
  ConfigureLog(*level, *format);
  return absl::OkStatus();
}

int CheckConfig(const std::string& file) {
  const absl::Status status = agent::CheckAgentConfig(file, absl::Now()).status();
  if (!status.ok()) return Fail(kExitBadConfig, status);
  std::printf("%s: no mistakes\n", file.c_str());
  return 0;
}

// False when it is asked to end before there is a configuration.
bool WaitForConfig(const std::string& file, const Clock& clock, Supervisor& supervisor) {
  const std::string wait =
      Concat("waits for ", file, "; `postwatch-agent join COLLECTOR ...` makes it");
  bool told = false;
  return WaitForFile(file, [&] {
    if (!std::exchange(told, true)) Log(LogLevel::kInfo, wait, {});
    supervisor.Pulse(clock.Steady(), wait);
  });
}

int RunAgent(const std::string& file, bool wait, const agent::Successor& successor) {
  const SystemClock clock;
  Supervisor supervisor = SystemdSupervisor();
  if (wait && !WaitForConfig(file, clock, supervisor)) return 0;
  const auto pulse = [&](std::string_view reasons) {
    supervisor.Pulse(clock.Steady(), reasons.empty() ? "reports to the collector" : reasons);
  };
  while (true) {
    absl::StatusOr<agent::AgentConfig> config = agent::LoadAgentConfig(file);
    if (!config.ok()) return Fail(kExitBadConfig, config.status());
    absl::StatusOr<std::unique_ptr<agent::Agent>> running =
        agent::Agent::Make({file, POSTWATCH_VERSION, pulse, &successor}, *std::move(config));
    if (!running.ok()) return Fail(kExitBadConfig, running.status());
    if ((*running)->Run() == agent::AgentEnd::kStopped) return 0;
    supervisor.Reloading(clock.Steady(), "hands over to its successor");
    running->reset();
    const absl::Status failed = successor.Become();
    Log(LogLevel::kError, "the successor cannot be started; this program goes on",
        {{"error", failed.ToString()}});
  }
}

}  // namespace

int main(int argc, char** argv) {
  DisableCoreDumps();
  postwatch::HoldSignals({SIGUSR2});
  SendGrpcLogToOurs();
  KeepHeapSmall();
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments[0] == "join") {
    return agent::RunJoin(std::span(arguments).subspan(1));
  }
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Fail(kExitUsage, flags.status());
  if (flags->Has("help")) {
    PrintHelp();
    return 0;
  }
  if (flags->Has("version")) {
    std::printf("postwatch-agent %s\n", POSTWATCH_VERSION);
    return 0;
  }
  if (flags->Has("config.schema") || flags->Has("config.keys")) {
    const std::string text = flags->Has("config.keys") ? agent::AgentKeys() : agent::AgentSchema();
    std::printf("%s", text.c_str());
    return 0;
  }
  if (absl::Status status = ConfigureLogFrom(*flags); !status.ok()) {
    return Fail(kExitUsage, status);
  }
  if (!flags->words().empty() || !flags->Has("config.file")) {
    return Fail(kExitUsage, absl::InvalidArgumentError(
                                "usage: postwatch-agent --config.file FILE (see --help)"));
  }
  const std::string file = flags->Get("config.file");
  if (flags->Has("config.check")) return CheckConfig(file);
  const agent::Successor successor(agent::OwnProgram(), {argv, argv + argc},
                                   GivenEnvironment(argc, argv), file);
  return RunAgent(file, flags->Has("config.wait"), successor);
}
