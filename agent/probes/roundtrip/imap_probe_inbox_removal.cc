// ImapProbeInbox's removal of messages, and the proof of it.
#include <algorithm>
#include <utility>

#include "agent/probes/roundtrip/folder_names.h"
#include "agent/probes/roundtrip/imap_probe_inbox.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kFarewellTimeout = absl::Seconds(2);

}  // namespace

Task<std::optional<Fault>> ImapProbeInbox::Expunge(uint32_t uid) {
  const absl::StatusOr<ImapStatus> marked = co_await session_.client->MarkDeleted(uid);
  std::optional<Fault> unmarked =
      ImapFault(context_, ImapStage::kExpunge, session_.stream.get(), marked);
  if (unmarked.has_value()) co_return unmarked;
  bool alone = false;
  if (!session_.client->Has("UIDPLUS")) {
    const absl::StatusOr<std::vector<uint32_t>> deleted = co_await session_.client->SearchDeleted();
    if (!deleted.ok() && GetNetError(deleted.status()).has_value()) {
      co_return FaultFromStatus(deleted.status(), context_.run.current_step(),
                                session_.stream.get(), FailureClass::kImapProtocol);
    }
    alone = deleted.ok() && std::all_of(deleted->begin(), deleted->end(),
                                        [uid](uint32_t other) { return other == uid; });
  }
  const absl::StatusOr<ImapStatus> expunged = co_await session_.client->Expunge(uid, alone);
  co_return ImapFault(context_, ImapStage::kExpunge, session_.stream.get(), expunged);
}

Task<std::optional<Fault>> ImapProbeInbox::MoveToTrash(uint32_t uid, bool& moved) {
  moved = false;
  co_await LearnFolders();
  for (std::string& name : GmailTrashes(*marked_)) {
    const absl::StatusOr<ImapStatus> status = co_await session_.client->Move(uid, std::move(name));
    std::optional<Fault> fault =
        ImapFault(context_, ImapStage::kExpunge, session_.stream.get(), status);
    moved = !fault.has_value();
    if (moved || !fault->reply.has_value()) co_return fault;
  }
  co_return std::nullopt;
}

Task<std::optional<Fault>> ImapProbeInbox::Remove(uint32_t uid) {
  if (is_gmail() && role_ != FolderRole::kTrash && session_.client->Has("MOVE")) {
    bool moved = false;
    std::optional<Fault> fault = co_await MoveToTrash(uid, moved);
    if (moved || fault.has_value()) co_return fault;
  }
  std::optional<Fault> fault = co_await Expunge(uid);
  co_return fault;
}

Task<std::optional<Fault>> ImapProbeInbox::Delete(Sighting sighting, bool& gone,
                                                  std::vector<Sighting>& copies) {
  gone = false;
  std::optional<Fault> unopened = co_await Return(sighting);
  if (unopened.has_value()) co_return unopened;
  const uint32_t uid = UidOf(sighting);
  std::optional<Fault> fault = co_await Remove(uid);
  const bool refused = fault.has_value() && fault->reply.has_value();
  if (fault.has_value() && !refused) co_return fault;
  std::vector<Sighting> left;
  Pass pass;
  pass.first = uid;
  pass.most = kScanMessages;
  std::optional<Fault> broken = co_await Scan(pass, left);
  if (broken.has_value()) co_return broken;
  gone = !refused;
  for (Sighting& other : left) {
    if (other.id == sighting.id) {
      gone = false;
    } else if (other.token == sighting.token && other.kind == sighting.kind) {
      copies.push_back(std::move(other));
    }
  }
  co_return std::nullopt;
}

Task<std::optional<bool>> ImapProbeInbox::ProveGone(Sighting sighting) {
  StepRecorder unrecorded(context_.spec, context_.deps.clock);
  const RunContext aside{context_.deps, context_.spec, unrecorded};
  ImapSession session;
  const std::optional<Fault> closed = co_await OpenImap(aside, mailbox_, session);
  if (closed.has_value()) co_return std::nullopt;
  std::optional<bool> gone;
  const absl::StatusOr<ImapMailbox> opened = co_await session.client->Select(sighting.folder);
  const bool same =
      opened.ok() && opened->status.ok() && opened->uid_validity == sighting.uid_validity;
  if (same) {
    const uint32_t uid = UidOf(sighting);
    std::string section = HeaderSection();
    const absl::StatusOr<ImapFetch> fetch = co_await session.client->Fetch(uid, std::move(section));
    if (fetch.ok() && fetch->status.ok()) gone = fetch->messages.empty();
  }
  session.stream->SetTimeout(kFarewellTimeout);
  co_await session.client->Logout();
  co_return gone;
}

}  // namespace postwatch::agent
