#include "agent/probes/dns/signatures.h"

#include <algorithm>
#include <map>

#include "common/base/text.h"
#include "common/dns/ds_digest.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kSoon = absl::Hours(72);
constexpr int64_t kSoonFraction = 4;
// How far this agent's clock may be behind the signer's.
constexpr absl::Duration kClockTolerance = absl::Minutes(5);
constexpr uint16_t kZoneKey = 0x0100, kRevoked = 0x0080;  // RFC 4034 section 2.1.1, RFC 5011

bool CanSignZone(const DnskeyRecord& key) {
  return (key.flags & kZoneKey) != 0 && (key.flags & kRevoked) == 0;
}

}  // namespace

KeyChain MatchKeys(std::string_view zone, const std::vector<DsRecord>& ds,
                   const std::vector<DnskeyRecord>& keys) {
  KeyChain chain;
  for (const DsRecord& record : ds) {
    const auto points = [&](const DnskeyRecord& key) {
      return CanSignZone(key) && PointsAt(zone, record, key);
    };
    if (!DsDigest(zone, DnskeyRecord{}, record.digest_type).has_value()) {
      chain.unknown.push_back(record);
    } else if (std::ranges::any_of(keys, points)) {
      chain.pointing.push_back(record);
    } else {
      chain.dangling.push_back(record);
    }
  }
  return chain;
}

std::string DsText(const std::vector<DsRecord>& ds) {
  std::vector<std::string> texts;
  for (const DsRecord& record : ds) {
    texts.push_back(Concat("DS ", record.key_tag, " (algorithm ", int{record.algorithm},
                           ", digest ", int{record.digest_type}, ")"));
  }
  return Join(texts, ", ");
}

std::string KeyText(const std::vector<DnskeyRecord>& keys) {
  std::vector<std::string> texts;
  for (const DnskeyRecord& key : keys) {
    texts.push_back(Concat("DNSKEY ", key.KeyTag(), " (algorithm ", int{key.algorithm}, ")"));
  }
  return texts.empty() ? "no DNSKEY" : Join(texts, ", ");
}

std::vector<SignatureSpan> SpansOf(const DnsMessage& message, std::string_view zone) {
  std::map<std::pair<std::string, RrType>, SignatureSpan> longest;
  for (const auto* section : {&message.answers, &message.authorities}) {
    for (const ResourceRecord& record : *section) {
      const auto* rrsig = std::get_if<RrsigRecord>(&record.value);
      if (rrsig == nullptr || rrsig->signer != zone) continue;
      const SignatureSpan span{rrsig->type_covered, rrsig->key_tag, rrsig->inception,
                               rrsig->expiration};
      const auto [known, is_new] = longest.try_emplace({record.name, span.type}, span);
      if (!is_new && known->second.expiration < span.expiration) known->second = span;
    }
  }
  std::vector<SignatureSpan> spans;
  for (const auto& [set, span] : longest) spans.push_back(span);
  return spans;
}

std::optional<std::string> Lapse(const SignatureSpan& span, std::string_view zone, absl::Time now) {
  const std::string whose = Concat("the signatures of ", RrTypeText(span.type), " records of ",
                                   zone, " by key ", span.key_tag);
  if (span.expiration < now) return Concat(whose, " ended at ", MinuteText(span.expiration));
  if (span.inception > now + kClockTolerance) {
    return Concat(whose, " do not begin until ", MinuteText(span.inception));
  }
  return std::nullopt;
}

bool IsExpiring(const SignatureSpan& span, absl::Time now) {
  const absl::Duration quarter = (span.expiration - span.inception) / kSoonFraction;
  return span.expiration - now < std::min(kSoon, quarter);
}

std::string MinuteText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%MZ", time, absl::UTCTimeZone());
}

}  // namespace postwatch::agent
