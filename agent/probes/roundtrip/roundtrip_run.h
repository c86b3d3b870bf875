// RoundtripRun: one run of a round trip, from opening the INBOX to the proof that the letter is
// gone again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/probes/roundtrip/letter_sender.h"
#include "agent/probes/roundtrip/probe_inbox.h"
#include "agent/probes/roundtrip/sending_limits.h"
#include "common/checks/mail/roundtrip_settings.h"

namespace postwatch::agent {

// What one run leaves to the next ones of the same probe.
struct RoundtripMemory {
  InboxMemory receiving;
  InboxMemory sending;  // of the sender's mailbox, where that is another
  SendingLimits limits;
  absl::Duration next_sweep;  // steady
  int unannounced = 0;        // letters in a row that came while IDLE said nothing
  std::vector<Observation> amendments;
};

class RoundtripRun {
 public:
  RoundtripRun(const RunContext& context, const RoundtripSettings& settings,
               RoundtripMemory& memory, Secret fleet_key);

  // Records the outcome. Settles the ledger whatever happens.
  Task<void> Go();

 private:
  // The course of the run (roundtrip_run.cc).
  Task<std::optional<Fault>> CleanUp();
  Task<std::optional<Fault>> AwaitLetter();
  Task<std::optional<Fault>> LookAround();
  Task<std::optional<Fault>> Poll();
  Task<std::optional<Fault>> Reconnect(Fault lost);
  Task<std::optional<Fault>> LookInSpam();
  Task<std::optional<Fault>> LookAfresh();
  Task<std::optional<Fault>> LookAtSender();
  Fault Missing() const;
  Fault Strayed() const;
  Task<std::optional<Fault>> TakeIn();
  Task<std::optional<Fault>> LookForCopies();
  Task<void> Leave();
  void CloseBooks(const Fault& fault);
  void NoteForeign(const InboxTally& tally);
  void SuspectQuarantine();

  // Letters that are there (roundtrip_letters.cc).
  Task<std::optional<Fault>> HandleSighting(ProbeInbox& inbox, Sighting sighting);
  Task<std::optional<Fault>> HandleEarlierLetter(ProbeInbox& inbox, Sighting sighting);
  Task<std::optional<Fault>> HandleArrival(ProbeInbox& inbox, Sighting sighting, LedgerEntry entry);
  Task<std::optional<Fault>> HandleStray(ProbeInbox& inbox, Sighting sighting);
  Task<std::optional<Fault>> HandleReport(ProbeInbox& inbox, Sighting sighting,
                                          std::optional<LedgerEntry> earlier);
  Task<std::optional<Fault>> Remove(ProbeInbox& inbox, Sighting sighting, bool& gone);
  void JudgePush(const Push& push);
  void ReportLost();
  void Amend(const LedgerEntry& entry, const std::optional<Fault>& fault);
  void Note(const std::string& probe_id, LetterEvent event);

  // The janitor (roundtrip_sweep.cc).
  Task<void> SweepIfDue();
  Task<void> Sweep(const MailboxSettings& mailbox, InboxMemory& memory);
  Task<std::optional<Fault>> SweepFolder(ProbeInbox& inbox, std::string name, FolderRole role,
                                         bool of_sender, InboxMemory& memory);

  bool IsAnswer(const Sighting& sighting) const;
  absl::Duration Now() const { return context_.deps.clock.Steady(); }
  absl::Duration Left() const { return give_up_ - Now(); }

  const RunContext& context_;
  StepRecorder& run_;
  const RoundtripSettings& settings_;
  RoundtripMemory& memory_;
  const Secret key_;
  const absl::Duration give_up_;   // steady: nobody waits for the letter any more
  const absl::Duration deadline_;  // steady: of the whole run
  std::unique_ptr<ProbeInbox> inbox_;

  SentLetter letter_;
  int reconnects_ = 0;        // since a connection last held for long
  absl::Duration connected_;  // steady
  size_t replies_ = 0;        // answers to our letters that are left in the mailbox
  absl::Duration seen_;
  std::optional<Sighting> arrived_;     // this run's letter, not yet deleted
  std::optional<Sighting> to_be_gone_;  // deleted; a fresh session has still to prove it
  std::optional<Fault> bounce_;
};

}  // namespace postwatch::agent
