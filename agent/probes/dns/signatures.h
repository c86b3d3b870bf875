// Signatures: what DS, DNSKEY and RRSIG records of a zone say about each other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/dns/message.h"

namespace postwatch::agent {

// The values of this type among the answers.
template <class Record>
std::vector<Record> AnswersOf(const DnsMessage& message) {
  std::vector<Record> values;
  for (const ResourceRecord& record : message.answers) {
    if (const auto* value = std::get_if<Record>(&record.value)) values.push_back(*value);
  }
  return values;
}

// How the parent's DS records and the zone's keys fit.
struct KeyChain {
  std::vector<DsRecord> pointing;  // at a key there is
  std::vector<DsRecord> dangling;  // at none
  std::vector<DsRecord> unknown;   // digests nobody here knows; validators ignore them
};
KeyChain MatchKeys(std::string_view zone, const std::vector<DsRecord>& ds,
                   const std::vector<DnskeyRecord>& keys);

// "DS 12345 (algorithm 13, digest 2)"; "DNSKEY 12345 (algorithm 13)", joined by commas.
std::string DsText(const std::vector<DsRecord>& ds);
std::string KeyText(const std::vector<DnskeyRecord>& keys);

// Of one record set: the signature that lasts longest.
struct SignatureSpan {
  RrType type = RrType::kA;
  uint16_t key_tag = 0;
  absl::Time inception, expiration;
};

// Of each set in the reply, answers and denials alike, that `zone` signed. Signatures of other
// zones (the target of an alias) are theirs to keep.
std::vector<SignatureSpan> SpansOf(const DnsMessage& message, std::string_view zone);

// "the signatures of the MX records of alpha.test ended at 2026-01-02T03:04Z (key 12345)", or that
// they do not begin until later; nothing when they hold.
std::optional<std::string> Lapse(const SignatureSpan& span, std::string_view zone, absl::Time now);

// Whether less than 3 days, or a quarter of the time they are made for, is left.
bool IsExpiring(const SignatureSpan& span, absl::Time now);

// "2026-01-02T03:04Z".
std::string MinuteText(absl::Time time);

}  // namespace postwatch::agent
