#include "cli/check/check_command.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "cli/check/one_shot.h"
#include "cli/check/report.h"
#include "cli/command.h"
#include "common/base/flags.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/config/yaml_file.h"

namespace postwatch::cli {
namespace {

constexpr std::string_view kVerb = "check";
constexpr uint16_t kDnsPort = 53;

constexpr auto kFlags = std::to_array<FlagSpec>({
    {"mailbox", "FILE", "YAML file of a mailbox: turns on submission, access and round trip"},
    {"resolver", "IP[:PORT]", "ask this DNS server; may be repeated (default: /etc/resolv.conf)"},
    {"ca-file", "FILE", "trust the CA certificates of this PEM file instead of the system's"},
    {"format", "text|json", "json is described by docs/schema/check.schema.json (default text)"},
    {"only", "KIND,...", "only these check kinds"},
    {"fail-on", "warning|critical", "critical: exit 0 on warnings (default warning)"},
    {"timeout", "DURATION", "of each check, such as 10s (default 60s)"},
    {"help", "", "this text"},
});

absl::StatusOr<std::vector<Address>> Resolvers(const Flags& flags) {
  std::vector<Address> servers;
  for (const std::string& text : flags.All("resolver")) {
    const std::optional<Address> server = ParseAddress(text, kDnsPort);
    if (!server || server->port == 0) {
      return absl::InvalidArgumentError(
          Concat("--resolver '", text, "' is not an IP address, with or without :PORT"));
    }
    servers.push_back(*server);
  }
  if (!servers.empty()) return servers;
  std::ifstream in("/etc/resolv.conf");
  std::ostringstream text;
  text << in.rdbuf();
  return ParseResolvConf(text.str());
}

absl::StatusOr<OneShotOptions> ReadOptions(const Flags& flags) {
  if (flags.words().size() != 1) {
    return absl::InvalidArgumentError("takes one DOMAIN; see --help");
  }
  OneShotOptions options{.domain = AsciiLower(flags.words()[0]), .ca_file = flags.Get("ca-file")};
  if (options.domain.ends_with('.')) options.domain.pop_back();
  if (!IsDomainName(options.domain)) {
    return absl::InvalidArgumentError(
        Concat("'", options.domain, "' is not a domain name such as example.com"));
  }
  const std::string format = flags.Get("format", "text");
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(Concat("--format '", format, "' is none of text, json"));
  }
  const std::string fail_on = flags.Get("fail-on", "warning");
  if (fail_on != "warning" && fail_on != "critical") {
    return absl::InvalidArgumentError(
        Concat("--fail-on '", fail_on, "' is none of warning, critical"));
  }
  if (!absl::ParseDuration(flags.Get("timeout", "60s"), &options.timeout) ||
      options.timeout < absl::Seconds(1) || options.timeout > absl::Minutes(10)) {
    return absl::InvalidArgumentError("--timeout must be a duration from 1s to 10m");
  }
  if (flags.Has("only")) {
    for (const std::string_view kind : Split(flags.Get("only"), ',')) {
      options.only.emplace_back(Trim(kind));
    }
  }
  absl::StatusOr<std::vector<Address>> resolvers = Resolvers(flags);
  if (!resolvers.ok()) return resolvers.status();
  options.resolvers = *std::move(resolvers);
  if (flags.Has("mailbox")) {
    absl::StatusOr<Settings> mailbox = LoadYaml(flags.Get("mailbox"));
    if (!mailbox.ok()) return absl::InvalidArgumentError(mailbox.status().message());
    options.mailbox = *std::move(mailbox);
  }
  return options;
}

int ExitCodeOf(ReportStatus status, const Flags& flags) {
  switch (status) {
    case ReportStatus::kOk:
      return kOk;
    case ReportStatus::kWarning:
      return flags.Get("fail-on") == "critical" ? kOk : kWarning;
    case ReportStatus::kCritical:
      return kCritical;
    case ReportStatus::kUnknown:
      return kUnknown;
  }
  return kUnknown;
}

}  // namespace

int RunCheck(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::printf(
        "usage: postwatch check DOMAIN [flags]\n\n%s\nCheck kinds: %s.\n"
        "Exit: 0 ok, 1 warning, 2 critical, 3 could not test, 64 usage.\n",
        FlagHelp(kFlags).c_str(), Join(OneShotKinds(), ", ").c_str());
    return kOk;
  }
  absl::StatusOr<OneShotOptions> options = ReadOptions(*flags);
  if (!options.ok()) return Complain(kVerb, FromAbsl(options.status().message()), kUsage);
  if (::isatty(STDERR_FILENO)) {
    options->progress = [](std::string_view what) {
      std::fprintf(stderr, "\r\033[Kchecking %s ...", std::string(what).c_str());
    };
  }
  const absl::StatusOr<Report> report = RunOneShot(*options);
  if (options->progress) std::fprintf(stderr, "\r\033[K");
  if (!report.ok()) {
    const bool usage = absl::IsInvalidArgument(report.status());
    return Complain(kVerb, FromAbsl(report.status().message()), usage ? kUsage : kUnknown);
  }
  const bool json = flags->Get("format", "text") == "json";
  std::fputs((json ? JsonReport(*report) : TextReport(*report)).c_str(), stdout);
  return ExitCodeOf(report->status(), *flags);
}

}  // namespace postwatch::cli
