#include "common/domain/caa_set.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "common/base/text.h"
#include "common/domain/remembering_resolver.h"

namespace postwatch {
namespace {

constexpr size_t kMaxRecords = 64;
constexpr int kMaxClimb = 32;  // labels of a name; more than any that is meant for a host
constexpr size_t kMaxQuoted = 100;

// Known beside those that CaaSet has, and of no weight for certificates of servers.
constexpr auto kOtherTags =
    std::to_array<std::string_view>({"contactemail", "contactphone", "issuevmc"});

bool IsLabel(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool IsIssuer(std::string_view name) {
  const std::vector<std::string_view> labels = Split(name, '.');
  return std::ranges::all_of(labels, IsLabel);
}

// tag=value, of visible characters without a semicolon (section 4.2).
bool IsParameter(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == text.npos || !IsLabel(Trim(text.substr(0, equals)))) return false;
  return std::ranges::all_of(Trim(text.substr(equals + 1)),
                             [](char c) { return c >= 0x21 && c <= 0x7e; });
}

// The authority of an issue property, "" for nobody; nothing where the value cannot be read.
std::optional<std::string> IssuerOf(std::string_view value) {
  std::vector<std::string_view> parts = Split(value, ';');
  const std::string_view issuer = Trim(parts.front());
  if (!issuer.empty() && !IsIssuer(issuer)) return std::nullopt;
  parts.erase(parts.begin());
  if (!parts.empty() && Trim(parts.back()).empty()) parts.pop_back();
  for (const std::string_view part : parts) {
    if (!IsParameter(Trim(part))) return std::nullopt;
  }
  return AsciiLower(issuer);
}

std::vector<std::string>* IssuersOf(CaaSet& set, std::string_view tag) {
  if (tag == "issue") return &set.issue;
  if (tag == "issuewild") return &set.issuewild;
  return tag == "issuemail" ? &set.issuemail : nullptr;
}

void Take(CaaSet& set, const CaaRecord& record) {
  const std::string tag = AsciiLower(record.tag);
  if (std::vector<std::string>* issuers = IssuersOf(set, tag)) {
    const std::optional<std::string> issuer = IssuerOf(record.value);
    if (!issuer.has_value()) {
      set.mistakes.push_back(Concat(tag, " '", Truncate(record.value, kMaxQuoted),
                                    "' names no authority, so that it forbids all"));
    }
    issuers->push_back(issuer.value_or(""));
  } else if (tag == "iodef") {
    const bool fine = StartsWithIgnoreCase(record.value, "mailto:") ||
                      StartsWithIgnoreCase(record.value, "https://") ||
                      StartsWithIgnoreCase(record.value, "http://");
    if (fine) {
      set.iodef.push_back(record.value);
    } else {
      set.mistakes.push_back(
          Concat("iodef '", Truncate(record.value, kMaxQuoted), "' is not mailto: nor https://"));
    }
  } else if (record.critical && std::ranges::find(kOtherTags, tag) == kOtherTags.end()) {
    set.unknown_critical = true;
    set.mistakes.push_back(Concat("nobody knows the property '", Truncate(tag, kMaxQuoted),
                                  "', and it is critical, so that no authority may issue"));
  }
}

std::vector<CaaRecord> RecordsIn(const DnsMessage& message) {
  std::vector<CaaRecord> records;
  for (const ResourceRecord& record : message.answers) {
    const CaaRecord* caa = std::get_if<CaaRecord>(&record.value);
    if (record.type != RrType::kCaa || caa == nullptr) continue;
    if (records.size() < kMaxRecords) records.push_back(*caa);
  }
  return records;
}

}  // namespace

bool CaaSet::Allows(std::string_view issuer) const {
  if (unknown_critical) return false;
  return issue.empty() || std::ranges::find(issue, AsciiLower(issuer)) != issue.end();
}

bool CaaSet::AllowsNobody() const {
  if (unknown_critical) return true;
  return !issue.empty() && std::ranges::all_of(issue, &std::string::empty);
}

CaaSet ReadCaaSet(const std::vector<CaaRecord>& records) {
  CaaSet set;
  for (const CaaRecord& record : records) Take(set, record);
  return set;
}

std::string CaaText(const CaaRecord& record) {
  return Concat(record.critical ? "128 " : "0 ", record.tag, " ", record.value);
}

Task<CaaLookup> FindCaa(Resolver& resolver, std::string name) {
  CaaLookup lookup;
  std::string domain = CanonicalName(name);
  for (int i = 0; i < kMaxClimb && !domain.empty(); ++i) {
    DnsQuestion question;
    question.name = domain;
    question.type = RrType::kCaa;
    const DnsReply reply = co_await resolver.Query(question);
    const DnsPresence presence = PresenceOf(reply, RrType::kCaa);
    if (presence == DnsPresence::kFailed) {
      lookup.failure = reply;
      lookup.failed = question;
      co_return lookup;
    }
    if (presence == DnsPresence::kFound) {
      lookup.domain = domain;
      lookup.records = RecordsIn(reply.message);
      co_return lookup;
    }
    const size_t dot = domain.find('.');
    domain = dot == domain.npos ? "" : domain.substr(dot + 1);
  }
  co_return lookup;
}

}  // namespace postwatch
