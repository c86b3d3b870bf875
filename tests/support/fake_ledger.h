// FakeLedger: a ledger in memory; outlives the probes of a test, as the file outlives the agent.
#pragma once

#include <map>
#include <string>

#include "agent/probes/ledger.h"

namespace postwatch::agent {

class FakeLedger : public Ledger {
 public:
  absl::Status Sent(LedgerEntry entry) override;
  absl::Status ReportedMissing(const std::string& probe_id) override;
  absl::Status Settle(const std::string& probe_id) override;
  absl::StatusOr<std::optional<LedgerEntry>> Find(const std::string& probe_id) override;
  absl::StatusOr<std::vector<LedgerEntry>> InFlight(const std::string& check_id) override;

  // What every following call answers; OK by default.
  void FailWith(absl::Status status) { status_ = std::move(status); }

  // By probe id.
  const std::map<std::string, LedgerEntry>& entries() const { return entries_; }

 private:
  absl::Status status_;
  std::map<std::string, LedgerEntry> entries_;
};

}  // namespace postwatch::agent
