#include <array>
#include <cstdio>

#include "absl/time/clock.h"
#include "cli/ca/authority_folder.h"
#include "cli/ca/ca_verbs.h"
#include "cli/command.h"
#include "common/base/text.h"
#include "common/pki/certificate_request.h"
#include "common/pki/pem_files.h"

namespace postwatch::cli {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kIdentityLifetime = absl::Hours(24 * 365);

constexpr FlagSpec kOutFlag = {"out", "DIR",
                               "where it goes: ca.pem, cert.pem, key.pem (default: DIR/its name)"};
constexpr std::array kIssueFlags = {
    kDirFlag,
    kOutFlag,
    FlagSpec{"days", "N", "lifetime in days (default 365)"},
    FlagSpec{"dns", "NAME", "collector: a name agents dial; may be repeated"},
    FlagSpec{"ip", "IP", "collector: an address agents dial; may be repeated"},
    FlagSpec{"force", "", "replace files that are there"},
    kHelpFlag};
constexpr std::array kRenewFlags = {
    kDirFlag, FlagSpec{"out", "DIR", "where cert.pem and key.pem are (default: DIR/its name)"},
    FlagSpec{"days", "N", "lifetime in days (default: as long as before)"}, kHelpFlag};

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
  const absl::StatusOr<absl::Duration> lifetime = DaysFlag(flags, kIdentityLifetime);
  if (!lifetime.ok()) return lifetime.status();
  request.lifetime = *lifetime;
  return request;
}

fs::path OutFlag(const Flags& flags, const AuthorityFolder& folder, const PeerIdentity& identity) {
  const bool collector = identity.role == PeerRole::kCollector;
  return flags.Get("out", (folder / (collector ? "collector" : identity.name)).string());
}

int CopyAuthorities(const AuthorityFolder& folder, const fs::path& out) {
  std::error_code error;
  fs::copy_file(folder / "ca.pem", out / "ca.pem", fs::copy_options::overwrite_existing, error);
  if (error) return Complain("ca", Concat("cannot copy ca.pem: ", error.message()), kUnknown);
  return kOk;
}

int Issue(const Flags& flags) {
  absl::StatusOr<IdentityRequest> request = ReadRequest(flags);
  if (!request.ok()) return ComplainOfCa(request.status());
  const AuthorityFolder folder(flags);
  const absl::StatusOr<IssuedCertificate> authority = folder.Load();
  if (!authority.ok()) return ComplainOfCa(authority.status());
  const absl::StatusOr<absl::Time> enrolled = folder.EnrolAt(request->identity.name, absl::Now());
  if (!enrolled.ok()) return ComplainOfCa(enrolled.status());
  request->enrolled = *enrolled;
  const absl::StatusOr<IssuedCertificate> issued = IssueIdentity(*authority, *request, absl::Now());
  if (!issued.ok()) return ComplainOfCa(issued.status());
  const fs::path out = OutFlag(flags, folder, request->identity);
  const std::string taken = FilesThere({out / "cert.pem", out / "key.pem"});
  if (!taken.empty() && !flags.Has("force")) {
    return ComplainOfCa(
        absl::AlreadyExistsError(Concat("--force would replace ", taken, "; nothing was changed")));
  }
  const Overwrite overwrite = flags.Has("force") ? Overwrite::kReplace : Overwrite::kRefuse;
  absl::Status status = MakeFolder(out);
  if (status.ok()) {
    status = WriteIssuedCertificate(*issued, out / "cert.pem", out / "key.pem", overwrite);
  }
  if (!status.ok()) return ComplainOfCa(status);
  const int copied = CopyAuthorities(folder, out);
  if (copied != kOk) return copied;
  std::printf("wrote ca.pem, cert.pem and key.pem to %s\n", out.c_str());
  return kOk;
}

absl::StatusOr<PeerIdentity> ReadRenewed(const Flags& flags) {
  const std::vector<std::string>& words = flags.words();
  if (words.size() == 1 && words[0] == "collector") return PeerIdentity{PeerRole::kCollector};
  if (words.size() == 2 && words[0] == "agent") return PeerIdentity{PeerRole::kAgent, "", words[1]};
  return absl::InvalidArgumentError("renew takes `collector`, or `agent NAME`");
}

// What the certificate there asks for, if it is that of `wanted` and was not revoked.
absl::StatusOr<IdentityRequest> ReadOld(const AuthorityFolder& folder, const fs::path& file,
                                        const std::string& old, const PeerIdentity& wanted) {
  const absl::StatusOr<IdentityCertificate> is = ParseIdentityCertificate(old);
  if (!is.ok()) return is.status();
  if (is->identity.role != wanted.role || is->identity.name != wanted.name) {
    return absl::InvalidArgumentError(
        Concat(file.string(), " is the certificate of ", IdentityUri(is->identity).value_or("?")));
  }
  const absl::StatusOr<RevocationList> list = folder.Revocations();
  if (!list.ok()) return list.status();
  if (const std::optional<absl::Time> revoked = list->RevokedAt(*is)) {
    return absl::InvalidArgumentError(
        Concat(file.string(), " was revoked ", ShortTime(*revoked),
               "; its key may be in other hands. `postwatch ca issue` or `postwatch ca token` lets "
               "the agent in again with a new one"));
  }
  return RequestLike(old);
}

int Renew(const Flags& flags) {
  const absl::StatusOr<PeerIdentity> wanted = ReadRenewed(flags);
  if (!wanted.ok()) return ComplainOfCa(wanted.status());
  const AuthorityFolder folder(flags);
  const absl::StatusOr<IssuedCertificate> authority = folder.Load();
  if (!authority.ok()) return ComplainOfCa(authority.status());
  const fs::path out = OutFlag(flags, folder, *wanted);
  const absl::StatusOr<IssuedCertificate> old =
      LoadIssuedCertificate(out / "cert.pem", out / "key.pem");
  if (!old.ok()) return ComplainOfCa(old.status());
  absl::StatusOr<IdentityRequest> request =
      ReadOld(folder, out / "cert.pem", old->certificate, *wanted);
  if (!request.ok()) return ComplainOfCa(request.status());
  const absl::StatusOr<absl::Duration> lifetime = DaysFlag(flags, request->lifetime);
  if (!lifetime.ok()) return ComplainOfCa(lifetime.status());
  request->lifetime = *lifetime;
  const absl::StatusOr<std::string> signing = MakeCertificateRequest(old->key);
  if (!signing.ok()) return ComplainOfCa(signing.status());
  const absl::StatusOr<std::string> issued =
      IssueFromRequest(*authority, *signing, *std::move(request), absl::Now());
  if (!issued.ok()) return ComplainOfCa(issued.status());
  const absl::Status status =
      WritePemFile(out / "cert.pem", *issued, Readers::kEverybody, Overwrite::kReplace);
  if (!status.ok()) return ComplainOfCa(status);
  const int copied = CopyAuthorities(folder, out);
  if (copied != kOk) return copied;
  std::printf("renewed %s, for the same key, until %s\n", (out / "cert.pem").c_str(),
              ShortTime(ParseIdentityCertificate(*issued)->not_after).c_str());
  return kOk;
}

constexpr auto kVerbs = std::to_array<CaVerb>({
    {"issue",
     "postwatch ca issue collector --dns NAME --ip IP [flags]\n"
     "postwatch ca issue agent REGION NAME [flags]",
     kIssueFlags, Issue},
    {"renew", "postwatch ca renew collector|agent NAME [flags]", kRenewFlags, Renew},
});

}  // namespace

std::span<const CaVerb> CertificateVerbs() { return kVerbs; }

}  // namespace postwatch::cli
