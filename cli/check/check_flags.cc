#include "cli/check/check_flags.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "cli/paragraphs.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"
#include "common/config/yaml_file.h"

namespace postwatch::cli {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr absl::Duration kMinTimeout = absl::Seconds(1);
constexpr absl::Duration kMaxTimeout = absl::Minutes(10);

constexpr auto kFlags = std::to_array<FlagSpec>({
    {"mailbox", "FILE", "YAML file of a mailbox: turns on submission, access and round trip"},
    {"resolver", "IP[:PORT]", "ask this DNS server; may be repeated (default: /etc/resolv.conf)"},
    {"ca-file", "FILE", "trust the CA certificates of this PEM file instead of the system's"},
    {"only", "KIND,...", "only these check kinds"},
    {"timeout", "DURATION", "of all checks together, such as 20s (default 60s)"},
    {"baseline", "FILE", "an earlier report (--format json): only what is new or worse counts"},
    {"fail-on", "warning|critical", "critical: exit 0 on warnings (default warning)"},
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

}  // namespace

std::span<const FlagSpec> SharedCheckFlags() { return kFlags; }

absl::StatusOr<OneShotOptions> ReadOneShotOptions(const Flags& flags) {
  if (flags.words().size() != 1) {
    return absl::InvalidArgumentError("takes one DOMAIN; see --help");
  }
  OneShotOptions options{.domain = AsciiLower(flags.words()[0]), .ca_file = flags.Get("ca-file")};
  if (options.domain.ends_with('.')) options.domain.pop_back();
  if (!IsDomainName(options.domain)) {
    return absl::InvalidArgumentError(
        Concat("'", options.domain, "' is not a domain name such as example.com"));
  }
  const absl::StatusOr<absl::Duration> timeout =
      ReadDuration(flags, "timeout", "60s", kMinTimeout, kMaxTimeout);
  if (!timeout.ok()) return timeout.status();
  options.timeout = *timeout;
  for (const std::string& only : flags.All("only")) {
    for (const std::string_view kind : Split(only, ',')) options.only.emplace_back(Trim(kind));
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

absl::StatusOr<FindingSeverity> ReadFailOn(const Flags& flags) {
  const std::string name = flags.Get("fail-on", "warning");
  if (name == "warning") return FindingSeverity::kWarning;
  if (name == "critical") return FindingSeverity::kCritical;
  return absl::InvalidArgumentError(Concat("--fail-on '", name, "' is none of warning, critical"));
}

absl::StatusOr<absl::Duration> ReadDuration(const Flags& flags, std::string_view name,
                                            std::string_view fallback, absl::Duration least,
                                            absl::Duration most) {
  absl::Duration duration;
  if (!absl::ParseDuration(flags.Get(name, fallback), &duration) || duration < least ||
      duration > most) {
    return absl::InvalidArgumentError(Concat("--", name, " must be a duration from ",
                                             absl::FormatDuration(least), " to ",
                                             absl::FormatDuration(most)));
  }
  return duration;
}

std::string CheckKindHelp() {
  size_t width = 0;
  for (const CheckKind& kind : CheckKinds()) width = std::max(width, kind.name.size());
  std::string help;
  for (const std::string& name : OneShotKinds()) {
    const CheckKind& kind = *FindCheckKind(name);
    help += Paragraph(Concat("  ", name, std::string(width - name.size(), ' '), "  "),
                      Concat(kind.meaning, kind.needs_mailbox ? " (with --mailbox)" : ""));
  }
  return help;
}

}  // namespace postwatch::cli
