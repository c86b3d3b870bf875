#include "agent/probes/roundtrip/pop3_probe_inbox.h"

#include <algorithm>
#include <utility>

#include "agent/probes/roundtrip/header_look.h"
#include "common/base/text.h"
#include "common/mail/mime.h"

namespace postwatch::agent {
namespace {

constexpr size_t kScanMessages = 200;
constexpr size_t kMaxRemembered = 20000;
constexpr int kMaxLooked = 500;  // messages looked at in one scan
constexpr absl::Duration kLeastPause = absl::Seconds(5);
constexpr absl::Duration kMostDelay = absl::Minutes(10);
constexpr absl::Duration kFarewellTimeout = absl::Seconds(2);

// The server's own wish, in seconds (RFC 2449 section 6.7).
absl::Duration LoginDelay(const Pop3Client& client) {
  const std::vector<std::string> words = client.capabilities().Words("LOGIN-DELAY");
  const std::optional<int64_t> seconds = words.empty() ? std::nullopt : ParseInteger(words.front());
  if (!seconds.has_value() || *seconds < 0) return kLeastPause;
  return std::clamp(absl::Seconds(*seconds), kLeastPause, kMostDelay);
}

}  // namespace

Pop3ProbeInbox::Pop3ProbeInbox(const RunContext& context, const MailboxSettings& mailbox,
                               const Secret& fleet_key, InboxMemory& memory, bool any_new)
    : context_(context),
      mailbox_(mailbox),
      key_(fleet_key),
      memory_(memory),
      any_new_(any_new),
      unrecorded_(context.spec, context.deps.clock) {}

Task<void> Pop3ProbeInbox::AwaitTurn() {
  const absl::Duration wait = memory_.next_login - context_.deps.clock.Steady();
  if (wait <= absl::ZeroDuration()) co_return;
  co_await context_.deps.clock.SleepFor(wait);
}

Task<std::optional<Fault>> Pop3ProbeInbox::Begin(RunContext context) {
  session_.client.reset();
  std::optional<Fault> closed = co_await OpenPop3(context, mailbox_, session_);
  memory_.next_login = context_.deps.clock.Steady() + kLeastPause;
  if (closed.has_value()) {
    session_.client.reset();
    co_return closed;
  }
  memory_.next_login = context_.deps.clock.Steady() + LoginDelay(*session_.client);
  session_.stream->SetTimeout(patience_);
  absl::StatusOr<Pop3Listing> listing = co_await session_.client->Uidl();
  std::optional<Fault> unlisted =
      Pop3Fault(context, Pop3Stage::kList, session_.stream.get(), listing);
  if (unlisted.has_value()) co_return unlisted;
  listing_ = *std::move(listing);
  exists_ = listing_.total;
  co_return std::nullopt;
}

Task<std::optional<Fault>> Pop3ProbeInbox::End() {
  if (session_.client == nullptr) co_return std::nullopt;
  const RunContext aside{context_.deps, context_.spec, unrecorded_};
  const absl::StatusOr<Pop3Status> quit = co_await session_.client->Quit();
  std::optional<Fault> fault = Pop3Fault(aside, Pop3Stage::kQuit, session_.stream.get(), quit);
  session_.client.reset();
  session_.stream.reset();
  co_return fault;
}

Task<std::optional<Fault>> Pop3ProbeInbox::Open() {
  co_await AwaitTurn();
  std::optional<Fault> fault = co_await Begin(context_);
  if (fault.has_value()) co_return fault;
  context_.run.Touch({std::string(component::kMailbox), mailbox_.address});
  old_.clear();
  for (const Pop3Entry& entry : listing_.entries) old_.insert(entry.uid);
  // What is gone need not be remembered.
  std::erase_if(memory_.foreign, [this](const std::string& id) { return !old_.contains(id); });
  co_return std::nullopt;
}

// Ids outlive the session, so nothing is lost with it.
Task<std::optional<Fault>> Pop3ProbeInbox::Reopen() {
  session_.client.reset();
  session_.stream.reset();
  co_return std::nullopt;
}

bool Pop3ProbeInbox::IsLoss(const Fault& fault) const {
  return fault.klass == FailureClass::kConnClosedEarly || fault.klass == FailureClass::kTcpReset;
}

Task<std::optional<Fault>> Pop3ProbeInbox::Ensure() {
  if (session_.client != nullptr) co_return std::nullopt;
  co_await AwaitTurn();
  const RunContext aside{context_.deps, context_.spec, unrecorded_};
  std::optional<Fault> fault = co_await Begin(aside);
  co_return fault;
}

Task<std::optional<Fault>> Pop3ProbeInbox::ScanOld(std::vector<Sighting>& found) {
  std::optional<Fault> closed = co_await Ensure();
  if (closed.has_value()) co_return closed;
  std::optional<Fault> fault = co_await Scan(kScanMessages, false, found);
  co_return fault;
}

Task<std::optional<Fault>> Pop3ProbeInbox::ScanNew(bool, std::vector<Sighting>& found) {
  if (context_.deps.clock.Steady() < memory_.next_login) co_return std::nullopt;
  std::optional<Fault> open = co_await End();
  if (!open.has_value()) open = co_await Ensure();
  if (!open.has_value()) open = co_await Scan(kScanMessages, any_new_, found);
  // The maildrop is free for others until the next look, unless there is something to do here.
  if (!open.has_value() && found.empty()) open = co_await End();
  co_return open;
}

Task<std::optional<Fault>> Pop3ProbeInbox::ScanFolder(std::string name, FolderRole, bool& exists,
                                                      std::vector<Sighting>& found) {
  exists = name == "INBOX";
  if (!exists) co_return std::nullopt;
  std::optional<Fault> fault = co_await ScanOld(found);
  co_return fault;
}

Task<std::vector<std::string>> Pop3ProbeInbox::FoldersFor(FolderRole role) {
  std::vector<std::string> folders;
  if (role == FolderRole::kInbox) folders.emplace_back("INBOX");
  co_return folders;
}

Task<std::optional<Fault>> Pop3ProbeInbox::Scan(size_t most, bool read_any,
                                                std::vector<Sighting>& found) {
  const std::vector<Pop3Entry> entries = listing_.entries;
  const size_t skip = entries.size() > most ? entries.size() - most : 0;
  int looked = 0;
  for (size_t i = skip; i < entries.size() && looked < kMaxLooked; ++i) {
    const std::string& id = entries[i].uid;
    if (memory_.foreign.contains(id) || seen_.contains(id)) continue;
    ++looked;
    const bool any = read_any && !old_.contains(id);
    std::optional<Fault> fault = co_await Recognise(entries[i], any, found);
    if (fault.has_value()) co_return fault;
  }
  co_return std::nullopt;
}

Task<std::optional<Fault>> Pop3ProbeInbox::Recognise(Pop3Entry entry, bool read_any,
                                                     std::vector<Sighting>& found) {
  const RunContext aside{context_.deps, context_.spec, unrecorded_};
  const absl::StatusOr<Pop3Message> top = co_await session_.client->Top(entry.number, 0);
  std::optional<Fault> broken = Pop3Fault(aside, Pop3Stage::kRetrieve, session_.stream.get(), top);
  // TOP is optional; what cannot be looked at so is read whole.
  const bool refused = broken.has_value() && broken->reply.has_value();
  if (broken.has_value() && !refused) co_return broken;
  HeaderLook look;
  if (!refused) look = LookAtHeader(SplitEntity(top->text).headers, key_);
  std::optional<Sighting> ours;
  if (look.letter.has_value()) {
    ours = Sighting{entry.uid, "INBOX", FolderRole::kInbox, *look.letter};
  } else if (refused || look.read_whole || read_any) {
    std::string message;
    std::optional<ReceivedProbe> probe;
    std::optional<Fault> unread = co_await Retrieve(entry.number, message, probe);
    if (unread.has_value()) co_return unread;
    if (probe.has_value()) {
      ours = Sighting{entry.uid, "INBOX", FolderRole::kInbox, probe->token, probe->kind};
    }
  }
  if (ours.has_value()) {
    seen_.insert(entry.uid);
    found.push_back(*std::move(ours));
    co_return std::nullopt;
  }
  if (look.automatic) ++tally_.automatic;
  if (look.unverified) ++tally_.unverified;
  if (memory_.foreign.size() < kMaxRemembered) memory_.foreign.insert(entry.uid);
  co_return std::nullopt;
}

Task<std::optional<Fault>> Pop3ProbeInbox::Retrieve(uint32_t number, std::string& message,
                                                    std::optional<ReceivedProbe>& probe) {
  const RunContext aside{context_.deps, context_.spec, unrecorded_};
  absl::StatusOr<Pop3Message> whole = co_await session_.client->Retrieve(number);
  std::optional<Fault> broken =
      Pop3Fault(aside, Pop3Stage::kRetrieve, session_.stream.get(), whole);
  if (broken.has_value() && broken->reply.has_value()) co_return std::nullopt;  // it is gone
  if (broken.has_value()) co_return broken;
  message = std::move(whole->text);
  probe = ReadProbeMessage(message, key_);
  co_return std::nullopt;
}

Task<std::optional<Fault>> Pop3ProbeInbox::Await(absl::Duration limit, bool) {
  std::optional<Fault> fault = co_await End();
  if (fault.has_value()) co_return fault;
  const absl::Duration until = memory_.next_login - context_.deps.clock.Steady();
  const absl::Duration pause = std::clamp(until, absl::Milliseconds(10), limit);
  const absl::Status slept = co_await context_.deps.clock.SleepFor(pause);
  if (slept.ok()) co_return std::nullopt;
  Fault cancelled;
  cancelled.detail = "cancelled while waiting for the letter";
  co_return cancelled;
}

uint32_t Pop3ProbeInbox::NumberOf(const std::string& id) const {
  for (const Pop3Entry& entry : listing_.entries) {
    if (entry.uid == id) return entry.number;
  }
  return 0;
}

Task<std::optional<Fault>> Pop3ProbeInbox::Read(Sighting sighting, std::string& message,
                                                std::optional<ReceivedProbe>& probe) {
  std::optional<Fault> closed = co_await Ensure();
  if (closed.has_value()) co_return closed;
  const uint32_t number = NumberOf(sighting.id);
  if (number == 0) co_return std::nullopt;
  std::optional<Fault> fault = co_await Retrieve(number, message, probe);
  co_return fault;
}

Task<std::optional<Fault>> Pop3ProbeInbox::Delete(Sighting sighting, bool& gone,
                                                  std::vector<Sighting>& copies) {
  gone = false;
  std::optional<Fault> closed = co_await Ensure();
  if (closed.has_value()) co_return closed;
  const RunContext aside{context_.deps, context_.spec, unrecorded_};
  const uint32_t number = NumberOf(sighting.id);
  if (number != 0) {
    const absl::StatusOr<Pop3Status> marked = co_await session_.client->Delete(number);
    std::optional<Fault> fault =
        Pop3Fault(aside, Pop3Stage::kDelete, session_.stream.get(), marked);
    if (fault.has_value() && !fault->reply.has_value()) co_return fault;
  }
  std::optional<Fault> broken = co_await End();
  if (broken.has_value() && !broken->reply.has_value()) co_return broken;
  closed = co_await Ensure();
  if (closed.has_value()) co_return closed;
  gone = NumberOf(sighting.id) == 0;
  if (gone) proven_gone_ = sighting.id;
  seen_.clear();  // copies may have been returned with it
  std::vector<Sighting> others;
  broken = co_await Scan(kScanMessages, false, others);
  if (broken.has_value()) co_return broken;
  for (Sighting& other : others) {
    const bool same = other.id == sighting.id;
    if (!same && other.token == sighting.token && other.kind == sighting.kind) {
      copies.push_back(std::move(other));
    } else if (!same) {
      seen_.erase(other.id);  // for the next scan
    }
  }
  co_return std::nullopt;
}

Task<std::optional<bool>> Pop3ProbeInbox::ProveGone(Sighting sighting) {
  if (proven_gone_ == sighting.id) co_return true;
  std::optional<bool> gone;
  const std::optional<Fault> ended = co_await End();
  const std::optional<Fault> closed = co_await Ensure();
  if (!ended.has_value() && !closed.has_value()) gone = NumberOf(sighting.id) == 0;
  co_await Close();
  co_return gone;
}

void Pop3ProbeInbox::Hurry(absl::Duration limit) {
  patience_ = limit;
  if (session_.stream != nullptr) session_.stream->SetTimeout(limit);
}

Task<void> Pop3ProbeInbox::Close() {
  if (session_.client == nullptr) co_return;
  session_.stream->SetTimeout(kFarewellTimeout);
  co_await End();
}

}  // namespace postwatch::agent
