#include "cli/check/watch_command.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "cli/check/baseline.h"
#include "cli/check/check_flags.h"
#include "cli/check/watch.h"
#include "cli/command.h"
#include "common/base/text.h"
#include "common/net/event_clock.h"

namespace postwatch::cli {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kVerb = "watch";
constexpr absl::Duration kMinEvery = absl::Seconds(5);
constexpr absl::Duration kMaxEvery = absl::Hours(1);
constexpr absl::Duration kMinLength = absl::Seconds(5);
constexpr absl::Duration kMaxLength = absl::Hours(24);

constexpr auto kOwnFlags = std::to_array<FlagSpec>({
    {"for", "DURATION", "how long, such as 10m (default 10m)"},
    {"every", "DURATION", "from one round of checks to the next (default 60s)"},
    {"format", "text|json", "json: one object a line (default text)"},
    {"help", "", "this text"},
});

constexpr std::string_view kUsageText =
    "usage: postwatch watch DOMAIN [--for 10m] [--every 60s] [flags]\n\n"
    "Checks a domain's mail, then again and again until the time is up, and prints what changes:\n"
    "for a pipeline that rolls something out. What was wrong before (in the first round, or in "
    "the\n"
    "baseline) does not count. What is worse counts once it is seen in two rounds in a row; what "
    "is\n"
    "new in the last round is looked at once more.\n\n";

constexpr std::string_view kExitText =
    "\nExit: 0 nothing is worse at the end than before, 1 a warning is new, 2 something critical "
    "is\n"
    "new, 3 could not test, or interrupted, 64 usage.\n"
    "\nExamples:\n"
    "  postwatch watch example.com --for 10m\n"
    "  postwatch check example.com --format json > before.json; deploy; \\\n"
    "    postwatch watch example.com --baseline before.json --for 5m --fail-on critical\n";

std::vector<FlagSpec> AllFlags() {
  const std::span<const FlagSpec> shared = SharedCheckFlags();
  std::vector<FlagSpec> flags(kOwnFlags.begin(), kOwnFlags.end() - 1);
  flags.insert(flags.end(), shared.begin(), shared.end());
  flags.push_back(kOwnFlags.back());
  return flags;
}

Task<void> SleepAndStop(EventClock& clock, absl::Duration duration, asio::io_context& loop) {
  const absl::Status slept = co_await clock.SleepFor(duration);
  if (slept.ok()) loop.stop();
}

// False when a signal came first.
bool Wait(EventClock& clock, absl::Duration duration) {
  asio::io_context loop;
  bool interrupted = false;
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    interrupted = true;
    loop.stop();
  });
  asio::co_spawn(loop, SleepAndStop(clock, duration, loop), asio::detached);
  loop.run();
  return !interrupted;
}

absl::StatusOr<WatchOptions> ReadWatchOptions(const Flags& flags, const std::string& domain) {
  const std::string format = flags.Get("format", "text");
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(Concat("--format '", format, "' is none of text, json"));
  }
  WatchOptions options{.domain = domain, .json = format == "json"};
  const absl::StatusOr<absl::Duration> length =
      ReadDuration(flags, "for", "10m", kMinLength, kMaxLength);
  if (!length.ok()) return length.status();
  const absl::StatusOr<absl::Duration> every =
      ReadDuration(flags, "every", "60s", kMinEvery, kMaxEvery);
  if (!every.ok()) return every.status();
  if (*every > *length) return absl::InvalidArgumentError("--every is longer than --for");
  options.length = *length;
  options.every = *every;
  const absl::StatusOr<FindingSeverity> fail_on = ReadFailOn(flags);
  if (!fail_on.ok()) return fail_on.status();
  options.fail_on = *fail_on;
  return options;
}

int ExitCodeOf(ReportStatus status) {
  switch (status) {
    case ReportStatus::kOk:
      return kOk;
    case ReportStatus::kWarning:
      return kWarning;
    case ReportStatus::kCritical:
      return kCritical;
    case ReportStatus::kUnknown:
      return kUnknown;
  }
  return kUnknown;
}

int Watch(const WatchOptions& options, const OneShotOptions& checks) {
  const std::unique_ptr<EventClock> clock = MakeSystemEventClock();
  const WatchWorld world{
      .clock = *clock,
      .check = [&checks] { return RunOneShot(checks); },
      .wait = [&clock](absl::Duration duration) { return Wait(*clock, duration); },
      .print =
          [](std::string_view text) {
            std::fwrite(text.data(), 1, text.size(), stdout);
            std::fflush(stdout);
          }};
  const absl::StatusOr<ReportStatus> status = RunWatch(options, world);
  if (status.ok()) return ExitCodeOf(*status);
  const bool usage = absl::IsInvalidArgument(status.status());
  return Complain(kVerb, FromAbsl(status.status().message()), usage ? kUsage : kUnknown);
}

}  // namespace

int RunWatchCommand(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, AllFlags());
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::fputs(Concat(kUsageText, FlagHelp(AllFlags()), kExitText).c_str(), stdout);
    return kOk;
  }
  const absl::StatusOr<OneShotOptions> checks = ReadOneShotOptions(*flags);
  if (!checks.ok()) return Complain(kVerb, FromAbsl(checks.status().message()), kUsage);
  absl::StatusOr<WatchOptions> options = ReadWatchOptions(*flags, checks->domain);
  if (!options.ok()) return Complain(kVerb, FromAbsl(options.status().message()), kUsage);
  if (flags->Has("baseline")) {
    absl::StatusOr<std::vector<Finding>> before =
        LoadBaseline(flags->Get("baseline"), checks->domain);
    if (!before.ok()) {
      return Complain(kVerb, FromAbsl(before.status().message()),
                      absl::IsNotFound(before.status()) ? kNoInput : kDataError);
    }
    options->before = *std::move(before);
  }
  return Watch(*options, *checks);
}

}  // namespace postwatch::cli
