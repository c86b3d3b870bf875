#include "tests/support/fake_ledger.h"

#include <algorithm>
#include <utility>

namespace postwatch::agent {

absl::Status FakeLedger::Sent(LedgerEntry entry) {
  if (!status_.ok()) return status_;
  const std::string id = entry.probe_id;
  const bool inserted = entries_.emplace(id, std::move(entry)).second;
  return inserted ? absl::OkStatus() : absl::AlreadyExistsError(id);
}

absl::Status FakeLedger::ReportedMissing(const std::string& probe_id) {
  if (!status_.ok()) return status_;
  const auto it = entries_.find(probe_id);
  if (it != entries_.end()) it->second.reported_missing = true;
  return absl::OkStatus();
}

absl::Status FakeLedger::Settle(const std::string& probe_id) {
  if (!status_.ok()) return status_;
  entries_.erase(probe_id);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<LedgerEntry>> FakeLedger::Find(const std::string& probe_id) {
  if (!status_.ok()) return status_;
  const auto it = entries_.find(probe_id);
  if (it == entries_.end()) return std::optional<LedgerEntry>();
  return std::optional<LedgerEntry>(it->second);
}

absl::StatusOr<std::vector<LedgerEntry>> FakeLedger::InFlight(const std::string& check_id) {
  if (!status_.ok()) return status_;
  std::vector<LedgerEntry> found;
  for (const auto& [id, entry] : entries_) {
    if (entry.check_id == check_id) found.push_back(entry);
  }
  std::sort(found.begin(), found.end(),
            [](const LedgerEntry& a, const LedgerEntry& b) { return a.sent < b.sent; });
  return found;
}

}  // namespace postwatch::agent
