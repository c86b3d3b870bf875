// RoundtripRun: one run of a round trip, from opening the INBOX to the proof that the letter is
// gone again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/probes/roundtrip/probe_inbox.h"
#include "common/checks/mail/roundtrip_settings.h"

namespace postwatch::agent {

// What one run leaves to the next ones of the same probe.
struct RoundtripMemory {
  std::optional<uint32_t> uid_validity;
  absl::Time last_delivered = absl::InfinitePast();  // when the newest letter seen was sent
  int failed_deletions = 0;                          // in a row
  std::vector<Observation> amendments;
};

class RoundtripRun {
 public:
  RoundtripRun(const RunContext& context, const RoundtripSettings& settings,
               RoundtripMemory& memory, Secret fleet_key);

  // Records the outcome. Settles the ledger whatever happens.
  Task<void> Go();

 private:
  Task<std::optional<Fault>> OpenInbox();
  Task<std::optional<Fault>> CleanUp();
  std::optional<Fault> MaySend() const;
  Task<std::optional<Fault>> Send();
  Task<std::optional<Fault>> HandOver(SmtpSession& session, std::string message);
  Task<std::optional<Fault>> AwaitLetter();
  Task<std::optional<Fault>> Poll();
  Task<std::optional<Fault>> Pause();
  Task<std::optional<Fault>> Idle(absl::Duration limit);
  Task<std::optional<Fault>> Reconnect();
  Task<std::optional<Fault>> LookInSpam();
  Task<void> LookForBounce();
  Task<std::optional<Fault>> TakeIn();
  Task<std::optional<Fault>> Remove(ProbeInbox& inbox, Sighting sighting, bool& gone);
  Task<std::optional<Fault>> HandleSighting(ProbeInbox& inbox, Sighting sighting);
  Task<std::optional<Fault>> HandleEarlierLetter(ProbeInbox& inbox, Sighting sighting);
  Task<std::optional<Fault>> HandleReport(ProbeInbox& inbox, Sighting sighting,
                                          std::optional<LedgerEntry> earlier);
  void Amend(const LedgerEntry& entry, const Fault* bounce);
  void JudgeIntegrity(Integrity integrity);
  void SettleLedger(const std::string& probe_id);
  void CloseBooks(const Fault& fault);
  absl::Duration Now() const { return context_.deps.clock.Steady(); }
  absl::Duration Left() const { return give_up_ - Now(); }

  const RunContext& context_;
  StepRecorder& run_;
  const RoundtripSettings& settings_;
  RoundtripMemory& memory_;
  const Secret key_;
  const absl::Duration give_up_;
  ImapSession session_;
  ProbeInbox inbox_;

  ProbeToken token_;
  bool recorded_ = false;  // the letter is in the ledger and not settled
  bool accept_unknown_ = false;
  bool idle_refused_ = false;
  int reconnects_ = 0;
  absl::Duration handed_over_;
  absl::Duration seen_;
  std::optional<Sighting> letter_;  // found, not yet deleted
  std::optional<Fault> bounce_;
};

}  // namespace postwatch::agent
