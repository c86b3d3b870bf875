// postwatch-collector: takes in what agents see, tells whose fault it is, and alerts.
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "collector/collector.h"
#include "collector/config.h"
#include "collector/config_files.h"
#include "collector/config_schema.h"
#include "collector/plan.h"
#include "collector/running_config.h"
#include "collector/store/open_store.h"
#include "common/base/clock.h"
#include "common/base/file_wait.h"
#include "common/base/flags.h"
#include "common/base/log.h"
#include "common/base/signals.h"
#include "common/base/text.h"
#include "common/systemd/supervisor.h"
#include "common/wire/grpc_log.h"

namespace {

using postwatch::Clock;
using postwatch::Concat;
using postwatch::Flags;
using postwatch::FlagSpec;
using postwatch::FromAbsl;
using postwatch::Supervisor;
using postwatch::collector::BackUpStore;
using postwatch::collector::CheckCollectorConfig;
using postwatch::collector::CollectorConfig;
using postwatch::collector::FleetPlan;
using postwatch::collector::LoadCollectorConfig;
using postwatch::collector::MakeCollector;
using postwatch::collector::MakePlan;
using postwatch::collector::RestoreStore;
using postwatch::collector::RunningConfig;

constexpr int kBadConfig = 1;
constexpr int kBadUsage = 64;

constexpr auto kFlags = std::to_array<FlagSpec>({
    {"config.file", "FILE", "the configuration; docs/examples/collector.yaml explains every key"},
    {"config.check", "", "check the configuration and its files, print all mistakes, and exit"},
    {"config.describe", "", "print what the configuration says, as GET /api/v1/config, and exit"},
    {"config.schema", "", "print the JSON Schema of the configuration, for editors, and exit"},
    {"config.keys", "", "print every key of the configuration with what it takes, and exit"},
    {"config.wait", "", "if the configuration is not there yet, wait for it"},
    {"store.backup", "FILE", "copy the store to this new file, check the copy, and exit"},
    {"store.restore", "FILE", "check this copy, put it in the store's place, and exit"},
    {"store.move-aside", "", "with --store.restore: keep the store that is there, renamed"},
    {"log.level", "LEVEL", "debug, info, warn or error (default info)"},
    {"log.format", "FORMAT", "text or json (default text)"},
    {"version", "", "print the version"},
    {"help", "", "this text"},
});

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "%s\n", std::string(FromAbsl(status.message())).c_str());
  return code;
}

// A core dump would hold secrets.
void ForbidCoreDumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

// Either flag without running, or both at once.
int LookAtConfig(const std::string& path, bool check, bool describe) {
  const absl::StatusOr<CollectorConfig> config =
      check ? CheckCollectorConfig(path, absl::Now()) : LoadCollectorConfig(path);
  if (!config.ok()) return Fail(config.status(), kBadConfig);
  if (describe) {
    postwatch::Mistakes none;
    RunningConfig told(path);
    told.Begin(*config, absl::Now());
    const FleetPlan plan = MakePlan(*config, none);
    std::printf("%s\n", told.Json({config->targets, plan}, 0).c_str());
    return 0;
  }
  std::printf("%s: no mistakes, %zu targets\n", path.c_str(), config->targets.size());
  return 0;
}

// Either flag: needs no more of the configuration than where the store is, but that is read whole.
int CopyStore(const std::string& path, const Flags& flags) {
  const absl::StatusOr<CollectorConfig> config = LoadCollectorConfig(path);
  if (!config.ok()) return Fail(config.status(), kBadConfig);
  const auto tell = [](std::string_view line) {
    std::fprintf(stderr, "%s\n", std::string(line).c_str());
  };
  const bool restore = flags.Has("store.restore");
  const std::string file = flags.Get(restore ? "store.restore" : "store.backup");
  const absl::Status done =
      restore
          ? RestoreStore(config->store, file,
                         {.move_aside = flags.Has("store.move-aside"), .now = absl::Now()}, tell)
          : BackUpStore(config->store, file, tell);
  if (!done.ok()) {
    return Fail(absl::Status(done.code(), Concat(restore ? "restore" : "back up",
                                                 " the store: ", FromAbsl(done.message()))),
                1);
  }
  if (restore) {
    std::printf("%s is now what %s was copied from\n", config->store.c_str(), file.c_str());
  } else {
    std::printf("%s: a whole copy of %s\n", file.c_str(), config->store.c_str());
  }
  return 0;
}

