#include "cli/fleet/export_command.h"

#include <array>
#include <cstdio>
#include <string>

#include "absl/time/time.h"
#include "cli/command.h"
#include "cli/fleet/collector_client.h"
#include "cli/printable.h"
#include "common/base/flags.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr std::string_view kVerb = "export";
constexpr std::array kFlags = {
    FlagSpec{"since", "TIME", "from when: 2026-05-01T08:30:00Z, or seconds since 1970"},
    FlagSpec{"until", "TIME", "until when, the same (default: up to now)"},
    FlagSpec{"collector", "URL", "the collector's HTTP address (default http://127.0.0.1:7480)"},
    FlagSpec{"help", "", "this text"}};

// Whole seconds since 1970.
absl::StatusOr<int64_t> ReadTime(const Flags& flags, std::string_view name) {
  const std::string text = flags.Get(name);
  if (const std::optional<int64_t> seconds = ParseInteger(text); seconds && *seconds >= 0) {
    return *seconds;
  }
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error) && time >= absl::UnixEpoch()) {
    return absl::ToUnixSeconds(time);
  }
  return absl::InvalidArgumentError(
      Concat("--", name, " '", Printable(text),
             "' is no time such as 2026-05-01T08:30:00Z, nor seconds since 1970"));
}

}  // namespace

int RunExport(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::printf(
        "usage: postwatch export --since TIME [flags]\n\n"
        "Prints what agents reported to a collector in that time, for `postwatch replay`.\n\n%s",
        FlagHelp(kFlags).c_str());
    return kOk;
  }
  if (!flags->words().empty()) return Complain(kVerb, "takes flags only; see --help", kUsage);
  if (!flags->Has("since")) return Complain(kVerb, "--since is missing; see --help", kUsage);
  const absl::StatusOr<int64_t> since = ReadTime(*flags, "since");
  if (!since.ok()) return Complain(kVerb, FromAbsl(since.status().message()), kUsage);
  std::string url = Concat(CollectorUrl(*flags), "/api/v1/export?since=", *since);
  if (flags->Has("until")) {
    const absl::StatusOr<int64_t> until = ReadTime(*flags, "until");
    if (!until.ok()) return Complain(kVerb, FromAbsl(until.status().message()), kUsage);
    Append(url, "&until=", *until);
  }
  const absl::StatusOr<std::string> answer = AskCollector(CollectorMethod::kGet, url);
  if (!answer.ok()) return Complain(kVerb, FromAbsl(answer.status().message()), kUnknown);
  const size_t written = std::fwrite(answer->data(), 1, answer->size(), stdout);
  if (written == answer->size() && std::fflush(stdout) == 0) return kOk;
  return Complain(kVerb, "cannot write to the standard output", kCannotWrite);
}

}  // namespace postwatch::cli
