#include "cli/ca_command.h"

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "cli/command.h"
#include "common/base/flags.h"
#include "common/base/text.h"
#include "common/pki/ca.h"
#include "common/pki/pem_files.h"

namespace postwatch::cli {
namespace {

namespace fs = std::filesystem;

constexpr FlagSpec kDir = {"dir", "DIR",
                           "where the authority lives: ca.pem and ca.key (default .)"};
constexpr FlagSpec kHelp = {"help", "", "this text"};

constexpr std::array kInitFlags = {
    kDir, FlagSpec{"days", "N", "lifetime in days (default 3650)"},
    FlagSpec{"force", "", "replace an authority that is there: what it issued is worthless then"},
    kHelp};
constexpr std::array kIssueFlags = {
    kDir,
    FlagSpec{"out", "DIR", "where it goes: ca.pem, cert.pem, key.pem (default: DIR/its name)"},
    FlagSpec{"days", "N", "lifetime in days (default 365)"},
    FlagSpec{"dns", "NAME", "collector: a name agents dial; may be repeated"},
    FlagSpec{"ip", "IP", "collector: an address agents dial; may be repeated"},
    FlagSpec{"force", "", "replace files that are there"},
    kHelp};

constexpr std::string_view kInitUsage = "usage: postwatch ca init [flags]\n";
constexpr std::string_view kIssueUsage =
    "usage: postwatch ca issue collector --dns NAME --ip IP [flags]\n"
    "       postwatch ca issue agent REGION NAME [flags]\n";
constexpr std::string_view kVerb = "ca";
constexpr std::string_view kUsageText =
    "usage: postwatch ca init [flags]\n"
    "       postwatch ca issue collector --dns NAME --ip IP [flags]\n"
    "       postwatch ca issue agent REGION NAME [flags]\n"
    "`postwatch ca init --help` and `postwatch ca issue --help` tell the flags.\n";

absl::StatusOr<absl::Duration> Lifetime(const Flags& flags, int64_t fallback_days) {
  if (!flags.Has("days")) return absl::Hours(24) * fallback_days;
  const std::optional<int64_t> days = ParseInteger(flags.Get("days"));
  if (!days || *days < 1 || *days > 36500) {
    return absl::InvalidArgumentError("--days must be a whole number from 1 to 36500");
  }
  return absl::Hours(24) * *days;
}

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return absl::UnavailableError(Concat("cannot make ", folder.string(), ": ", error.message()));
  }
  return absl::OkStatus();
}

// What the command line asks for cannot be: usage. All else is what the machine does not let us do.
int ComplainOf(const absl::Status& status) {
  const bool usage = absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status);
  return Complain(kVerb, FromAbsl(status.message()), usage ? kUsage : kUnknown);
}

// Which of the files are there and would be replaced: "a and b"; empty when none is.
std::string Taken(const std::vector<fs::path>& files) {
  std::vector<std::string> there;
  for (const fs::path& file : files) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(file, ignored))) there.push_back(file.string());
  }
  return Join(there, " and ");
}

int Init(const Flags& flags) {
  if (!flags.words().empty()) return Complain(kVerb, "init takes no words, only flags", kUsage);
  const fs::path dir = flags.Get("dir", ".");
  const absl::StatusOr<absl::Duration> lifetime = Lifetime(flags, 3650);
  if (!lifetime.ok()) return ComplainOf(lifetime.status());
  const std::string taken = Taken({dir / "ca.pem", dir / "ca.key"});
  if (!taken.empty() && !flags.Has("force")) {
    return ComplainOf(absl::AlreadyExistsError(
        Concat("--force would replace ", taken,
               " and make everything issued with them worthless; nothing was changed")));
  }
  absl::Status status = MakeFolder(dir);
  if (!status.ok()) return ComplainOf(status);
  const absl::StatusOr<IssuedCertificate> authority =
      MakeAuthority("postwatch", absl::Now(), *lifetime);
  if (!authority.ok()) return ComplainOf(authority.status());
  status = WriteIssuedCertificate(*authority, dir / "ca.pem", dir / "ca.key",
                                  flags.Has("force") ? Overwrite::kReplace : Overwrite::kRefuse);
  if (!status.ok()) return ComplainOf(status);
  std::printf("made the authority %s; keep %s where only you can read it\n",
              (dir / "ca.pem").c_str(), (dir / "ca.key").c_str());
  return kOk;
}

