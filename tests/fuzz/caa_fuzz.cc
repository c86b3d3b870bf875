// Fuzzes what is made of CAA records, one a line ("0 issue ca.test") behind a line with a name: no
// value ever allows more than it names, and what is one record is never lost among others.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/text.h"
#include "common/domain/caa_set.h"
#include "tests/fuzz/told_resolver.h"
#include "tests/support/run_task.h"

namespace {

using postwatch::CaaRecord;
using postwatch::CaaSet;

constexpr size_t kMaxLabels = 32;
constexpr size_t kMaxRecords = 64;
constexpr size_t kMaxMistake = 256;

void Require(bool holds) {
  if (!holds) std::abort();
}

// "128 issue ca.test" is critical; a line without blanks is a property without a value.
CaaRecord RecordOf(std::string_view line) {
  CaaRecord record;
  record.critical = line.starts_with("128 ");
  line.remove_prefix(std::min(line.size(), line.find(' ') + 1));
  const size_t space = std::min(line.find(' '), line.size());
  record.tag = std::string(line.substr(0, space));
  record.value = std::string(line.substr(std::min(space + 1, line.size())));
  return record;
}

void CheckIssuers(const CaaSet& set) {
  for (const auto* issuers : {&set.issue, &set.issuewild, &set.issuemail}) {
    for (const std::string& issuer : *issuers) {
      Require(postwatch::AsciiLower(issuer) == issuer);
      Require(issuer.find_first_of(" ;=/:\t\r\n") == issuer.npos);
    }
  }
  for (const std::string& issuer : set.issue) {
    if (issuer.empty()) continue;
    Require(set.Allows(issuer) != set.unknown_critical);
    Require(set.Allows(postwatch::AsciiUpper(issuer)) == set.Allows(issuer));
    Require(set.unknown_critical || !set.AllowsNobody());
  }
  if (set.AllowsNobody()) Require(!set.Allows("letsencrypt.org"));
  for (const std::string& mistake : set.mistakes) Require(mistake.size() <= kMaxMistake);
}

void CheckSet(std::vector<CaaRecord> records) {
  const CaaSet set = postwatch::ReadCaaSet(records);
  Require(set.mistakes.size() <= records.size());
  CheckIssuers(set);
  const bool open = set.Allows("ca.test");
  std::ranges::reverse(records);
  const CaaSet reversed = postwatch::ReadCaaSet(records);
  Require(reversed.Allows("ca.test") == open && reversed.AllowsNobody() == set.AllowsNobody());
  // A record more for nobody opens nothing, and one for somebody nothing for others.
  records.push_back(RecordOf("0 issue ;"));
  Require(!postwatch::ReadCaaSet(records).Allows("ca.test") || open);
  records.push_back(RecordOf("0 issue other.test"));
  Require(!postwatch::ReadCaaSet(records).Allows("ca.test") || open);
  records.push_back(RecordOf("128 nobody-knows it"));
  Require(postwatch::ReadCaaSet(records).AllowsNobody());
}

// The records come for every name, so that the first one asked has them, whatever it is.
void CheckClimb(const std::string& name, const std::vector<CaaRecord>& records, bool lost) {
  postwatch::DnsReply reply;
  reply.transport = postwatch::DnsTransport::kReplied;
  if (lost) reply.message.rcode = postwatch::Rcode::kNxDomain;
  for (const CaaRecord& record : records) {
    reply.message.answers.push_back({"", postwatch::RrType::kCaa, {}, record});
  }
  postwatch::ToldResolver resolver(std::move(reply));
  const postwatch::CaaLookup lookup = postwatch::RunTask(postwatch::FindCaa(resolver, name));
  const std::string canonical = postwatch::CanonicalName(name);
  Require(resolver.asked().size() <= kMaxLabels && !lookup.failure.has_value());
  for (const postwatch::DnsQuestion& question : resolver.asked()) {
    Require(canonical.ends_with(question.name));
  }
  Require(lookup.records.size() <= kMaxRecords);
  Require(lookup.records.empty() == lookup.domain.empty());
  if (!lost && !records.empty()) Require(lookup.domain == canonical);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<std::string_view> lines = postwatch::Split(text, '\n');
  const std::string name(lines.front());
  std::vector<CaaRecord> records;
  for (size_t i = 1; i < lines.size() && i <= 2 * kMaxRecords; ++i) {
    records.push_back(RecordOf(lines[i]));
  }
  CheckClimb(name, records, false);
  CheckClimb(name, records, true);
  CheckSet(std::move(records));
  return 0;
}
