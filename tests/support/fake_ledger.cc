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

absl::Status FakeLedger::Note(const std::string& probe_id, LetterEvent event) {
  if (!status_.ok()) return status_;
  const auto it = entries_.find(probe_id);
  if (it == entries_.end()) return absl::OkStatus();
  LedgerEntry& entry = it->second;
  if (event == LetterEvent::kReportedMissing) entry.reported_missing = true;
  if (event == LetterEvent::kReportedLost) entry.reported_lost = true;
  if (event == LetterEvent::kAmended) entry.reported_missing = false;
  if (event == LetterEvent::kDelivered) entry.delivered = true;
  if (event == LetterEvent::kSettled) entry.settled = true;
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
  std::vector<LedgerEntry> found = open_entries();
  std::erase_if(found,
                [&check_id](const LedgerEntry& entry) { return entry.check_id != check_id; });
  return found;
}

absl::StatusOr<bool> FakeLedger::OthersDeliver(const std::string& check_id, absl::Time since) {
  if (!status_.ok()) return status_;
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& item) {
    const LedgerEntry& entry = item.second;
    return entry.check_id != check_id && entry.sent >= since && entry.delivered;
  });
}

absl::Status FakeLedger::Keep(const std::string& check_id, const std::string& key,
                              const std::string& text) {
  if (!status_.ok()) return status_;
  if (text.empty()) {
    notes_.erase({check_id, key});
  } else {
    notes_[{check_id, key}] = text;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FakeLedger::Recall(const std::string& check_id,
                                               const std::string& key) {
  if (!status_.ok()) return status_;
  const auto found = notes_.find({check_id, key});
  return found == notes_.end() ? std::string() : found->second;
}

std::vector<std::string> FakeLedger::notes() const {
  std::vector<std::string> texts;
  for (const auto& [key, text] : notes_) texts.push_back(text);
  return texts;
}

std::vector<LedgerEntry> FakeLedger::open_entries() const {
  std::vector<LedgerEntry> found;
  for (const auto& [id, entry] : entries_) {
    if (!entry.settled) found.push_back(entry);
  }
  std::sort(found.begin(), found.end(),
            [](const LedgerEntry& a, const LedgerEntry& b) { return a.sent < b.sent; });
  return found;
}

}  // namespace postwatch::agent
