#include "cli/init/init_command.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "cli/check/check_flags.h"
#include "cli/check/one_shot.h"
#include "cli/command.h"
#include "cli/init/domain_portrait.h"
#include "cli/init/first_config.h"
#include "cli/printable.h"
#include "cli/write_file.h"
#include "common/base/text.h"
#include "common/checks/mail/address_settings.h"

namespace postwatch::cli {
namespace {

constexpr std::string_view kVerb = "init";
constexpr std::string_view kTimeout = "30s";

constexpr std::array kFlags = {
    FlagSpec{"mailbox", "ADDRESS", "of a mailbox that agents may use for log-ins and round trips"},
    FlagSpec{"out", "FILE", "what to write; - is the standard output (default collector.yaml)"},
    FlagSpec{"tls", "FOLDER",
             "of the collector's ca.pem, cert.pem and key.pem (default /etc/postwatch/collector)"},
    FlagSpec{"store", "STORE",
             "where the collector keeps its state (default "
             "sqlite:/var/lib/postwatch-collector/collector.db)"},
    FlagSpec{"resolver", "IP[:PORT]", "ask this DNS server (default: /etc/resolv.conf)"},
    FlagSpec{"timeout", "DURATION", "of the look at the domain (default 30s)"},
    FlagSpec{"force", "", "replace the file if it is there"},
    FlagSpec{"help", "", "this text"}};

constexpr char kUsageText[] =
    "usage: postwatch init DOMAIN [flags]\n\n"
    "Looks at a domain (its MX hosts and who runs them, SPF, DKIM, DMARC, MTA-STS, DANE, its\n"
    "registration) and writes a first configuration of a collector that watches it, with what was\n"
    "found in the comments. Logs in nowhere and sends no mail.\n\n";

// The flags that are those of `postwatch check`, which reads them.
absl::StatusOr<OneShotOptions> ReadWhat(const Flags& flags) {
  std::vector<std::string> words = flags.words();
  for (const std::string& resolver : flags.All("resolver")) {
    words.push_back(Concat("--resolver=", resolver));
  }
  words.push_back(Concat("--timeout=", flags.Get("timeout", kTimeout)));
  const std::vector<std::string_view> arguments(words.begin(), words.end());
  const absl::StatusOr<Flags> shared = Flags::Parse(arguments, SharedCheckFlags());
  if (!shared.ok()) return shared.status();
  absl::StatusOr<OneShotOptions> options = ReadOneShotOptions(*shared);
  if (options.ok()) options->only = PortraitKinds();
  return options;
}

absl::StatusOr<FirstConfigOptions> ReadHow(const Flags& flags) {
  FirstConfigOptions options{
      .tls_folder = flags.Get("tls", "/etc/postwatch/collector"),
      .store = flags.Get("store", "sqlite:/var/lib/postwatch-collector/collector.db")};
  if (!flags.Has("mailbox")) return options;
  options.mailbox = flags.Get("mailbox");
  const std::string wrong = AddressMistake(*options.mailbox);
  if (wrong.empty()) return options;
  return absl::InvalidArgumentError(Concat("--mailbox ", Printable(wrong)));
}

void TellNext(const std::string& out, const FirstConfigOptions& how) {
  const std::string folder = Printable(how.tls_folder), file = Printable(out);
  std::printf(
      "wrote %s. Next:\n"
      "  postwatch ca init --dir ca                                   # once, and keep it safe\n"
      "  postwatch ca issue --dir ca --out %s collector --dns NAME    # NAME: where agents find "
      "it\n"
      "  postwatch-collector --config.file %s --config.check\n"
      "  postwatch-collector --config.file %s\n"
      "  postwatch ca token --dir ca agent REGION NAME --collector NAME # what to run on an "
      "agent's\n"
      "                                   # machine; needs `enrolment` in %s\n",
      file.c_str(), folder.c_str(), file.c_str(), file.c_str(), file.c_str());
}

int Write(const Flags& flags, const std::string& text, const FirstConfigOptions& how) {
  const std::string out = flags.Get("out", "collector.yaml");
  if (out == "-") {
    const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    return written ? kOk : Complain(kVerb, "cannot write to the standard output", kCannotWrite);
  }
  const absl::Status status = WriteTextFile(out, text, flags.Has("force"));
  if (!status.ok()) return Complain(kVerb, FromAbsl(status.message()), kCannotWrite);
  TellNext(out, how);
  return kOk;
}

}  // namespace

int RunInit(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::printf("%s%s", kUsageText, FlagHelp(kFlags).c_str());
    return kOk;
  }
  const absl::StatusOr<OneShotOptions> what = ReadWhat(*flags);
  if (!what.ok()) return Complain(kVerb, FromAbsl(what.status().message()), kUsage);
  const absl::StatusOr<FirstConfigOptions> how = ReadHow(*flags);
  if (!how.ok()) return Complain(kVerb, FromAbsl(how.status().message()), kUsage);
  const std::string out = flags->Get("out", "collector.yaml");
  if (out != "-" && !flags->Has("force") && std::filesystem::exists(out)) {
    return Complain(kVerb, Concat(Printable(out), " is there already; --force replaces it"),
                    kCannotWrite);
  }
  const absl::StatusOr<Report> report = RunOneShot(*what);
  if (!report.ok()) return Complain(kVerb, FromAbsl(report.status().message()), kUnknown);
  if (report->interrupted) return Complain(kVerb, "was interrupted; nothing is written", kUnknown);
  const DomainPortrait portrait = MakePortrait(*report);
  if (!portrait.exists) {
    return Complain(kVerb, Concat(portrait.domain, " does not exist in the DNS"), kUnknown);
  }
  if (const std::string why = WhyBlind(portrait); !why.empty()) {
    return Complain(kVerb, Concat("nothing could be asked, nothing is written: ", Printable(why)),
                    kUnknown);
  }
  return Write(*flags, FirstConfig(portrait, *how, absl::Now()), *how);
}

}  // namespace postwatch::cli
