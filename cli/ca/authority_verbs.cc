#include <array>
#include <cstdio>

#include "absl/time/clock.h"
#include "cli/ca/authority_folder.h"
#include "cli/ca/ca_verbs.h"
#include "cli/command.h"
#include "common/base/text.h"
#include "common/pki/authorities.h"
#include "common/pki/openssl_ptr.h"
#include "common/pki/pem_files.h"

namespace postwatch::cli {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kAuthorityLifetime = absl::Hours(24 * 3650);
constexpr char kAuthorityName[] = "postwatch";

constexpr std::array kInitFlags = {
    kDirFlag, FlagSpec{"days", "N", "lifetime in days (default 3650)"},
    FlagSpec{"force", "", "replace an authority that is there: what it issued is worthless then"},
    kHelpFlag};
constexpr std::array kRotateFlags = {
    kDirFlag, FlagSpec{"days", "N", "lifetime of the new one in days (default 3650)"},
    FlagSpec{"finish", "", "end the overlap: only the newest authority stays in ca.pem"},
    kHelpFlag};

int Init(const Flags& flags) {
  if (!flags.words().empty()) {
    return Complain("ca", "init takes no words, only flags", kUsage);
  }
  const AuthorityFolder folder(flags);
  const absl::StatusOr<absl::Duration> lifetime = DaysFlag(flags, kAuthorityLifetime);
  if (!lifetime.ok()) return ComplainOfCa(lifetime.status());
  const std::string taken = FilesThere({folder / "ca.pem", folder / "ca.key"});
  if (!taken.empty() && !flags.Has("force")) {
    return ComplainOfCa(absl::AlreadyExistsError(
        Concat("--force would replace ", taken,
               " and make everything issued with them worthless; nothing was changed")));
  }
  absl::Status status = MakeFolder(folder.path());
  if (!status.ok()) return ComplainOfCa(status);
  const absl::Time now = absl::Now();
  const absl::StatusOr<IssuedCertificate> authority = MakeAuthority(kAuthorityName, now, *lifetime);
  if (!authority.ok()) return ComplainOfCa(authority.status());
  status = WriteIssuedCertificate(*authority, folder / "ca.pem", folder / "ca.key",
                                  flags.Has("force") ? Overwrite::kReplace : Overwrite::kRefuse);
  if (status.ok()) status = folder.WriteRevocations(RevocationList(), *authority, now);
  if (!status.ok()) return ComplainOfCa(status);
  std::printf("made the authority %s; keep %s where only you can read it\n",
              (folder / "ca.pem").c_str(), (folder / "ca.key").c_str());
  return kOk;
}

// The first certificate of ca.pem alone.
int Finish(const AuthorityFolder& folder, const IssuedCertificate& authority) {
  const size_t trusted = AuthorityHashes(authority.certificate).size();
  const CertificatePtr newest = ReadCertificate(authority.certificate);
  absl::Status status = WritePemFile(folder / "ca.pem", ToPem(newest.get()), Readers::kEverybody,
                                     Overwrite::kReplace);
  if (!status.ok()) return ComplainOfCa(status);
  std::error_code ignored;
  fs::remove(folder / "ca.previous.key", ignored);
  std::printf(
      "%s holds the newest authority alone now (before: %zu); give it to the collector as tls.ca.\n"
      "What older ones have issued is refused from then on.\n",
      (folder / "ca.pem").c_str(), trusted);
  return kOk;
}

// The old key is kept beside until the end, in case the machine stops between the two files.
absl::Status Replace(const AuthorityFolder& folder, const IssuedCertificate& before,
                     const IssuedCertificate& next, absl::Time now) {
  const absl::StatusOr<RevocationList> revoked = folder.Revocations();
  if (!revoked.ok()) return revoked.status();
  absl::StatusOr<std::string> both = MergeAuthorities(next.certificate, before.certificate, now);
  if (!both.ok()) return both.status();
  absl::Status status = WritePemFile(folder / "ca.previous.key", before.key.Reveal(),
                                     Readers::kNobody, Overwrite::kReplace);
  if (!status.ok()) return status;
  status = WriteIssuedCertificate({*both, next.key.Clone()}, folder / "ca.pem", folder / "ca.key",
                                  Overwrite::kReplace);
  if (!status.ok()) return status;
  return folder.WriteRevocations(*revoked, next, now);
}

int Rotate(const Flags& flags) {
  if (!flags.words().empty()) {
    return Complain("ca", "rotate takes no words, only flags", kUsage);
  }
  const AuthorityFolder folder(flags);
  const absl::StatusOr<IssuedCertificate> before = folder.Load();
  if (!before.ok()) return ComplainOfCa(before.status());
  if (flags.Has("finish")) return Finish(folder, *before);
  const absl::StatusOr<absl::Duration> lifetime = DaysFlag(flags, kAuthorityLifetime);
  if (!lifetime.ok()) return ComplainOfCa(lifetime.status());
  const absl::Time now = absl::Now();
  const absl::StatusOr<IssuedCertificate> next = MakeAuthority(kAuthorityName, now, *lifetime);
  if (!next.ok()) return ComplainOfCa(next.status());
  const absl::Status status = Replace(folder, *before, *next, now);
  if (!status.ok()) return ComplainOfCa(status);
  std::printf(
      "made the next authority; %s holds it and those before it. Next:\n"
      "1. give ca.pem to the collector as tls.ca, and to agents that do not renew themselves;\n"
      "   with `enrolment`, give it ca.pem and ca.key as enrolment.ca_cert and enrolment.ca_key;\n"
      "2. when every agent has renewed its certificate, `postwatch ca renew collector`;\n"
      "3. `postwatch ca rotate --finish`, and give the collector the shorter ca.pem.\n",
      (folder / "ca.pem").c_str());
  return kOk;
}

constexpr auto kVerbs = std::to_array<CaVerb>({
    {"init", "postwatch ca init [flags]", kInitFlags, Init},
    {"rotate", "postwatch ca rotate [--finish] [flags]", kRotateFlags, Rotate},
});

}  // namespace

std::span<const CaVerb> AuthorityVerbs() { return kVerbs; }

}  // namespace postwatch::cli
