#include "cli/init/first_config.h"

#include <algorithm>
#include <vector>

#include "cli/init/providers.h"
#include "cli/paragraphs.h"
#include "cli/printable.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxQuoted = 200;  // of a server's text in a comment
constexpr size_t kMaxLines = 12;    // of troubles
constexpr std::string_view kUnasked = "could not be asked";

// What agents need beside their certificates. Only their owner knows where these files are.
constexpr std::string_view kFleetText =
    "# Lets agents join by `postwatch ca token` and renew themselves; who has ca.key makes "
    "agents.\n"
    "# enrolment: {ca_cert: /etc/postwatch/ca/ca.pem, ca_key: /etc/postwatch/ca/ca.key}\n"
    "# Signs the letters of round trips, for the whole fleet: `openssl rand -hex 32` makes one.\n"
    "# fleet_key: {file: /etc/postwatch/fleet.key}\n\n";

// A value that YAML takes for nothing else, and in which no ${NAME} is looked for.
std::string YamlText(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@/:";
  const bool plain = !text.empty() && text.find_first_not_of(kPlain) == text.npos &&
                     text.front() != '-' && text.front() != '@' && text.front() != ':' &&
                     text.find(": ") == text.npos && !text.ends_with(':');
  if (plain) return std::string(text);
  std::string quoted;
  for (const char c : JsonString(text)) {
    if (c == '{' && quoted.ends_with('$')) quoted += '$';  // $${ stands for ${
    quoted += c;
  }
  return quoted;
}

std::string Quote(std::string_view text) {
  const std::string shown = Printable(Trim(Truncate(text, kMaxQuoted)));
  return text.size() > kMaxQuoted ? Concat(shown, "...") : shown;
}

std::string List(const std::vector<std::string>& values) {
  std::vector<std::string> texts;
  for (const std::string& value : values) texts.push_back(YamlText(value));
  return Concat("[", Join(texts, ", "), "]");
}

