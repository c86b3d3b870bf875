// DmarcRecord: what a domain asks receivers to do with mail that only claims to be its own
// (RFC 9989 section 4.7).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace postwatch {

enum class DmarcPolicy { kNone, kQuarantine, kReject };  // weakest first

// "none", "quarantine", "reject".
std::string_view DmarcPolicyName(DmarcPolicy policy);
std::optional<DmarcPolicy> ParseDmarcPolicy(std::string_view name);

struct DmarcRecord {
  DmarcPolicy policy = DmarcPolicy::kNone;
  std::optional<DmarcPolicy> subdomain_policy;    // sp=; else as `policy`
  std::optional<DmarcPolicy> nonexistent_policy;  // np=; else as for subdomains
  bool testing = false;                           // t=y: one step weaker is meant
  char public_suffix = 'u';                       // psd=: 'y', 'n' or 'u'
  std::vector<std::string> rua, ruf;              // mailto: URIs
  // What is wrong with it; receivers then take what the tag stands for by default.
  std::vector<std::string> mistakes;

  DmarcPolicy for_subdomains() const { return subdomain_policy.value_or(policy); }
};

// What receivers are asked to do in the end, with t= in mind.
DmarcPolicy EffectivePolicy(DmarcPolicy policy, bool testing);

// Whether a TXT record is a DMARC record: "v=DMARC1" comes first. Others are discarded unread.
bool IsDmarcRecord(std::string_view text);

// InvalidArgument where receivers cannot use it: a part that is no tag, no valid p= and no rua= to
// make up for it (then p=none is meant). Tags nobody knows are no mistake, nor are pct=, rf= and
// ri=, which RFC 7489 had.
absl::StatusOr<DmarcRecord> ParseDmarcRecord(std::string_view text);

}  // namespace postwatch
