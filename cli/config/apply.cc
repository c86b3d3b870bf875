// `postwatch config apply`. The HTTP API has no login, so it is not what carries a configuration:
// whoever may write the collector's file may apply, and nobody else.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "cli/command.h"
#include "cli/config/config_command.h"
#include "cli/config/config_plan.h"
#include "cli/config/file_swap.h"
#include "cli/fleet/collector_client.h"
#include "cli/printable.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr std::string_view kThis = "config apply";
constexpr std::string_view kDefaultFile = "/etc/postwatch/collector.yaml";
constexpr int kRefused = 1;

int Refuse(const absl::Status& status) {
  return Complain(kThis, FromAbsl(status.message()),
                  absl::IsUnavailable(status) ? static_cast<int>(kUnknown) : kRefused);
}

// The path comes from who calls, never from the collector: what answers at its address could be
// another program, and would choose what a privileged caller overwrites.
absl::Status CheckPlace(const std::string& file, const ToldConfig& running) {
  std::error_code error;
  if (std::filesystem::equivalent(file, running.file, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(Concat("the collector does not run ", Printable(file),
                                              " but ", Printable(running.file),
                                              "; name its own file by --file, on its machine"));
}

// What someone wrote into the file and never made the collector take up must not be lost unseen.
absl::Status CheckNothingIsLost(const std::string& file, const ToldConfig& running) {
  const absl::StatusOr<ToldConfig> on_disk = DescribeFile(file, false, file);
  if (!on_disk.ok()) {
    return absl::Status(on_disk.status().code(),
                        Concat(on_disk.status().message(), "; --force replaces it all the same"));
  }
  if (on_disk->digest == running.digest || on_disk->digest == running.waiting) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      Concat(Printable(file),
             " was changed and the collector runs it as it was before: reload it, "
             "put the change into the new file, or --force"));
}

absl::Status CheckExpected(const Flags& flags, const ToldConfig& running) {
  if (!flags.Has("expect") || flags.Get("expect") == running.digest) return absl::OkStatus();
  return absl::FailedPreconditionError(Concat("the collector runs ", Printable(running.digest),
                                              " by now, not ", Printable(flags.Get("expect")),
                                              ": look at `postwatch config plan` again"));
}

absl::Status Confirm(const Flags& flags) {
  if (flags.Has("yes")) return absl::OkStatus();
  if (::isatty(STDIN_FILENO) == 0) {
    return absl::FailedPreconditionError("nobody is there to be asked: say --yes");
  }
  std::printf("apply this? [y/N] ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes") return absl::OkStatus();
  return absl::CancelledError("nothing was changed");
}

// In place, taken up, or back as it was.
absl::Status Exchange(const Flags& flags, FileSwap& swap) {
  if (absl::Status status = swap.Commit(); !status.ok()) return status;
  const std::string url = Concat(CollectorUrl(flags), "/-/reload");
  const absl::StatusOr<std::string> reloaded = AskCollector(CollectorMethod::kPost, url);
  if (reloaded.ok()) return absl::OkStatus();
  const absl::Status undone = swap.Undo();
  return absl::FailedPreconditionError(
      Concat(reloaded.status().message(),
             undone.ok() ? "; the file is as it was" : Concat("; ", undone.message())));
}

int TellResult(const Flags& flags, const ConfigPlan& plan) {
  const absl::StatusOr<ToldConfig> now = AskRunningConfig(flags);
  if (!now.ok()) return Refuse(now.status());
  if (now->digest == plan.digest_wanted) {
    std::printf("applied; the collector runs %s\n", Printable(now->digest).c_str());
    return kPlanSame;
  }
  if (now->waiting != plan.digest_wanted) {
    return Refuse(absl::FailedPreconditionError(
        "the collector took up something else: its file was changed at the same time, or ${NAME} "
        "is not the same in its environment"));
  }
  std::printf("applied; what is marked (at a restart) waits for one\n");
  return kPlanChanges;
}

}  // namespace

int RunConfigApply(const Flags& flags) {
  const std::string file = flags.Get("file", kDefaultFile);
  const absl::StatusOr<std::string> text = ReadWholeFile(flags.words()[0]);
  if (!text.ok()) return Refuse(text.status());
  const absl::StatusOr<ToldConfig> running = AskRunningConfig(flags);
  if (!running.ok()) return Refuse(running.status());
  absl::Status status = CheckPlace(file, *running);
  if (status.ok()) status = CheckExpected(flags, *running);
  if (status.ok() && !flags.Has("force")) status = CheckNothingIsLost(file, *running);
  if (!status.ok()) return Refuse(status);

  absl::StatusOr<FileSwap> swap = FileSwap::Prepare(file, *text);
  if (!swap.ok()) return Refuse(swap.status());
  const absl::StatusOr<ToldConfig> wanted = DescribeFile(swap->candidate(), true, flags.words()[0]);
  if (!wanted.ok()) return Refuse(wanted.status());
  const ConfigPlan plan = MakeConfigPlan(*running, *wanted);
  std::printf("%s", PlanText(plan).c_str());
  std::fflush(stdout);
  if (!plan.empty()) status = Confirm(flags);
  if (!status.ok()) return Refuse(status);

  // While somebody thought about it, another may have applied something.
  const absl::StatusOr<ToldConfig> still = AskRunningConfig(flags);
  if (!still.ok()) return Refuse(still.status());
  if (still->digest != running->digest) {
    return Refuse(absl::FailedPreconditionError("the collector runs something else by now"));
  }
  status = Exchange(flags, *swap);
  return status.ok() ? TellResult(flags, plan) : Refuse(status);
}

}  // namespace postwatch::cli
