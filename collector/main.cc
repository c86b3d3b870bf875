// postwatch-collector: takes in what agents see, tells whose fault it is, and alerts.
#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

#include "absl/time/clock.h"
#include "collector/collector.h"
#include "collector/config.h"
#include "collector/config_files.h"
#include "common/base/flags.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/wire/grpc_log.h"

namespace {

using postwatch::Flags;
using postwatch::FlagSpec;
using postwatch::FromAbsl;
using postwatch::collector::CheckCollectorConfig;
using postwatch::collector::CollectorConfig;
using postwatch::collector::LoadCollectorConfig;
using postwatch::collector::MakeCollector;

constexpr int kBadConfig = 1;
constexpr int kBadUsage = 64;

constexpr auto kFlags = std::to_array<FlagSpec>({
    {"config.file", "FILE", "the configuration; docs/examples/collector.yaml explains every key"},
    {"config.check", "", "check the configuration and its files, print all mistakes, and exit"},
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

int RunCollector(const Flags& flags) {
  const std::string path = flags.Get("config.file");
  if (path.empty()) {
    return Fail(absl::InvalidArgumentError("--config.file FILE is missing; see --help"), kBadUsage);
  }
  const bool check_only = flags.Has("config.check");
  absl::StatusOr<CollectorConfig> config =
      check_only ? CheckCollectorConfig(path, absl::Now()) : LoadCollectorConfig(path);
  if (!config.ok()) return Fail(config.status(), kBadConfig);
  if (check_only) {
    std::printf("%s: no mistakes, %zu targets\n", path.c_str(), config->targets.size());
    return 0;
  }
  auto collector =
      MakeCollector(*std::move(config), {.config_path = path, .version = POSTWATCH_VERSION});
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
  const auto level = postwatch::ParseLogLevel(flags->Get("log.level", "info"));
  if (!level.ok()) return Fail(level.status(), kBadUsage);
  const auto format = postwatch::ParseLogFormat(flags->Get("log.format", "text"));
  if (!format.ok()) return Fail(format.status(), kBadUsage);
  postwatch::ConfigureLog(*level, *format);
  return RunCollector(*flags);
}
