#include "agent/probes/roundtrip/imap_probe_inbox.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/probes/roundtrip/header_look.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr uint32_t kScanMessages = 200;
constexpr uint32_t kSweptMessages = 1000;
// Messages whose headers alone do not settle whether they are ours, read whole in one scan.
constexpr int kMaxBodiesRead = 16;
constexpr size_t kMaxTold = 1000;
constexpr std::string_view kWholeSection = "BODY.PEEK[]";
constexpr absl::Duration kQuickPause = absl::Milliseconds(50);
constexpr absl::Duration kSlowPause = absl::Seconds(1);  // where there is no IDLE
// IDLE is only a hint: servers forget to announce (RFC 2177 promises nothing), so it is asked
// again.
constexpr absl::Duration kIdleSlice = absl::Seconds(5);
constexpr absl::Duration kFarewellTimeout = absl::Seconds(2);

constexpr auto kGmailTrash = std::to_array<std::string_view>(
    {"[Gmail]/Trash", "[Gmail]/Bin", "[Google Mail]/Trash", "[Google Mail]/Bin",
     "[Gmail]/Papierkorb", "[Google Mail]/Papierkorb", "[Gmail]/Corbeille", "[Gmail]/Papelera"});

std::string HeaderSection() { return Concat("BODY.PEEK[HEADER.FIELDS (", kLookedAtFields, ")]"); }

uint32_t UidOf(const Sighting& sighting) {
  return static_cast<uint32_t>(ParseInteger(sighting.id).value_or(0));
}

}  // namespace

Task<std::optional<Fault>> ImapProbeInbox::Open() {
  folder_.clear();
  std::optional<Fault> closed = co_await OpenImap(context_, mailbox_, session_);
  if (closed.has_value()) {
    session_.client.reset();
    co_return closed;
  }
  context_.run.Begin("select");
  context_.run.Touch({std::string(component::kMailbox), mailbox_.address});
  const std::string inbox = "INBOX";
  std::optional<Fault> unopened = co_await Enter(inbox, FolderRole::kInbox);
  if (unopened.has_value()) co_return unopened;
  watermark_ = selected_.uid_next.value_or(1);
  const std::optional<uint32_t> before =
      std::exchange(memory_.uid_validity, selected_.uid_validity);
  if (before.has_value() && *before != selected_.uid_validity) {
    context_.run.Find(FailureClass::kImapUidvalidityChanged,
                      Concat("UIDVALIDITY went from ", *before, " to ", selected_.uid_validity));
    memory_.told.clear();
  }
  co_return std::nullopt;
}

Task<std::optional<Fault>> ImapProbeInbox::Reopen() {
  const std::optional<uint32_t> before = memory_.uid_validity;
  const uint32_t watermark = watermark_;
  std::optional<Fault> closed = co_await Open();
  if (closed.has_value()) co_return closed;
  watermark_ = before == selected_.uid_validity ? watermark : 1;
  known_exists_ = 0;
  co_return std::nullopt;
}

bool ImapProbeInbox::IsLoss(const Fault& fault) const {
  return fault.klass == FailureClass::kConnClosedEarly || fault.klass == FailureClass::kTcpReset ||
         (session_.client != nullptr && session_.client->bye().has_value());
}

Task<std::optional<Fault>> ImapProbeInbox::Enter(std::string name, FolderRole role) {
  if (folder_ == name) co_return std::nullopt;
  folder_.clear();  // a refused SELECT leaves none selected (RFC 3501 section 6.3.1)
  absl::StatusOr<ImapMailbox> opened = co_await session_.client->Select(name);
  std::optional<Fault> fault =
      ImapFault(context_, ImapStage::kSelect, session_.stream.get(), opened);
  if (fault.has_value()) co_return fault;
  selected_ = *std::move(opened);
  known_exists_ = selected_.exists;
  folder_ = std::move(name);
  role_ = role;
  co_return std::nullopt;
}

