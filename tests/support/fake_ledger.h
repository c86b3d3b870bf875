// FakeLedger: a ledger in memory; outlives the probes of a test, as the file outlives the agent.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/probes/ledger.h"

namespace postwatch::agent {

class FakeLedger : public Ledger {
 public:
  absl::Status Sent(LedgerEntry entry) override;
  absl::Status Note(const std::string& probe_id, LetterEvent event) override;
  absl::StatusOr<std::optional<LedgerEntry>> Find(const std::string& probe_id) override;
  absl::StatusOr<std::vector<LedgerEntry>> InFlight(const std::string& check_id) override;
  absl::StatusOr<bool> OthersDeliver(const std::string& check_id, absl::Time since) override;

  absl::Status Keep(const std::string& check_id, const std::string& key,
                    const std::string& text) override;
  absl::StatusOr<std::string> Recall(const std::string& check_id, const std::string& key) override;

  // What every following call answers; OK by default.
  void FailWith(absl::Status status) { status_ = std::move(status); }

  // By probe id.
  const std::map<std::string, LedgerEntry>& entries() const { return entries_; }
  // The texts of all notes.
  std::vector<std::string> notes() const;
  // Those not settled, oldest first.
  std::vector<LedgerEntry> open_entries() const;

 private:
  absl::Status status_;
  std::map<std::string, LedgerEntry> entries_;
  std::map<std::pair<std::string, std::string>, std::string> notes_;  // by check and key
};

}  // namespace postwatch::agent
