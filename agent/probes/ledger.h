// Ledger: messages in flight, so that a letter that comes late is matched to the run that sent it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace postwatch::agent {

// One letter that was handed to a server.
struct LedgerEntry {
  std::string probe_id;        // of its ProbeToken
  std::string observation_id;  // of the run that sent it
  std::string check_id;
  std::string route;
  absl::Time sent;
  bool reported_missing = false;  // that run ended without seeing it: an arrival now amends it
};

// Survives a restart of the agent. Keeps an entry for at most 7 days and at most 10000 entries a
// check. Called on the event loop; each call is one small synchronous write.
class Ledger {
 public:
  virtual ~Ledger() = default;

  // Before the message is handed over, so that no letter is ever unknown. AlreadyExists for a
  // reused id.
  virtual absl::Status Sent(LedgerEntry entry) = 0;
  // The run ended without the letter.
  virtual absl::Status ReportedMissing(const std::string& probe_id) = 0;
  // The letter is settled (seen and deleted, or bounced).
  virtual absl::Status Settle(const std::string& probe_id) = 0;
  virtual absl::StatusOr<std::optional<LedgerEntry>> Find(const std::string& probe_id) = 0;
  // Letters of this check not settled yet, oldest first.
  virtual absl::StatusOr<std::vector<LedgerEntry>> InFlight(const std::string& check_id) = 0;
};

}  // namespace postwatch::agent