Task<std::optional<Fault>> ImapProbeInbox::ScanOld(std::vector<Sighting>& found) {
  if (selected_.exists == 0) co_return std::nullopt;
  if (selected_.uid_next.has_value() && watermark_ == 1) co_return std::nullopt;
  Pass pass;
  pass.first = watermark_ > kScanMessages ? watermark_ - kScanMessages : 1;
  pass.most = kScanMessages;
  pass.highest = watermark_ - 1;
  std::optional<Fault> fault = co_await Scan(pass, found);
  watermark_ = pass.highest + 1;
  co_return fault;
}

Task<std::optional<Fault>> ImapProbeInbox::ScanNew(bool always, std::vector<Sighting>& found) {
  const std::string inbox = "INBOX";
  std::optional<Fault> unopened = co_await Enter(inbox, FolderRole::kInbox);
  if (unopened.has_value()) co_return unopened;
  const absl::StatusOr<ImapStatus> noop = co_await session_.client->Noop();
  std::optional<Fault> broken = ImapFault(context_, ImapStage::kFetch, session_.stream.get(), noop);
  if (broken.has_value()) co_return broken;
  selected_.exists = session_.client->exists();
  if (!always && selected_.exists == known_exists_) co_return std::nullopt;
  Pass pass;
  pass.first = watermark_;
  pass.most = kScanMessages;
  pass.highest = watermark_ - 1;
  pass.read_any = any_new_;
  std::optional<Fault> fault = co_await Scan(pass, found);
  watermark_ = pass.highest + 1;
  co_return fault;
}

Task<std::optional<Fault>> ImapProbeInbox::ScanFolder(std::string name, FolderRole role,
                                                      bool& exists, std::vector<Sighting>& found) {
  exists = false;
  std::optional<Fault> unopened = co_await Enter(name, role);
  if (unopened.has_value() && unopened->reply.has_value()) co_return std::nullopt;
  if (unopened.has_value()) co_return unopened;
  exists = true;
  if (selected_.exists == 0) co_return std::nullopt;
  const uint32_t next = selected_.uid_next.value_or(1);
  Pass pass;
  pass.first = next > kSweptMessages ? next - kSweptMessages : 1;
  pass.most = kSweptMessages;
  std::optional<Fault> fault = co_await Scan(pass, found);
  co_return fault;
}

Task<std::optional<Fault>> ImapProbeInbox::Scan(Pass& pass, std::vector<Sighting>& found) {
  std::string section = HeaderSection();
  known_exists_ = session_.client->exists();
  const absl::StatusOr<ImapFetch> fetch =
      co_await session_.client->FetchFrom(pass.first, std::move(section));
  std::optional<Fault> broken =
      ImapFault(context_, ImapStage::kFetch, session_.stream.get(), fetch);
  if (broken.has_value()) co_return broken;
  // Without UIDNEXT all messages came; only the newest matter.
  const std::vector<ImapMessage>& messages = fetch->messages;
  const size_t skip = messages.size() > pass.most ? messages.size() - pass.most : 0;
  int bodies = 0;
  for (size_t i = skip; i < messages.size(); ++i) {
    const ImapMessage& message = messages[i];
    pass.highest = std::max(pass.highest, message.uid);
    const HeaderLook look = LookAtHeader(message.body, key_);
    bool ours = look.letter.has_value();
    if (ours) {
      found.push_back({Concat(message.uid), folder_, role_, *look.letter});
    } else if ((look.read_whole || pass.read_any) && bodies < kMaxBodiesRead) {
      ++bodies;
      std::optional<Fault> fault = co_await Recognise(message.uid, found, ours);
      if (fault.has_value()) co_return fault;
    }
    if (!ours) CountForeign(message, look);
  }
  co_return std::nullopt;
}

void ImapProbeInbox::CountForeign(const ImapMessage& message, const HeaderLook& look) {
  if (look.automatic) ++tally_.automatic;
  if (!look.unverified) return;
  const std::string id = Concat(folder_, "/", message.uid);
  if (memory_.told.size() >= kMaxTold || !memory_.told.insert(id).second) return;
  ++tally_.unverified;
}