// Whom the record lets send besides the domain's own servers: "Google Workspace, SendGrid".
std::string KnownSenders(std::string_view spf) {
  std::vector<std::string> names;
  for (const std::string_view term : Split(spf, ' ')) {
    constexpr std::string_view kInclude = "include:";
    if (!StartsWithIgnoreCase(term, kInclude)) continue;
    const std::string name(SenderBehind(AsciiLower(term.substr(kInclude.size()))));
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return Join(names, ", ");
}

// Writes one target, line by line.
class TargetText {
 public:
  TargetText(const DomainPortrait& seen, const FirstConfigOptions& options)
      : seen_(seen), options_(options) {}

  std::string Write() {
    Line(2, Concat("- domain: ", YamlText(seen_.domain)));
    Provider();
    Mailbox();
    Line(4, "checks:");
    if (seen_.takes_no_mail) {
      Note("the domain says that it takes no mail (null MX, RFC 7505)");
      for (const char* kind : {"dns.mx", "smtp.mx", "tls.cert"}) {
        Line(6, Concat(kind, ": {enabled: false}"));
      }
    } else {
      Mx();
    }
    Senders();
    Transport();
    Registration();
    OwnersBusiness();
    return std::move(out_);
  }

 private:
  void Line(size_t indent, std::string_view text) {
    Append(out_, std::string(indent, ' '), text, "\n");
  }
  void Note(std::string_view text) { Line(6, Concat("# ", text)); }

  // What is not there, or is not known to be.
  std::string Absent(std::string_view kind, std::string_view what, std::string_view none) const {
    return seen_.unasked.contains(kind) ? Concat("for ", what, " it ", kUnasked)
                                        : std::string(none);
  }

  void Provider() {
    const ProviderGuess guess = GuessProvider(seen_.domain, seen_.mx_hosts);
    const std::string why =
        !guess.title.empty()               ? Concat(guess.title, ", by its MX hosts")
        : guess.name != seen_.domain       ? std::string("by the names of its MX hosts")
        : seen_.unasked.contains("dns.mx") ? Concat("its MX hosts ", kUnasked)
                                           : std::string("it runs its own servers");
    Line(4, Concat("provider: ", YamlText(guess.name), "  # ", why,
                   "; targets of one provider are judged together"));
  }

  void Mailbox() {
    const bool given = options_.mailbox.has_value();
    const std::string address = given ? *options_.mailbox : Concat("probe@", seen_.domain);
    const std::string sign = given ? "" : "# ";
    if (!given) {
      Line(
          4,
          "# A mailbox made for this turns on log-ins and round trips, the checks that tell most.");
    }
    Line(4, Concat(sign, "mailbox:"));
    Line(4, Concat(sign, "  address: ", YamlText(address)));
    Line(4, Concat(sign, "  # a file on the agents' machines; the password never travels"));
    Line(4, Concat(sign, "  password: {file: /run/secrets/postwatch-probe}"));
  }

  void Mx() {
    if (seen_.mx_hosts.empty()) {
      Note(Concat("its MX hosts ", seen_.unasked.contains("dns.mx") ? kUnasked : "were not seen",
                  "; `expect` holds dns.mx to them"));
      return;
    }
    Note(Concat("MX now: ", Quote(seen_.mx_text), "; any other is a finding"));
    Line(6, Concat("dns.mx: {expect: ", List(seen_.mx_hosts), "}"));
  }

  void Senders() {
    if (seen_.spf.empty()) {
      Note(Concat(Absent("dns.spf", "an SPF record", "no SPF record that counts"),
                  "; once there is: dns.spf: {require: true}"));
    } else {
      const std::string known = KnownSenders(seen_.spf);
      Note(Concat("SPF: ", Quote(seen_.spf)));
      if (!known.empty()) Note(Concat("which lets send: ", known));
      if (seen_.spf_works) {
        Line(6, "dns.spf: {require: true}  # senders: [IP, ...] are held to pass");
      } else {
        Note("which does not work as it is; once it does: dns.spf: {require: true}");
      }
    }
    if (seen_.dkim_selectors.empty()) {
      Note(Concat(Absent("dns.dkim", "DKIM keys", "no DKIM key under a usual selector"),
                  "; if mail is signed: dns.dkim: {selectors: [NAME]}"));
    } else {
      Line(6, Concat("dns.dkim: {selectors: ", List(seen_.dkim_selectors), "}"));
    }
    if (seen_.dmarc_policy == "reject" || seen_.dmarc_policy == "quarantine" ||
        seen_.dmarc_policy == "none") {
      Line(6, Concat("dns.dmarc: {expect_policy: ", seen_.dmarc_policy,
                     "}  # as it is now; a weaker one is a finding"));
    } else {
      Note(Concat(Absent("dns.dmarc", "a DMARC policy", "no DMARC policy"),
                  "; once there is: dns.dmarc: {expect_policy: reject}"));
    }
  }

  void Transport() {
    if (!seen_.mtasts.empty()) Note(Concat("MTA-STS: ", Quote(seen_.mtasts)));
    if (!seen_.tlsrpt.empty()) Note(Concat("TLS-RPT: ", Quote(seen_.tlsrpt)));
    if (!seen_.takes_no_mail && (seen_.mtasts == "enforce" || seen_.dane)) {
      Note("senders are told to demand TLS, so that a server without it loses mail");
      Line(6, "smtp.mx: {require_tls: true}");
    }
    if (seen_.unsigned_zone) {
      Note("the zone is not signed: dns.tlsa (DANE) and dns.dnssec have little to do yet");
    }
  }

  void Registration() {
    if (seen_.expires.empty()) return;
    Note(Concat("registered with ", Quote(seen_.registrar), " until ", Quote(seen_.expires)));
  }

  // Own servers only: asking others' so is rude, or an attack.
  void OwnersBusiness() {
    const bool own = std::ranges::any_of(seen_.mx_hosts, [this](const std::string& host) {
      return host == seen_.domain || host.ends_with(Concat(".", seen_.domain));
    });
    if (!own) return;
    Note(
        "if the MX hosts are yours, see docs/examples/collector.yaml for smtp.relay and "
        "smtp.secondary");
  }

  const DomainPortrait& seen_;
  const FirstConfigOptions& options_;
  std::string out_;
};

void AppendTroubles(std::string_view title, const std::vector<std::string>& lines,
                    std::string& out) {
  if (lines.empty()) return;
  Append(out, "# ", title, "\n");
  for (size_t i = 0; i < lines.size() && i < kMaxLines; ++i) {
    Append(out, "#   ", Quote(lines[i]), "\n");
  }
  if (lines.size() > kMaxLines) Append(out, "#   ... and ", lines.size() - kMaxLines, " more\n");
}

}  // namespace

std::string FirstConfig(const DomainPortrait& portrait, const FirstConfigOptions& options,
                        absl::Time now) {
  std::string out = Concat(
      "# Postwatch's collector, to watch ", portrait.domain, ". Written by `postwatch init` on ",
      absl::FormatTime("%Y-%m-%d", now, absl::UTCTimeZone()), "\n",
      "# from what the domain publishes; what was found stands in the comments. Checks that are "
      "not\n"
      "# named here run with their defaults. docs/configuration.md explains every key.\n");
  AppendTroubles("What is wrong or weak already:", portrait.problems, out);
  AppendTroubles("What could not be looked at from here:", portrait.unseen, out);
  const std::string& folder = options.tls_folder;
  Append(out, "\n# From `postwatch ca init` and `postwatch ca issue ... collector`.\ntls:\n",
         "  ca: ", YamlText(folder + "/ca.pem"), "\n", "  cert: ", YamlText(folder + "/cert.pem"),
         "\n", "  key: ", YamlText(folder + "/key.pem"), "\n",
         "  # What `postwatch ca revoke` writes: who is in it is cut off.\n",
         "  # crl: ", YamlText(folder + "/crl.pem"), "\n\n", kFleetText,
         "store: ", YamlText(options.store), "\n\ntargets:\n",
         TargetText(portrait, options).Write());
  Append(out,
         "\n# Where alerts go. Without this they stand in the collector's log alone.\n"
         "# alerting:\n"
         "#   sinks:\n"
         "#     - {type: alertmanager, urls: [http://127.0.0.1:9093]}\n"
         "#     - {type: webhook, url: https://example.net/hook, secret: {file: "
         "/etc/postwatch/hook}}\n");
  return out;
}

}  // namespace postwatch::cli
