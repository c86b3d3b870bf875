// RoundtripRun as janitor: removes what earlier runs left anywhere in the mailboxes.
#include <array>
#include <string_view>
#include <utility>

#include "agent/probes/roundtrip/roundtrip_run.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kSweepEvery = absl::Hours(6);
// It must not run into the run's deadline, which would blame the mailbox.
constexpr absl::Duration kLeastTime = absl::Seconds(20);
constexpr absl::Duration kStopBefore = absl::Seconds(10);
constexpr absl::Duration kCommandTimeout = absl::Seconds(5);

struct SweptFolder {
  std::string_view name;
  FolderRole role;
};

// Names by which servers call them; those that a mailbox does not have are refused, which is quick.
constexpr auto kFolders = std::to_array<SweptFolder>({
    {"INBOX", FolderRole::kInbox},
    {"Junk", FolderRole::kSpam},
    {"Spam", FolderRole::kSpam},
    {"INBOX.Junk", FolderRole::kSpam},
    {"INBOX.Spam", FolderRole::kSpam},
    {"Junk E-mail", FolderRole::kSpam},
    {"Junk Email", FolderRole::kSpam},
    {"Bulk Mail", FolderRole::kSpam},
    {"[Gmail]/Spam", FolderRole::kSpam},
    {"Sent", FolderRole::kSent},
    {"Sent Items", FolderRole::kSent},
    {"Sent Messages", FolderRole::kSent},
    {"INBOX.Sent", FolderRole::kSent},
    {"[Gmail]/Sent Mail", FolderRole::kSent},
    {"Trash", FolderRole::kTrash},
    {"Deleted Items", FolderRole::kTrash},
    {"Deleted Messages", FolderRole::kTrash},
    {"INBOX.Trash", FolderRole::kTrash},
    {"[Gmail]/Trash", FolderRole::kTrash},
    {"[Gmail]/Bin", FolderRole::kTrash},
    {"[Google Mail]/Trash", FolderRole::kTrash},
    {"[Google Mail]/Bin", FolderRole::kTrash},
    {"[Gmail]/Papierkorb", FolderRole::kTrash},
    {"[Google Mail]/Papierkorb", FolderRole::kTrash},
    {"[Gmail]/Corbeille", FolderRole::kTrash},
    {"[Gmail]/Papelera", FolderRole::kTrash},
});

}  // namespace

Task<void> RoundtripRun::SweepIfDue() {
  if (Now() < memory_.next_sweep || deadline_ - Now() < kLeastTime) co_return;
  memory_.next_sweep = Now() + kSweepEvery;
  co_await Sweep(settings_.receiver, memory_.receiving);
  const bool one = EqualsIgnoreCase(settings_.sender.address, settings_.receiver.address);
  if (one || deadline_ - Now() < kLeastTime) co_return;
  co_await Sweep(settings_.sender, memory_.sending);
}

// Nothing of the visit is on the record: it says nothing about the mailbox that the run does not.
Task<void> RoundtripRun::Sweep(const MailboxSettings& mailbox, InboxMemory& memory) {
  // A maildrop has no other folder than the one that every run looks through.
  const bool maildrop = mailbox.receive_by == ReceiveProtocol::kPop3;
  if (maildrop && &mailbox == &settings_.receiver) co_return;
  StepRecorder unrecorded(context_.spec, context_.deps.clock);
  const RunContext aside{context_.deps, context_.spec, unrecorded};
  const std::unique_ptr<ProbeInbox> inbox = MakeProbeInbox(aside, mailbox, key_, memory, false);
  std::optional<Fault> fault = co_await inbox->Open();
  if (fault.has_value()) co_return;
  inbox->Hurry(kCommandTimeout);
  for (const SweptFolder& folder : kFolders) {
    if (deadline_ - Now() < kStopBefore) break;
    std::string name(folder.name);
    std::vector<Sighting> found;
    bool exists = false;
    fault = co_await inbox->ScanFolder(name, folder.role, exists, found);
    if (fault.has_value()) co_return;
    if (exists && folder.role == FolderRole::kSpam) memory.spam_folder = name;
    for (Sighting& sighting : found) {
      // The letter of this very run may still be on its way here.
      const bool own = sighting.token.probe_id == letter_.token.probe_id;
      const bool arrival =
          sighting.role == FolderRole::kInbox || sighting.role == FolderRole::kSpam;
      if (own && arrival) continue;
      const bool strayed = &mailbox == &settings_.sender && arrival && IsAnswer(sighting);
      if (strayed) {
        fault = co_await HandleStray(*inbox, std::move(sighting));
      } else {
        fault = co_await HandleEarlierLetter(*inbox, std::move(sighting));
      }
      if (fault.has_value()) co_return;
    }
  }
  co_await inbox->Close();
}

}  // namespace postwatch::agent