absl::StatusOr<IdentityRequest> ReadRequest(const Flags& flags) {
  const std::vector<std::string>& words = flags.words();
  IdentityRequest request{.dns_names = flags.All("dns"), .ips = flags.All("ip")};
  if (words.size() == 1 && words[0] == "collector") {
    request.identity = {.role = PeerRole::kCollector};
    if (request.dns_names.empty() && request.ips.empty()) {
      return absl::InvalidArgumentError(
          "issue collector needs --dns or --ip: the names by which agents reach it");
    }
  } else if (words.size() == 3 && words[0] == "agent") {
    request.identity = {.role = PeerRole::kAgent, .region = words[1], .name = words[2]};
    if (!request.dns_names.empty() || !request.ips.empty()) {
      return absl::InvalidArgumentError(
          "--dns and --ip are for `issue collector`: nobody dials agents");
    }
  } else {
    return absl::InvalidArgumentError("issue takes `collector`, or `agent REGION NAME`");
  }
  const absl::StatusOr<absl::Duration> lifetime = Lifetime(flags, 365);
  if (!lifetime.ok()) return lifetime.status();
  request.lifetime = *lifetime;
  return request;
}

int Issue(const Flags& flags) {
  const absl::StatusOr<IdentityRequest> request = ReadRequest(flags);
  if (!request.ok()) return ComplainOf(request.status());
  const fs::path dir = flags.Get("dir", ".");
  const absl::StatusOr<IssuedCertificate> authority =
      LoadIssuedCertificate(dir / "ca.pem", dir / "ca.key");
  if (!authority.ok()) {
    return Complain(
        kVerb,
        Concat(FromAbsl(authority.status().message()), "; `postwatch ca init` makes an authority"),
        kUnknown);
  }
  const absl::StatusOr<IssuedCertificate> issued = IssueIdentity(*authority, *request, absl::Now());
  if (!issued.ok()) return ComplainOf(issued.status());
  const bool collector = request->identity.role == PeerRole::kCollector;
  const fs::path out =
      flags.Get("out", (dir / (collector ? "collector" : request->identity.name)).string());
  const std::string taken = Taken({out / "cert.pem", out / "key.pem"});
  if (!taken.empty() && !flags.Has("force")) {
    return ComplainOf(
        absl::AlreadyExistsError(Concat("--force would replace ", taken, "; nothing was changed")));
  }
  const Overwrite overwrite = flags.Has("force") ? Overwrite::kReplace : Overwrite::kRefuse;
  absl::Status status = MakeFolder(out);
  if (status.ok()) {
    status = WriteIssuedCertificate(*issued, out / "cert.pem", out / "key.pem", overwrite);
  }
  if (!status.ok()) return ComplainOf(status);
  std::error_code error;
  fs::copy_file(dir / "ca.pem", out / "ca.pem", fs::copy_options::overwrite_existing, error);
  if (error) return Complain(kVerb, Concat("cannot copy ca.pem: ", error.message()), kUnknown);
  std::printf("wrote ca.pem, cert.pem and key.pem to %s\n", out.c_str());
  return kOk;
}

int Run(std::span<const std::string_view> arguments, std::span<const FlagSpec> specs,
        std::string_view usage, int (*run)(const Flags&)) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, specs);
  if (!flags.ok()) return ComplainOf(flags.status());
  if (!flags->Has("help")) return run(*flags);
  std::printf("%s\n%s", std::string(usage).c_str(), FlagHelp(specs).c_str());
  return kOk;
}

}  // namespace

int RunCa(std::span<const std::string_view> arguments) {
  const std::string_view verb = arguments.empty() ? std::string_view() : arguments[0];
  if (verb == "init") return Run(arguments.subspan(1), kInitFlags, kInitUsage, Init);
  if (verb == "issue") return Run(arguments.subspan(1), kIssueFlags, kIssueUsage, Issue);
  const bool help = verb == "--help";
  std::fputs(std::string(kUsageText).c_str(), help ? stdout : stderr);
  return help ? kOk : kUsage;
}

}  // namespace postwatch::cli
