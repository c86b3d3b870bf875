#include "common/domain/dmarc_record.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/domain/report_uri.h"
#include "common/domain/tag_list.h"

namespace postwatch {
namespace {

constexpr std::string_view kVersion = "DMARC1";
constexpr size_t kMaxQuoted = 60;

constexpr auto kPolicyNames = std::to_array<std::string_view>({"none", "quarantine", "reject"});

// The value of a tag that is one of few; `fallback` when absent or, with a mistake, none of them.
std::string Choice(const TagList& tags, std::string_view name, std::string_view choices,
                   std::string_view fallback, std::vector<std::string>& mistakes) {
  const std::string* value = tags.Find(name);
  if (value == nullptr) return std::string(fallback);
  for (const std::string_view choice : Split(choices, '|')) {
    if (EqualsIgnoreCase(*value, choice)) return std::string(choice);
  }
  mistakes.push_back(Concat(name, "=", Truncate(*value, kMaxQuoted), " is none of ", choices));
  return std::string(fallback);
}

std::optional<DmarcPolicy> Policy(const TagList& tags, std::string_view name,
                                  std::vector<std::string>& mistakes) {
  return ParseDmarcPolicy(Choice(tags, name, "none|quarantine|reject", "", mistakes));
}

std::vector<std::string> Uris(const TagList& tags, std::string_view name,
                              std::vector<std::string>& mistakes) {
  const std::string* value = tags.Find(name);
  if (value == nullptr) return {};
  ReportUris found = ParseReportUris(*value, false);
  for (const std::string& mistake : found.mistakes) {
    mistakes.push_back(Concat(name, "=: ", mistake));
  }
  return found.uris;
}

void CheckFailureOptions(const TagList& tags, std::vector<std::string>& mistakes) {
  const std::string* value = tags.Find("fo");
  if (value == nullptr) return;
  for (const std::string_view option : Split(*value, ':')) {
    const std::string one = AsciiLower(Trim(option));
    if (one == "0" || one == "1" || one == "d" || one == "s") continue;
    mistakes.push_back(Concat("fo=", Truncate(*value, kMaxQuoted), " is no list of 0, 1, d, s"));
    return;
  }
}

}  // namespace

std::string_view DmarcPolicyName(DmarcPolicy policy) {
  return kPolicyNames[static_cast<size_t>(policy)];
}

std::optional<DmarcPolicy> ParseDmarcPolicy(std::string_view name) {
  const auto known = std::ranges::find(kPolicyNames, name);
  if (known == kPolicyNames.end()) return std::nullopt;
  return static_cast<DmarcPolicy>(known - kPolicyNames.begin());
}

DmarcPolicy EffectivePolicy(DmarcPolicy policy, bool testing) {
  if (!testing || policy == DmarcPolicy::kNone) return policy;
  return policy == DmarcPolicy::kReject ? DmarcPolicy::kQuarantine : DmarcPolicy::kNone;
}

bool IsDmarcRecord(std::string_view text) {
  const std::string_view first = text.substr(0, text.find(';'));
  const size_t equals = first.find('=');
  if (!first.starts_with('v') || equals == first.npos) return false;
  return Trim(first.substr(0, equals)) == "v" && Trim(first.substr(equals + 1)) == kVersion;
}

absl::StatusOr<DmarcRecord> ParseDmarcRecord(std::string_view text) {
  if (!IsDmarcRecord(text)) {
    return absl::InvalidArgumentError("it does not start with v=DMARC1");
  }
  const absl::StatusOr<TagList> tags = TagList::Parse(text);
  if (!tags.ok()) return tags.status();
  DmarcRecord record;
  const std::optional<DmarcPolicy> policy = Policy(*tags, "p", record.mistakes);
  record.subdomain_policy = Policy(*tags, "sp", record.mistakes);
  record.nonexistent_policy = Policy(*tags, "np", record.mistakes);
  Choice(*tags, "adkim", "r|s", "r", record.mistakes);
  Choice(*tags, "aspf", "r|s", "r", record.mistakes);
  record.testing = Choice(*tags, "t", "y|n", "n", record.mistakes) == "y";
  record.public_suffix = Choice(*tags, "psd", "y|n|u", "u", record.mistakes).front();
  CheckFailureOptions(*tags, record.mistakes);
  record.rua = Uris(*tags, "rua", record.mistakes);
  record.ruf = Uris(*tags, "ruf", record.mistakes);
  record.policy = policy.value_or(DmarcPolicy::kNone);
  if (policy.has_value()) return record;
  if (record.rua.empty()) {
    return absl::InvalidArgumentError(record.mistakes.empty() ? "there is no p="
                                                              : record.mistakes.front());
  }
  if (tags->Find("p") == nullptr) record.mistakes.emplace_back("there is no p=, none is meant");
  return record;
}

}  // namespace postwatch
