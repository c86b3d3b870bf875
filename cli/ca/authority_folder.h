// AuthorityFolder: the folder an authority lives in, as `postwatch ca` reads and writes it.
//
// - ca.pem: the authority's certificate, which signs; behind it those before it, while they overlap
// - ca.key: its key; ca.previous.key: the one before, while they overlap
// - crl.pem: what it has revoked
// - NAME/: what it has issued: ca.pem, cert.pem, key.pem
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/flags.h"
#include "common/pki/ca.h"
#include "common/pki/revocation_list.h"

namespace postwatch::cli {

inline constexpr FlagSpec kDirFlag = {"dir", "DIR",
                                      "where the authority lives: ca.pem and ca.key (default .)"};
inline constexpr FlagSpec kHelpFlag = {"help", "", "this text"};

class AuthorityFolder {
 public:
  // Of --dir.
  explicit AuthorityFolder(const Flags& flags) : path_(flags.Get("dir", ".")) {}

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

  // ca.pem (all of it) and ca.key. The error says how to make them where neither is,
  // else to restore them.
  absl::StatusOr<IssuedCertificate> Load() const;
  // Nothing is revoked where there is no crl.pem.
  absl::StatusOr<RevocationList> Revocations() const;
  // Writes crl.pem anew, signed by `authority`.
  absl::Status WriteRevocations(const RevocationList& list, const IssuedCertificate& authority,
                                absl::Time now) const;
  // When an agent is enrolled that is vouched for at `now`: later than its last revocation, also if
  // that was in the same second.
  absl::StatusOr<absl::Time> EnrolAt(std::string_view agent, absl::Time now) const;

 private:
  std::filesystem::path path_;
};

// --days as a lifetime; InvalidArgument when it is no number of 1 to 36500.
absl::StatusOr<absl::Duration> DaysFlag(const Flags& flags, absl::Duration fallback);

absl::Status MakeFolder(const std::filesystem::path& folder);

// Which of the files are there: "a and b"; empty when none is.
std::string FilesThere(const std::vector<std::filesystem::path>& files);

// Complains of `status`; answers kUsage for what the command line asks for and cannot be, kUnknown
// for what the machine does not let us do.
int ComplainOfCa(const absl::Status& status);

// "2026-11-02 12:00 UTC"
std::string ShortTime(absl::Time time);

}  // namespace postwatch::cli
