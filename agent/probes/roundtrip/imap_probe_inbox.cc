#include "agent/probes/roundtrip/imap_probe_inbox.h"

#include <algorithm>
#include <utility>

#include "agent/probes/roundtrip/folder_names.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr uint32_t kSweptMessages = 1000;
// Messages whose headers alone do not settle whether they are ours, read whole in one scan.
constexpr int kMaxBodiesRead = 16;
constexpr size_t kMaxTold = 1000;
// As much as a client takes; the rest of a larger message is of no use.
constexpr std::string_view kWholeSection = "BODY.PEEK[]<0.1048576>";
static_assert(kMaxImapLiteral == 1048576);
constexpr absl::Duration kQuickPause = absl::Milliseconds(50);
constexpr absl::Duration kSlowPause = absl::Seconds(1);  // where there is no IDLE
// IDLE is only a hint: servers forget to announce (RFC 2177 promises nothing), so it is asked
// again.
constexpr absl::Duration kIdleSlice = absl::Seconds(5);
static_assert(kIdleSlice < absl::Minutes(29), "a server may end a longer IDLE (RFC 2177)");
// An arrival is dated in whole seconds.
constexpr absl::Duration kGranularity = absl::Seconds(1);
constexpr absl::Duration kFarewellTimeout = absl::Seconds(2);

}  // namespace

std::string ImapProbeInbox::HeaderSection() {
  return Concat("BODY.PEEK[HEADER.FIELDS (", kLookedAtFields, ")]");
}

uint32_t ImapProbeInbox::UidOf(const Sighting& sighting) {
  return static_cast<uint32_t>(ParseInteger(sighting.id).value_or(0));
}

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

Task<std::optional<Fault>> ImapProbeInbox::Return(Sighting sighting) {
  std::optional<Fault> unopened = co_await Enter(sighting.folder, sighting.role);
  if (unopened.has_value() || sighting.uid_validity == selected_.uid_validity) co_return unopened;
  Fault anew;
  anew.detail = Concat("the folder ", sighting.folder, " was made anew while it was read");
  co_return anew;
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
  const std::optional<Wait> wait = std::exchange(wait_, std::nullopt);
  std::optional<Fault> fault = co_await Scan(pass, found);
  watermark_ = pass.highest + 1;
  for (Sighting& sighting : found) sighting.push = PushOf(wait, sighting);
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
      found.push_back(SightingOf(message, *look.letter, ProbeMessageKind::kLetter));
    } else if ((look.read_whole || pass.read_any) && bodies < kMaxBodiesRead) {
      ++bodies;
      std::optional<Fault> fault = co_await Recognise(message, found, ours);
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

Sighting ImapProbeInbox::SightingOf(const ImapMessage& message, ProbeToken token,
                                    ProbeMessageKind kind) const {
  Sighting sighting{Concat(message.uid), folder_, role_, std::move(token), kind};
  sighting.uid_validity = selected_.uid_validity;
  sighting.arrived = message.arrived;
  return sighting;
}

// A time of arrival within the wait, give or take a second, is taken for true: the server's clock
// agrees with ours well enough.
Push ImapProbeInbox::PushOf(const std::optional<Wait>& wait, const Sighting& sighting) {
  Push push;
  if (!wait.has_value()) return push;
  push.awaited = true;
  push.announced = wait->announced;
  const bool dated = sighting.arrived.has_value() &&
                     *sighting.arrived >= wait->began - kGranularity &&
                     *sighting.arrived <= wait->ended;
  if (!push.announced && dated) {
    push.unannounced = wait->ended - std::max(*sighting.arrived, wait->began);
  }
  return push;
}

Task<std::optional<Fault>> ImapProbeInbox::Recognise(const ImapMessage& message,
                                                     std::vector<Sighting>& found, bool& ours) {
  std::string whole;
  std::optional<ReceivedProbe> probe;
  std::optional<Fault> fault = co_await Fetch(message.uid, whole, probe);
  if (fault.has_value()) co_return fault;
  ours = probe.has_value();
  if (ours) found.push_back(SightingOf(message, probe->token, probe->kind));
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
  std::optional<Fault> unopened = co_await Return(sighting);
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
  std::optional<Fault> lost = co_await AwaitPush(limit);
  if (lost.has_value()) co_return lost;
  const absl::StatusOr<ImapStatus> stopped = co_await session_.client->StopIdle();
  co_return ImapFault(context_, ImapStage::kIdle, session_.stream.get(), stopped);
}

// Servers say other things too while they are listened to, such as that they are still there.
Task<std::optional<Fault>> ImapProbeInbox::AwaitPush(absl::Duration limit) {
  const absl::Duration until = context_.deps.clock.Steady() + limit;
  Wait wait{context_.deps.clock.Now(), absl::InfinitePast()};
  bool over = false;
  while (!over && !wait.announced && !session_.client->idle_ended()) {
    const absl::Duration left = until - context_.deps.clock.Steady();
    const absl::StatusOr<bool> grown = co_await session_.client->WaitIdle(left);
    if (!grown.ok()) {
      co_return FaultFromStatus(grown.status(), "delivery", session_.stream.get(),
                                FailureClass::kImapProtocol);
    }
    wait.announced = *grown;
    over = context_.deps.clock.Steady() >= until;
  }
  wait.ended = context_.deps.clock.Now();
  // A wait that the server ended tells nothing.
  if (over || wait.announced) wait_ = wait;
  co_return std::nullopt;
}

Task<std::vector<std::string>> ImapProbeInbox::FoldersFor(FolderRole role) {
  co_await LearnFolders();
  co_return FoldersToTry(role, *marked_);
}

// Where the answer is lost, the next command tells why.
Task<void> ImapProbeInbox::LearnFolders() {
  if (marked_.has_value()) co_return;
  absl::StatusOr<ImapFolders> listed = co_await session_.client->ListMarked();
  marked_.emplace();
  if (listed.ok()) marked_ = std::move(listed->folders);
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
