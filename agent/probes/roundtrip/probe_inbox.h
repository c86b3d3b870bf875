// ProbeInbox: the mailbox where our letters arrive; finds and deletes them, and nothing else.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/probes/mail/mail_session.h"
#include "common/mail/probe_message.h"

namespace postwatch::agent {

// What a folder is for. A POP3 maildrop has but its INBOX.
enum class FolderRole { kInbox, kSpam, kSent, kTrash };

// What the server announced (IDLE) of a message that is new.
struct Push {
  bool awaited = false;  // a session was waiting for it when it came
  bool announced = false;
  // How long it lay there in vain while the session waited, by the server's clock; zero where that
  // cannot be told.
  absl::Duration unannounced;
};

// A message in the mailbox that carries a token which verifies under the fleet key.
struct Sighting {
  std::string id;      // UID within the folder, or POP3's unique id
  std::string folder;  // "INBOX"
  FolderRole role = FolderRole::kInbox;
  ProbeToken token;
  ProbeMessageKind kind = ProbeMessageKind::kLetter;
  uint32_t uid_validity = 0;          // that the UID holds for
  std::optional<absl::Time> arrived;  // by the server's clock
  Push push;
};

// Messages that are not ours and are left alone, counted since the inbox was opened.
struct InboxTally {
  size_t unverified = 0;  // bear a token that is forged, or another fleet's
  size_t automatic = 0;   // written by machines, or for lists
};

// What one run leaves to the next of what it learnt about a mailbox.
struct InboxMemory {
  std::optional<uint32_t> uid_validity;
  std::set<std::string> told;     // ids of messages with unverified tokens, reported once
  std::set<std::string> foreign;  // POP3: ids that are known not to be ours
  std::string spam_folder;        // "" = none was found yet
  absl::Duration next_login;      // POP3: steady time before which the server wants no login
};

// One mailbox, in sessions of its own. Other people's messages are never fetched beyond a few
// header fields unless these might make them ours, never changed, and never noted. Faults are not
// recorded; the caller decides.
class ProbeInbox {
 public:
  virtual ~ProbeInbox() = default;

  // Connects, logs in and opens the INBOX: steps `dns` to `select`. What is there now is old.
  virtual Task<std::optional<Fault>> Open() = 0;
  // After the connection broke: the same, with what was new still new.
  virtual Task<std::optional<Fault>> Reopen() = 0;
  // Whether a fault is the end of the connection and Reopen may help.
  virtual bool IsLoss(const Fault& fault) const = 0;

  // Messages in the INBOX, ours or not.
  virtual size_t exists() const = 0;
  virtual const InboxTally& tally() const = 0;

  // Our messages among the newest 200 old ones.
  virtual Task<std::optional<Fault>> ScanOld(std::vector<Sighting>& found) = 0;
  // Our messages that are new since the last scan. Unless `always`, a cheap sign that nothing came
  // is enough.
  virtual Task<std::optional<Fault>> ScanNew(bool always, std::vector<Sighting>& found) = 0;
  // Our messages among the newest 1000 of another folder. `exists` tells whether there is one.
  virtual Task<std::optional<Fault>> ScanFolder(std::string name, FolderRole role, bool& exists,
                                                std::vector<Sighting>& found) = 0;
  // The folders that may play a role, best first; of a maildrop there is only the INBOX.
  virtual Task<std::vector<std::string>> FoldersFor(FolderRole role) = 0;
  // Lets go of the mailbox until the next look, where a session keeps others out of it.
  virtual Task<std::optional<Fault>> Release() = 0;
  // Waits until something may have come, at most `limit`; `quick`: no longer than a moment.
  virtual Task<std::optional<Fault>> Await(absl::Duration limit, bool quick) = 0;

  // The whole message; nothing when it is gone or its token does not verify.
  virtual Task<std::optional<Fault>> Read(Sighting sighting, std::string& message,
                                          std::optional<ReceivedProbe>& probe) = 0;
  // Deletes one message and looks whether it is gone. Other letters with the same token in the
  // folder are returned in `copies`.
  virtual Task<std::optional<Fault>> Delete(Sighting sighting, bool& gone,
                                            std::vector<Sighting>& copies) = 0;
  // Whether a session opened for this no longer shows it; nothing when there could be none.
  virtual Task<std::optional<bool>> ProveGone(Sighting sighting) = 0;

  // Whether one session serves from look to look: it may not be shown what a fresh one is.
  virtual bool holds_session() const = 0;
  // Whether the provider keeps a letter once, in the folder of the sent ones, so that one to
  // oneself never arrives (Gmail).
  virtual bool keeps_one_copy() const = 0;
  // The class of a deletion that does not work.
  virtual FailureClass delete_failure() const = 0;

  // From now on every operation is short, and commands are not waited for long.
  virtual void Hurry(absl::Duration limit) = 0;
  // Leaves politely, within 2 s. A session left open counts against the account's limit.
  virtual Task<void> Close() = 0;
  virtual bool is_open() const = 0;
};

// The inbox of a mailbox, by the protocol its settings name. All arguments outlive it. `any_new`:
// what is new may be ours without any sign in its header, as the answer of a reflector.
std::unique_ptr<ProbeInbox> MakeProbeInbox(const RunContext& context,
                                           const MailboxSettings& mailbox, const Secret& fleet_key,
                                           InboxMemory& memory, bool any_new);

}  // namespace postwatch::agent
