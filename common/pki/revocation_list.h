// RevocationList: certificates that are not to be believed any more, though they have not ended.
//
// A file of X.509 CRLs (RFC 5280 section 5) as PEM, that other tools can read. Beside single
// certificates, by their serial numbers, it takes back whole agents: an entry whose serial number
// is the first 20 bytes of SHA-256("postwatch/agent/" + NAME), with the first byte's two highest
// bits set to 01, stands for all certificates of the agent NAME, in any region, that were enrolled
// (IdentityCertificate::enrolled) until the entry's date, and for what was or will be renewed from
// them. No certificate has such a number itself: they are longer than those that we give.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pki/ca.h"
#include "common/pki/identity.h"

namespace postwatch {

// A list that was not parsed takes nothing back.
class RevocationList {
 public:
  // The entries of all lists in the text, at most 100000. Each list must be signed by one of
  // `authorities` (PEM): Unauthenticated when one is not, InvalidArgument when there is no list, or
  // anything in the text that begins like one and cannot be read.
  // How old a list is does not matter: what was revoked stays so.
  static absl::StatusOr<RevocationList> Parse(std::string_view crls, std::string_view authorities);

  // One list of all entries, signed by `authority`, as PEM. InvalidArgument for an authority whose
  // key is not its certificate's.
  absl::StatusOr<std::string> Sign(const IssuedCertificate& authority, absl::Time now) const;

  // From `at` (to the second; the earliest counts if it is there already) on. False when `serial`
  // is not the hex of a serial number, or the list is full.
  bool Revoke(const std::string& serial, absl::Time at);
  void RevokeAgent(std::string_view name, absl::Time at);

  // Takes over the entries of `other`, of what is in both the later date. How many of them this
  // list lacked, or had with an earlier date.
  size_t Include(const RevocationList& other);

  // When this certificate was taken back, if it was.
  std::optional<absl::Time> RevokedAt(const IdentityCertificate& certificate) const;
  // The last time the agent as a whole was: what is enrolled afterwards is good.
  std::optional<absl::Time> AgentRevokedAt(std::string_view name) const;

  size_t size() const { return entries_.size(); }
  bool operator==(const RevocationList&) const = default;

 private:
  void Keep(const std::string& serial, absl::Time at);

  std::map<std::string, absl::Time> entries_;  // by serial number, lower-case hex
};

}  // namespace postwatch
