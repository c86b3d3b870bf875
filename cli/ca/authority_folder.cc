#include "cli/ca/authority_folder.h"

#include <algorithm>

#include "cli/command.h"
#include "common/base/text.h"
#include "common/pki/pem_files.h"

namespace postwatch::cli {

namespace fs = std::filesystem;

absl::StatusOr<IssuedCertificate> AuthorityFolder::Load() const {
  absl::StatusOr<IssuedCertificate> authority =
      LoadIssuedCertificate(*this / "ca.pem", *this / "ca.key");
  if (authority.ok()) return authority;
  // Another authority in the place of a damaged one would cut off every agent.
  const bool none = FilesThere({*this / "ca.pem", *this / "ca.key"}).empty();
  return absl::UnavailableError(
      Concat(FromAbsl(authority.status().message()),
             none ? "; `postwatch ca init` makes an authority"
                  : "; restore ca.pem and ca.key from your copy: what they have issued depends on "
                    "them"));
}

absl::StatusOr<RevocationList> AuthorityFolder::Revocations() const {
  const absl::StatusOr<std::string> crl = ReadPemFile(*this / "crl.pem", kMaxRevocationBytes);
  if (absl::IsNotFound(crl.status())) return RevocationList();
  if (!crl.ok()) return crl.status();
  const absl::StatusOr<std::string> authorities = ReadPemFile(*this / "ca.pem");
  if (!authorities.ok()) return authorities.status();
  absl::StatusOr<RevocationList> list = RevocationList::Parse(*crl, *authorities);
  if (list.ok()) return list;
  return absl::UnavailableError(Concat((*this / "crl.pem").string(), ": ",
                                       FromAbsl(list.status().message()), "; nothing was changed"));
}

absl::Status AuthorityFolder::WriteRevocations(const RevocationList& list,
                                               const IssuedCertificate& authority,
                                               absl::Time now) const {
  const absl::StatusOr<std::string> crl = list.Sign(authority, now);
  if (!crl.ok()) return crl.status();
  return WritePemFile(*this / "crl.pem", *crl, Readers::kEverybody, Overwrite::kReplace);
}

absl::StatusOr<absl::Time> AuthorityFolder::EnrolAt(std::string_view agent, absl::Time now) const {
  const absl::StatusOr<RevocationList> list = Revocations();
  if (!list.ok()) return list.status();
  const std::optional<absl::Time> revoked = list->AgentRevokedAt(agent);
  return revoked ? std::max(now, *revoked + absl::Seconds(1)) : now;
}

absl::StatusOr<absl::Duration> DaysFlag(const Flags& flags, absl::Duration fallback) {
  if (!flags.Has("days")) return fallback;
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

std::string FilesThere(const std::vector<fs::path>& files) {
  std::vector<std::string> there;
  for (const fs::path& file : files) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(file, ignored))) there.push_back(file.string());
  }
  return Join(there, " and ");
}

int ComplainOfCa(const absl::Status& status) {
  const bool usage = absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status);
  return Complain("ca", FromAbsl(status.message()), usage ? kUsage : kUnknown);
}

std::string ShortTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

}  // namespace postwatch::cli