// False when it is asked to end before there is a configuration.
bool WaitForConfig(const std::string& path, const Clock& clock, Supervisor& supervisor) {
  const std::string wait = Concat("waits for its configuration, ", path);
  bool told = false;
  return postwatch::WaitForFile(path, [&] {
    if (!std::exchange(told, true)) postwatch::Log(postwatch::LogLevel::kInfo, wait);
    supervisor.Pulse(clock.Steady(), wait);
  });
}

int RunCollector(const std::string& path, bool wait) {
  postwatch::HoldSignals({SIGHUP, SIGINT, SIGTERM});  // until somebody waits for them
  const postwatch::SystemClock clock;
  Supervisor supervisor = postwatch::SystemdSupervisor();
  if (wait && !WaitForConfig(path, clock, supervisor)) return 0;
  absl::StatusOr<CollectorConfig> config = LoadCollectorConfig(path);
  if (!config.ok()) return Fail(config.status(), kBadConfig);
  const auto pulse = [&](std::string_view state) { supervisor.Pulse(clock.Steady(), state); };
  auto collector = MakeCollector(
      *std::move(config), {.config_path = path, .version = POSTWATCH_VERSION, .on_tick = pulse});
  if (absl::IsCancelled(collector.status())) return 0;  // asked to end while standing by
  if (!collector.ok()) return Fail(collector.status(), kBadConfig);
  const absl::Status status = (*collector)->Run();
  return status.ok() ? 0 : Fail(status, 1);
}

}  // namespace

int main(int argc, char** argv) {
  ForbidCoreDumps();
  postwatch::SendGrpcLogToOurs();
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Fail(flags.status(), kBadUsage);
  if (flags->Has("help")) {
    std::printf("usage: postwatch-collector --config.file FILE [flags]\n\n%s",
                postwatch::FlagHelp(kFlags).c_str());
    return 0;
  }
  if (flags->Has("version")) {
    std::printf("postwatch-collector %s\n", POSTWATCH_VERSION);
    return 0;
  }
  if (flags->Has("config.schema") || flags->Has("config.keys")) {
    const std::string text = flags->Has("config.keys") ? postwatch::collector::CollectorKeys()
                                                       : postwatch::collector::CollectorSchema();
    std::printf("%s", text.c_str());
    return 0;
  }
  if (!flags->words().empty()) {
    return Fail(absl::InvalidArgumentError(
                    Concat("what is '", flags->words()[0], "'? flags begin with --; see --help")),
                kBadUsage);
  }
  const auto level = postwatch::ParseLogLevel(flags->Get("log.level", "info"));
  if (!level.ok()) return Fail(level.status(), kBadUsage);
  const auto format = postwatch::ParseLogFormat(flags->Get("log.format", "text"));
  if (!format.ok()) return Fail(format.status(), kBadUsage);
  postwatch::ConfigureLog(*level, *format);
  const std::string path = flags->Get("config.file");
  if (path.empty()) {
    return Fail(absl::InvalidArgumentError("--config.file FILE is missing; see --help"), kBadUsage);
  }
  if (flags->Has("store.backup") && flags->Has("store.restore")) {
    return Fail(absl::InvalidArgumentError("--store.backup and --store.restore exclude each other"),
                kBadUsage);
  }
  if (flags->Has("store.backup") || flags->Has("store.restore")) return CopyStore(path, *flags);
  const bool check = flags->Has("config.check"), describe = flags->Has("config.describe");
  return check || describe ? LookAtConfig(path, check, describe)
                           : RunCollector(path, flags->Has("config.wait"));
}