Task<std::optional<Fault>> ImapProbeInbox::Recognise(uint32_t uid, std::vector<Sighting>& found,
                                                     bool& ours) {
  std::string whole;
  std::optional<ReceivedProbe> probe;
  std::optional<Fault> fault = co_await Fetch(uid, whole, probe);
  if (fault.has_value()) co_return fault;
  ours = probe.has_value();
  if (ours) found.push_back({Concat(uid), folder_, role_, probe->token, probe->kind});
  co_return std::nullopt;
}

Task<std::optional<Fault>> ImapProbeInbox::Fetch(uint32_t uid, std::string& message,
                                                 std::optional<ReceivedProbe>& probe) {
  const std::string section(kWholeSection);
  absl::StatusOr<ImapFetch> fetch = co_await session_.client->Fetch(uid, section);
  std::optional<Fault> broken =
      ImapFault(context_, ImapStage::kFetch, session_.stream.get(), fetch);
  if (broken.has_value()) co_return broken;
  if (fetch->messages.empty()) co_return std::nullopt;
  message = std::move(fetch->messages[0].body);
  probe = ReadProbeMessage(message, key_);
  co_return std::nullopt;
}

Task<std::optional<Fault>> ImapProbeInbox::Read(Sighting sighting, std::string& message,
                                                std::optional<ReceivedProbe>& probe) {
  std::optional<Fault> unopened = co_await Enter(sighting.folder, sighting.role);
  if (unopened.has_value()) co_return unopened;
  const uint32_t uid = UidOf(sighting);
  std::optional<Fault> fault = co_await Fetch(uid, message, probe);
  co_return fault;
}

Task<std::optional<Fault>> ImapProbeInbox::Await(absl::Duration limit, bool quick) {
  if (!quick && session_.client->Has("IDLE") && !idle_refused_) {
    const absl::Duration slice = std::min(kIdleSlice, limit);
    std::optional<Fault> fault = co_await Idle(slice);
    co_return fault;
  }
  const absl::Duration pause = std::min(quick ? kQuickPause : kSlowPause, limit);
  const absl::Status slept = co_await context_.deps.clock.SleepFor(pause);
  if (slept.ok()) co_return std::nullopt;
  Fault cancelled;
  cancelled.detail = "cancelled while waiting for the letter";
  co_return cancelled;
}

Task<std::optional<Fault>> ImapProbeInbox::Idle(absl::Duration limit) {
  const absl::StatusOr<ImapStatus> started = co_await session_.client->StartIdle();
  if (started.ok() && !started->ok() && started->code != "BYE") {
    idle_refused_ = true;
    co_return std::nullopt;
  }
  std::optional<Fault> refused =
      ImapFault(context_, ImapStage::kIdle, session_.stream.get(), started);
  if (refused.has_value()) co_return refused;
  const absl::StatusOr<bool> waited = co_await session_.client->WaitIdle(limit);
  if (!waited.ok()) {
    co_return FaultFromStatus(waited.status(), "delivery", session_.stream.get(),
                              FailureClass::kImapProtocol);
  }
  const absl::StatusOr<ImapStatus> stopped = co_await session_.client->StopIdle();
  co_return ImapFault(context_, ImapStage::kIdle, session_.stream.get(), stopped);
}

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
  for (const std::string_view folder : kGmailTrash) {
    std::string name(folder);
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
  std::optional<Fault> unopened = co_await Enter(sighting.folder, sighting.role);
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
  if (opened.ok() && opened->status.ok()) {
    const uint32_t uid = UidOf(sighting);
    std::string section = HeaderSection();
    const absl::StatusOr<ImapFetch> fetch = co_await session.client->Fetch(uid, std::move(section));
    if (fetch.ok() && fetch->status.ok()) gone = fetch->messages.empty();
  }
  session.stream->SetTimeout(kFarewellTimeout);
  co_await session.client->Logout();
  co_return gone;
}

void ImapProbeInbox::Hurry(absl::Duration limit) { session_.stream->SetTimeout(limit); }

Task<void> ImapProbeInbox::Close() {
  if (session_.client == nullptr) co_return;
  session_.stream->SetTimeout(kFarewellTimeout);
  co_await session_.client->Logout();
  session_.client.reset();
  session_.stream.reset();
}

}  // namespace postwatch::agent
