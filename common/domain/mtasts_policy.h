// MtaStsPolicy: what a domain demands of TLS at its mail servers (RFC 8461): the record that says
// there is a policy, and the policy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace postwatch {

// Whether a TXT record of _mta-sts is meant for MTA-STS: "v=STSv1" at its start. Senders pass over
// all others (section 3.1).
bool IsMtaStsRecord(std::string_view text);

struct MtaStsRecord {
  std::string id;  // 1 to 32 letters and digits; changes with the policy
};

// InvalidArgument says what is wrong; senders take such a record for none.
absl::StatusOr<MtaStsRecord> ParseMtaStsRecord(std::string_view text);

enum class MtaStsMode { kNone, kTesting, kEnforce };

// "none", "testing", "enforce".
std::string_view MtaStsModeName(MtaStsMode mode);

struct MtaStsPolicy {
  MtaStsMode mode = MtaStsMode::kNone;
  std::vector<std::string> mx;  // patterns in lower case; "*." stands for just one label
  absl::Duration max_age;

  // Whether a pattern covers the MX host (section 4.1); in any case, with or without the final dot.
  bool Covers(std::string_view host) const;
};

// The text served at https://mta-sts.<domain>/.well-known/mta-sts.txt (section 3.2). Of a repeated
// key but mx the first counts, unknown keys are passed over. InvalidArgument names the line or the
// key that is missing. At most 256 mx patterns.
absl::StatusOr<MtaStsPolicy> ParseMtaStsPolicy(std::string_view text);

}  // namespace postwatch
