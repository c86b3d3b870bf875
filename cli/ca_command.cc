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

constexpr auto kFlags = std::to_array<FlagSpec>({
    {"dir", "DIR", "where the authority lives: ca.pem and ca.key (default .)"},
    {"out", "DIR",
     "where an issued identity goes: ca.pem, cert.pem, key.pem (default: a folder of its name)"},
    {"days", "N", "lifetime in days (default 3650 for the authority, 365 for an identity)"},
    {"dns", "NAME", "issue collector: a name agents dial; may be repeated"},
    {"ip", "IP", "issue collector: an address agents dial; may be repeated"},
    {"force", "", "replace files that are there"},
    {"help", "", "this text"},
});

constexpr std::string_view kUsageText =
    "usage: postwatch ca init [--dir DIR]\n"
    "       postwatch ca issue [--dir DIR] [--out DIR] collector --dns NAME --ip IP\n"
    "       postwatch ca issue [--dir DIR] [--out DIR] agent REGION NAME\n";

int Complain(std::string_view what, int code) {
  std::fprintf(stderr, "postwatch ca: %s\n", std::string(what).c_str());
  return code;
}

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

int Init(const Flags& flags) {
  const fs::path dir = flags.Get("dir", ".");
  absl::Status status = MakeFolder(dir);
  const absl::StatusOr<absl::Duration> lifetime = Lifetime(flags, 3650);
  if (status.ok()) status = lifetime.status();
  if (!status.ok()) return Complain(FromAbsl(status.message()), kUnknown);
  const absl::StatusOr<IssuedCertificate> authority =
      MakeAuthority("postwatch", absl::Now(), *lifetime);
  if (!authority.ok()) return Complain(FromAbsl(authority.status().message()), kUnknown);
  status = WriteIssuedCertificate(*authority, dir / "ca.pem", dir / "ca.key",
                                  flags.Has("force") ? Overwrite::kReplace : Overwrite::kRefuse);
  if (!status.ok()) return Complain(FromAbsl(status.message()), kUnknown);
  std::printf("made the authority %s; keep %s where only you can read it\n",
              (dir / "ca.pem").c_str(), (dir / "ca.key").c_str());
  return kOk;
}

absl::StatusOr<IdentityRequest> ReadRequest(const Flags& flags) {
  const std::vector<std::string>& words = flags.words();
  IdentityRequest request{.dns_names = flags.All("dns"), .ips = flags.All("ip")};
  if (words.size() == 2 && words[1] == "collector") {
    request.identity = {.role = PeerRole::kCollector};
    if (request.dns_names.empty() && request.ips.empty()) {
      return absl::InvalidArgumentError(
          "issue collector needs --dns or --ip: the names by which agents reach it");
    }
  } else if (words.size() == 4 && words[1] == "agent") {
    request.identity = {.role = PeerRole::kAgent, .region = words[2], .name = words[3]};
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
  if (!request.ok()) return Complain(FromAbsl(request.status().message()), kUsage);
  const fs::path dir = flags.Get("dir", ".");
  const absl::StatusOr<IssuedCertificate> authority =
      LoadIssuedCertificate(dir / "ca.pem", dir / "ca.key");
  if (!authority.ok()) {
    return Complain(
        Concat(FromAbsl(authority.status().message()), "; `postwatch ca init` makes an authority"),
        kUnknown);
  }
  const absl::StatusOr<IssuedCertificate> issued = IssueIdentity(*authority, *request, absl::Now());
  if (!issued.ok()) return Complain(FromAbsl(issued.status().message()), kUnknown);
  const bool collector = request->identity.role == PeerRole::kCollector;
  const fs::path out =
      flags.Get("out", (dir / (collector ? "collector" : request->identity.name)).string());
  const Overwrite overwrite = flags.Has("force") ? Overwrite::kReplace : Overwrite::kRefuse;
  absl::Status status = MakeFolder(out);
  if (status.ok()) {
    status = WriteIssuedCertificate(*issued, out / "cert.pem", out / "key.pem", overwrite);
  }
  if (!status.ok()) return Complain(FromAbsl(status.message()), kUnknown);
  std::error_code error;
  fs::copy_file(dir / "ca.pem", out / "ca.pem", fs::copy_options::overwrite_existing, error);
  if (error) return Complain(Concat("cannot copy ca.pem: ", error.message()), kUnknown);
  std::printf("wrote ca.pem, cert.pem and key.pem to %s\n", out.c_str());
  return kOk;
}

}  // namespace

int RunCa(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Complain(FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::printf("%s%s", std::string(kUsageText).c_str(), FlagHelp(kFlags).c_str());
    return kOk;
  }
  const std::vector<std::string>& words = flags->words();
  if (words.size() == 1 && words[0] == "init") return Init(*flags);
  if (!words.empty() && words[0] == "issue") return Issue(*flags);
  std::fprintf(stderr, "%s", std::string(kUsageText).c_str());
  return kUsage;
}

}  // namespace postwatch::cli
