#include "cli/check/check_command.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "cli/check/baseline.h"
#include "cli/check/check_flags.h"
#include "cli/check/one_shot.h"
#include "cli/check/progress.h"
#include "cli/command.h"
#include "cli/formats/formats.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr std::string_view kVerb = "check";

constexpr auto kOwnFlags = std::to_array<FlagSpec>({
    {"format", "NAME", "how the report is written, see below (default text)"},
    {"color", "never|auto|always", "auto: colours on a terminal (default auto)"},
    {"progress", "", "one line on stderr for each check that ends"},
    {"help", "", "this text"},
});

constexpr std::string_view kUsageText =
    "usage: postwatch check DOMAIN [flags]\n\n"
    "Checks a domain's mail once, from here: everything that needs no credentials, and with\n"
    "--mailbox logins and a letter's round trip too. Changes nothing. Ctrl-C prints what is known "
    "so\n"
    "far.\n\n";

constexpr std::string_view kExitText =
    "\nExit: 0 ok, 1 warning, 2 critical, 3 could not test, 64 usage. Notes fail nothing.\n"
    "\nExamples:\n"
    "  postwatch check example.com\n"
    "  postwatch check example.com --mailbox mailbox.yaml --timeout 3m\n"
    "  postwatch check example.com --resolver 9.9.9.9 --resolver 8.8.8.8 --only dns.mx,dns.spf\n"
    "  postwatch check example.com --format json > before.json       # a baseline is such a "
    "report\n"
    "  postwatch check example.com --baseline before.json --format junit > mail.xml\n"
    "\n`postwatch explain CLASS` tells more of a finding, `postwatch watch` repeats the checks.\n";

std::vector<FlagSpec> AllFlags() {
  const std::span<const FlagSpec> shared = SharedCheckFlags();
  std::vector<FlagSpec> flags(shared.begin(), shared.end());
  flags.insert(flags.end(), kOwnFlags.begin(), kOwnFlags.end());
  return flags;
}

std::string Help() {
  std::string formats;
  for (const ReportFormat& format : ReportFormats()) {
    std::string name(format.name);
    name.resize(8, ' ');
    Append(formats, "  ", name, format.meaning, "\n");
  }
  return Concat(kUsageText, FlagHelp(AllFlags()), "\nFormats:\n", formats, "\nCheck kinds:\n",
                CheckKindHelp(), kExitText);
}

// How the report is to be written, beside what is to be checked.
struct Output {
  const ReportFormat* format = nullptr;
  FormatOptions options;
  bool progress = false;
};

absl::StatusOr<Output> ReadOutput(const Flags& flags) {
  Output output;
  const std::string format = flags.Get("format", "text");
  output.format = FindReportFormat(format);
  if (output.format == nullptr) {
    return absl::InvalidArgumentError(
        Concat("--format '", format, "' is none of ", ReportFormatNames()));
  }
  const absl::StatusOr<FindingSeverity> fail_on = ReadFailOn(flags);
  if (!fail_on.ok()) return fail_on.status();
  output.options.fail_on = *fail_on;
  const std::string color = flags.Get("color", "auto");
  if (color != "never" && color != "auto" && color != "always") {
    return absl::InvalidArgumentError(
        Concat("--color '", color, "' is none of never, auto, always"));
  }
  output.options.color = color == "always" || (color == "auto" && ::isatty(STDOUT_FILENO));
  output.progress = flags.Has("progress");
  return output;
}

// On a terminal one line that is written over; else nothing, or with --progress a line a check.
std::function<void(const PoolProgress&)> Teller(const Output& output) {
  if (output.progress) {
    return [](const PoolProgress& progress) { std::fputs(ProgressLine(progress).c_str(), stderr); };
  }
  if (!::isatty(STDERR_FILENO)) return nullptr;
  return [](const PoolProgress& progress) {
    const bool over = progress.done == progress.total;
    std::fprintf(stderr, "\r\033[K%s", over ? "" : ProgressText(progress).c_str());
  };
}

int ExitCodeOf(ReportStatus status, FindingSeverity fail_on) {
  switch (status) {
    case ReportStatus::kOk:
      return kOk;
    case ReportStatus::kWarning:
      return fail_on == FindingSeverity::kCritical ? kOk : kWarning;
    case ReportStatus::kCritical:
      return kCritical;
    case ReportStatus::kUnknown:
      return kUnknown;
  }
  return kUnknown;
}

}  // namespace

int RunCheck(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, AllFlags());
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::fputs(Help().c_str(), stdout);
    return kOk;
  }
  absl::StatusOr<OneShotOptions> options = ReadOneShotOptions(*flags);
  if (!options.ok()) return Complain(kVerb, FromAbsl(options.status().message()), kUsage);
  const absl::StatusOr<Output> output = ReadOutput(*flags);
  if (!output.ok()) return Complain(kVerb, FromAbsl(output.status().message()), kUsage);
  std::optional<std::vector<Finding>> before;
  if (flags->Has("baseline")) {
    absl::StatusOr<std::vector<Finding>> loaded =
        LoadBaseline(flags->Get("baseline"), options->domain);
    if (!loaded.ok()) {
      return Complain(kVerb, FromAbsl(loaded.status().message()),
                      absl::IsNotFound(loaded.status()) ? kNoInput : kDataError);
    }
    before = *std::move(loaded);
  }
  options->progress = Teller(*output);
  absl::StatusOr<Report> report = RunOneShot(*options);
  if (!report.ok()) {
    const bool usage = absl::IsInvalidArgument(report.status());
    return Complain(kVerb, FromAbsl(report.status().message()), usage ? kUsage : kUnknown);
  }
  if (before) CompareWith(*before, *report);
  std::fputs(output->format->write(*report, output->options).c_str(), stdout);
  return ExitCodeOf(report->status(), output->options.fail_on);
}

}  // namespace postwatch::cli
