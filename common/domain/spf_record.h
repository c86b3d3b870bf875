// SpfRecord: what a domain says about who may send its mail (RFC 7208 sections 4.5, 4.6 and 5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace postwatch {

enum class SpfQualifier { kPass, kFail, kSoftFail, kNeutral };  // + - ~ ?
enum class SpfMechanism { kAll, kInclude, kA, kMx, kPtr, kIp4, kIp6, kExists };

struct SpfTerm {
  SpfQualifier qualifier = SpfQualifier::kPass;
  SpfMechanism mechanism = SpfMechanism::kAll;
  std::string domain;   // domain-spec with its macros; "" for the domain of the record
  std::string network;  // of ip4 and ip6: 4 or 16 bytes
  int v4_bits = 32;     // of ip4, a and mx
  int v6_bits = 128;    // of ip6, a and mx
  std::string text;     // as written

  // Whether evaluating it counts toward the limit of 10 (section 4.6.4).
  bool needs_lookup() const {
    return mechanism != SpfMechanism::kAll && mechanism != SpfMechanism::kIp4 &&
           mechanism != SpfMechanism::kIp6;
  }
};

struct SpfRecord {
  std::vector<SpfTerm> terms;
  std::string redirect;  // domain-spec; "" when absent
  std::string exp;       // domain-spec; "" when absent

  // The place of `all`, behind which nothing is evaluated, redirect neither; terms.size() when
  // there is none.
  size_t end() const;
};

// Whether a TXT record is an SPF record at all: "v=spf1", then a space or nothing (section 4.5).
bool IsSpfRecord(std::string_view text);

// InvalidArgument names the term and what is wrong with it, and takes the whole record down with
// it, as it does for every receiver (section 4.6: permerror). At most 1024 terms.
absl::StatusOr<SpfRecord> ParseSpfRecord(std::string_view text);

}  // namespace postwatch
