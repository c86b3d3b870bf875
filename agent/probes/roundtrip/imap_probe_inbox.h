// ImapProbeInbox: our letters in a mailbox that is read over IMAP.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/probes/roundtrip/header_look.h"

namespace postwatch::agent {

// Deletes by UID, and with UID EXPUNGE (RFC 4315); without it nothing is expunged while foreign
// messages are marked as deleted. Asks NOOP before it looks for what is new, without which a server
// may hide what has just arrived, and takes IDLE for a hint only. UIDs hold as long as UIDVALIDITY
// does: when that changed, everything there is looked at again. At Gmail what is deleted goes to
// the trash first, from where the janitor removes it.
class ImapProbeInbox : public ProbeInbox {
 public:
  // All arguments outlive it.
  ImapProbeInbox(const RunContext& context, const MailboxSettings& mailbox, const Secret& fleet_key,
                 InboxMemory& memory, bool any_new)
      : context_(context), mailbox_(mailbox), key_(fleet_key), memory_(memory), any_new_(any_new) {}

  Task<std::optional<Fault>> Open() override;
  Task<std::optional<Fault>> Reopen() override;
  bool IsLoss(const Fault& fault) const override;
  size_t exists() const override { return selected_.exists; }
  const InboxTally& tally() const override { return tally_; }
  Task<std::optional<Fault>> ScanOld(std::vector<Sighting>& found) override;
  Task<std::optional<Fault>> ScanNew(bool always, std::vector<Sighting>& found) override;
  Task<std::optional<Fault>> ScanFolder(std::string name, FolderRole role, bool& exists,
                                        std::vector<Sighting>& found) override;
  // Asks the server once which folders it marks for a use.
  Task<std::vector<std::string>> FoldersFor(FolderRole role) override;
  Task<std::optional<Fault>> Release() override { co_return std::nullopt; }
  Task<std::optional<Fault>> Await(absl::Duration limit, bool quick) override;
  Task<std::optional<Fault>> Read(Sighting sighting, std::string& message,
                                  std::optional<ReceivedProbe>& probe) override;
  Task<std::optional<Fault>> Delete(Sighting sighting, bool& gone,
                                    std::vector<Sighting>& copies) override;
  Task<std::optional<bool>> ProveGone(Sighting sighting) override;
  bool holds_session() const override { return true; }
  bool keeps_one_copy() const override { return is_gmail(); }
  FailureClass delete_failure() const override { return FailureClass::kImapDeleteFailed; }
  void Hurry(absl::Duration limit) override;
  Task<void> Close() override;
  bool is_open() const override { return session_.client != nullptr; }

 private:
  static constexpr uint32_t kScanMessages = 200;

  static std::string HeaderSection();
  static uint32_t UidOf(const Sighting& sighting);

  // One pass over the selected folder.
  struct Pass {
    uint32_t first = 1;  // UID
    uint32_t most = 0;   // of the newest messages, the rest is skipped
    bool read_any = false;
    uint32_t highest = 0;  // becomes the highest UID seen
  };

  // The last time of waiting, until the next look.
  struct Wait {
    absl::Time began;
    absl::Time ended;
    bool announced = false;
  };

  Task<std::optional<Fault>> Enter(std::string name, FolderRole role);
  // Where a sighting was. A folder that was made anew has other messages under its UIDs.
  Task<std::optional<Fault>> Return(Sighting sighting);
  Task<std::optional<Fault>> Scan(Pass& pass, std::vector<Sighting>& found);
  Task<std::optional<Fault>> Recognise(const ImapMessage& message, std::vector<Sighting>& found,
                                       bool& ours);
  Sighting SightingOf(const ImapMessage& message, ProbeToken token, ProbeMessageKind kind) const;
  static Push PushOf(const std::optional<Wait>& wait, const Sighting& sighting);
  Task<void> LearnFolders();
  Task<std::optional<Fault>> Fetch(uint32_t uid, std::string& message,
                                   std::optional<ReceivedProbe>& probe);
  // At Gmail an expunged message stays in All Mail, unless it is moved to the trash.
  bool is_gmail() const { return session_.client != nullptr && session_.client->Has("X-GM-EXT-1"); }
  Task<std::optional<Fault>> MoveToTrash(uint32_t uid, bool& moved);
  Task<std::optional<Fault>> Remove(uint32_t uid);
  Task<std::optional<Fault>> Expunge(uint32_t uid);
  Task<std::optional<Fault>> Idle(absl::Duration limit);
  Task<std::optional<Fault>> AwaitPush(absl::Duration limit);
  void CountForeign(const ImapMessage& message, const HeaderLook& look);

  const RunContext context_;
  const MailboxSettings& mailbox_;
  const Secret& key_;
  InboxMemory& memory_;
  const bool any_new_;
  ImapSession session_;
  ImapMailbox selected_;
  std::string folder_;  // that is selected; "" none
  FolderRole role_ = FolderRole::kInbox;
  uint32_t watermark_ = 1;     // of the INBOX: the UID from which on messages are new
  uint32_t known_exists_ = 0;  // at the last scan
  bool idle_refused_ = false;
  std::optional<Wait> wait_;
  std::optional<std::vector<ImapFolder>> marked_;  // folders, once asked
  InboxTally tally_;
};

}  // namespace postwatch::agent
