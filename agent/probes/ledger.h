// Ledger: what probes must know again after a restart: messages in flight, so that a letter that
// comes late is matched to the run that sent it, and small notes of their own.
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
  bool reported_lost = false;     // and so did the lost horizon
  bool delivered = false;         // it was seen in its mailbox
  bool settled = false;           // nothing more is expected of it; kept to know a copy again
};

// What became of a letter.
enum class LetterEvent {
  kReportedMissing,  // its run ended without it
  kReportedLost,     // the lost horizon passed as well
  kAmended,          // the run that missed it has been corrected: nothing is reported missing
  kDelivered,        // seen in its mailbox
  kSettled,          // seen and deleted, bounced, or never sent
};

// Survives a restart of the agent. Keeps a letter for 7 days, settled or not, so that a copy that
// comes late is still known; at most 12000 a check. Called on the event loop; each call is
// one small synchronous write.
class Ledger {
 public:
  virtual ~Ledger() = default;

  // Before the message is handed over, so that no letter is ever unknown. AlreadyExists for a
  // reused id.
  virtual absl::Status Sent(LedgerEntry entry) = 0;
  // An id that is not known is nobody's business: OK.
  virtual absl::Status Note(const std::string& probe_id, LetterEvent event) = 0;
  virtual absl::StatusOr<std::optional<LedgerEntry>> Find(const std::string& probe_id) = 0;
  // Letters of this check not settled yet, oldest first.
  virtual absl::StatusOr<std::vector<LedgerEntry>> InFlight(const std::string& check_id) = 0;
  // Whether a letter of any other check, sent at `since` or later, was delivered.
  virtual absl::StatusOr<bool> OthersDeliver(const std::string& check_id, absl::Time since) = 0;

  // A note of a check, in place of the one of the same key; an empty text takes that away. Never a
  // secret. Kept for 90 days; of more than 4096 notes, that which was written longest ago goes.
  // InvalidArgument: a key of more than 1 KiB, a text of more than 16 KiB.
  virtual absl::Status Keep(const std::string& check_id, const std::string& key,
                            const std::string& text) = 0;
  // Empty when there is none.
  virtual absl::StatusOr<std::string> Recall(const std::string& check_id,
                                             const std::string& key) = 0;
};

inline constexpr size_t kMaxNoteKeyBytes = 1024;
inline constexpr size_t kMaxNoteBytes = 16 * 1024;

}  // namespace postwatch::agent
