// RoundtripRun as janitor: removes what earlier runs left anywhere in the mailboxes.
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

constexpr FolderRole kSwept[] = {FolderRole::kInbox, FolderRole::kSpam, FolderRole::kSent,
                                 FolderRole::kTrash};

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
  const bool of_sender = &mailbox == &settings_.sender;
  for (const FolderRole role : kSwept) {
    const std::vector<std::string> folders = co_await inbox->FoldersFor(role);
    for (const std::string& name : folders) {
      if (deadline_ - Now() < kStopBefore) break;
      fault = co_await SweepFolder(*inbox, name, role, of_sender, memory);
      if (fault.has_value()) co_return;
    }
  }
  co_await inbox->Close();
}

// Many folders that are tried do not exist; that they do not is told quickly.
Task<std::optional<Fault>> RoundtripRun::SweepFolder(ProbeInbox& inbox, std::string name,
                                                     FolderRole role, bool of_sender,
                                                     InboxMemory& memory) {
  std::vector<Sighting> found;
  bool exists = false;
  std::optional<Fault> fault = co_await inbox.ScanFolder(name, role, exists, found);
  if (fault.has_value()) co_return fault;
  const bool spam = exists && role == FolderRole::kSpam;
  if (spam && memory.spam_folder.empty()) memory.spam_folder = name;
  const bool arrival = role == FolderRole::kInbox || role == FolderRole::kSpam;
  for (Sighting& sighting : found) {
    // The letter of this very run may still be on its way here.
    const bool own = sighting.token.probe_id == letter_.token.probe_id;
    if (own && arrival) continue;
    const bool strayed = of_sender && arrival && IsAnswer(sighting);
    if (strayed) {
      fault = co_await HandleStray(inbox, std::move(sighting));
    } else {
      fault = co_await HandleEarlierLetter(inbox, std::move(sighting));
    }
    if (fault.has_value()) co_return fault;
  }
  co_return std::nullopt;
}

}  // namespace postwatch::agent
