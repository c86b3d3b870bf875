// Pop3ProbeInbox: our letters in a maildrop that is read over POP3.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/probes/mail/pop3_session.h"
#include "agent/probes/roundtrip/probe_inbox.h"

namespace postwatch::agent {

// A session shows what was there when it began, holds the maildrop, and deletes when it ends
// (RFC 1939): so every look is a session of its own, ended with QUIT, no two within 5 s or the
// server's LOGIN-DELAY (RFC 2449). Messages are known by their unique ids; TOP shows whose they
// are, or RETR where there is no TOP.
class Pop3ProbeInbox : public ProbeInbox {
 public:
  // All arguments outlive it.
  Pop3ProbeInbox(const RunContext& context, const MailboxSettings& mailbox, const Secret& fleet_key,
                 InboxMemory& memory, bool any_new);

  Task<std::optional<Fault>> Open() override;
  Task<std::optional<Fault>> Reopen() override;
  bool IsLoss(const Fault& fault) const override;
  size_t exists() const override { return exists_; }
  const InboxTally& tally() const override { return tally_; }
  Task<std::optional<Fault>> ScanOld(std::vector<Sighting>& found) override;
  Task<std::optional<Fault>> ScanNew(bool always, std::vector<Sighting>& found) override;
  // Of a maildrop there is only the INBOX.
  Task<std::optional<Fault>> ScanFolder(std::string name, FolderRole role, bool& exists,
                                        std::vector<Sighting>& found) override;
  Task<std::vector<std::string>> FoldersFor(FolderRole role) override;
  Task<std::optional<Fault>> Release() override { return End(); }
  Task<std::optional<Fault>> Await(absl::Duration limit, bool quick) override;
  Task<std::optional<Fault>> Read(Sighting sighting, std::string& message,
                                  std::optional<ReceivedProbe>& probe) override;
  // Marks the message, ends the session and looks for it in the next one.
  Task<std::optional<Fault>> Delete(Sighting sighting, bool& gone,
                                    std::vector<Sighting>& copies) override;
  Task<std::optional<bool>> ProveGone(Sighting sighting) override;
  bool holds_session() const override { return false; }
  bool keeps_one_copy() const override { return false; }
  FailureClass delete_failure() const override { return FailureClass::kPop3DeleteFailed; }
  void Hurry(absl::Duration limit) override;
  Task<void> Close() override;
  bool is_open() const override { return session_.client != nullptr; }

 private:
  // Until the server wants a login again.
  Task<void> AwaitTurn();
  Task<std::optional<Fault>> Begin(RunContext context);
  Task<std::optional<Fault>> End();
  // A session, waiting for the time when the server wants one.
  Task<std::optional<Fault>> Ensure();
  Task<std::optional<Fault>> Scan(size_t most, bool read_any, std::vector<Sighting>& found);
  Task<std::optional<Fault>> Recognise(Pop3Entry entry, bool read_any,
                                       std::vector<Sighting>& found);
  Task<std::optional<Fault>> Retrieve(uint32_t number, std::string& message,
                                      std::optional<ReceivedProbe>& probe);
  uint32_t NumberOf(const std::string& id) const;

  const RunContext context_;
  const MailboxSettings& mailbox_;
  const Secret& key_;
  InboxMemory& memory_;
  const bool any_new_;
  StepRecorder unrecorded_;  // of the sessions after the first
  Pop3Session session_;
  Pop3Listing listing_;  // of the current session
  size_t exists_ = 0;
  std::set<std::string> old_;   // ids that were there before the letter was sent
  std::set<std::string> seen_;  // ids that a scan of this run has returned
  std::string proven_gone_;     // the id that a session after its deletion did not show
  absl::Duration patience_ = absl::Seconds(30);
  InboxTally tally_;
};

}  // namespace postwatch::agent
