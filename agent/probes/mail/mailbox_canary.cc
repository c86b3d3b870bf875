#include "agent/probes/mail/mailbox_canary.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "agent/probes/check_memory.h"
#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/mail_session.h"
#include "common/base/text.h"
#include "common/checks/mail/imap_canary_settings.h"
#include "common/mail/canary_message.h"
#include "common/mail/mime.h"

namespace postwatch::agent {
namespace {

// Fetches of headers in search of the canary, each of at most 1000 messages.
constexpr int kMaxScans = 5;
constexpr size_t kScanned = 1000;
constexpr absl::Duration kPutBackAfter = absl::Hours(24);

// What one look showed. `uid` 0: no canary.
struct Look {
  uint32_t uid = 0;
  std::string since;  // its Date
  Integrity integrity = Integrity::kCorrupted;

  bool intact() const { return uid != 0 && integrity != Integrity::kCorrupted; }
};

class MailboxCanary : public ConfiguredProbe<ImapCanarySettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> Inspect(const RunContext& context, ImapSession& session);
  Task<std::optional<Fault>> Open(const RunContext& context, ImapSession& session);
  Task<std::optional<Fault>> TakeLook(const RunContext& context, ImapSession& session, Look& look);
  Task<std::optional<Fault>> Find(const RunContext& context, ImapSession& session, Look& look);
  Task<std::optional<Fault>> Put(const RunContext& context, ImapSession& session);
  std::optional<Fault> Remember(const RunContext& context, const Look& look);
  Fault Damage(const RunContext& context, const Look& look);
  void Recall(const RunContext& context, std::string mark);
  void Keep(const RunContext& context);
  std::string NoteKey() const;

  // Of earlier runs; kept for those after a restart.
  std::string mark_;
  std::string kept_;
  uint32_t known_uid_ = 0;
  uint32_t uid_validity_ = 0;
  bool seen_ = false;
  std::optional<absl::Time> gone_since_;
};

Task<void> MailboxCanary::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  if (deps_.fleet_key.file.empty() && deps_.fleet_key.env.empty()) {
    run.NotTested("a canary is known again by the fleet's key, and there is none here");
    co_return;
  }
  const absl::StatusOr<Secret> key = deps_.secrets(deps_.fleet_key);
  if (!key.ok()) {
    run.NotTested(Concat("the fleet key could not be read: ", FromAbsl(key.status().message())));
    co_return;
  }
  Recall(context, CanaryMark(spec_.id, *key));
  ImapSession session;
  std::optional<Fault> fault = co_await OpenImap(context, settings_.mailbox, session);
  if (!fault.has_value()) {
    fault = co_await Inspect(context, session);
    Keep(context);
  }
  if (fault.has_value()) {
    Decide(run, *fault);
    if (fault->klass != FailureClass::kImapStoreCorruption) co_return;
  }
  run.Begin("logout");
  const absl::StatusOr<ImapStatus> bye = co_await session.client->Logout();
  if (bye.ok()) run.Note(Concat("S: ", bye->text));
}

Task<std::optional<Fault>> MailboxCanary::Inspect(const RunContext& context, ImapSession& session) {
  context.run.Begin("select");
  context.run.Touch({std::string(component::kMailbox), settings_.mailbox.address});
  std::optional<Fault> fault = co_await Open(context, session);
  Look look;
  if (!fault.has_value()) fault = co_await TakeLook(context, session, look);
  if (fault.has_value()) co_return fault;
  if (look.intact()) co_return Remember(context, look);
  const bool due =
      gone_since_.has_value() && context.deps.clock.Now() - *gone_since_ >= kPutBackAfter;
  if (look.uid == 0 && (!seen_ || due)) {
    co_return co_await Put(context, session);
  }
  // A session that began before the message was touched, or an index that lags, shows it late.
  context.run.Begin("confirm");
  fault = co_await Open(context, session);
  known_uid_ = 0;
  if (!fault.has_value()) fault = co_await TakeLook(context, session, look);
  if (fault.has_value()) co_return fault;
  if (look.intact()) co_return Remember(context, look);
  co_return Damage(context, look);
}

// EXAMINE: nothing is marked as read, not even by accident.
Task<std::optional<Fault>> MailboxCanary::Open(const RunContext& context, ImapSession& session) {
  const absl::StatusOr<ImapMailbox> folder = co_await session.client->Examine(settings_.folder);
  std::optional<Fault> closed =
      ImapFault(context, ImapStage::kSelect, session.stream.get(), folder);
  if (closed.has_value()) co_return closed;
  if (uid_validity_ != 0 && folder->uid_validity != uid_validity_) {
    context.run.Find(FailureClass::kImapUidvalidityChanged,
                     Concat("UIDVALIDITY of ", settings_.folder, " was ", uid_validity_, ", is ",
                            folder->uid_validity, ": the folder was made anew or restored"));
    known_uid_ = 0;
  }
  uid_validity_ = folder->uid_validity;
  co_return std::nullopt;
}

Task<std::optional<Fault>> MailboxCanary::TakeLook(const RunContext& context, ImapSession& session,
                                                   Look& look) {
  look = {};
  if (context.run.current_step() == "select") context.run.Begin("find");
  std::optional<Fault> fault = co_await Find(context, session, look);
  if (fault.has_value() || look.uid == 0) co_return fault;
  if (context.run.current_step() == "find") context.run.Begin("fetch");
  const std::string section = "BODY.PEEK[]";
  const absl::StatusOr<ImapFetch> fetch = co_await session.client->Fetch(look.uid, section);
  fault = ImapFault(context, ImapStage::kFetch, session.stream.get(), fetch);
  if (fault.has_value()) co_return fault;
  if (!fetch->messages.empty()) {
    look.integrity = CheckCanary(fetch->messages.front().body, mark_);
  }
  co_return std::nullopt;
}

// Where it was the last time, else in the whole folder.
Task<std::optional<Fault>> MailboxCanary::Find(const RunContext& context, ImapSession& session,
                                               Look& look) {
  const std::string fields(kCanaryFields);
  uint32_t next = 1;
  for (int scan = 0; scan < kMaxScans; ++scan) {
    absl::StatusOr<ImapFetch> fetch;
    const bool direct = scan == 0 && known_uid_ != 0;
    if (direct) {
      fetch = co_await session.client->Fetch(known_uid_, fields);
    } else {
      fetch = co_await session.client->FetchFrom(next, fields);
    }
    std::optional<Fault> fault = ImapFault(context, ImapStage::kFetch, session.stream.get(), fetch);
    if (fault.has_value()) co_return fault;
    for (const ImapMessage& message : fetch->messages) {
      next = std::max(next, message.uid + 1);
      if (!HasCanaryMark(message.body, mark_)) continue;
      look.uid = message.uid;
      look.since = HeaderField(message.body, "Date");
      co_return std::nullopt;
    }
    if (direct) {
      next = 1;
    } else if (fetch->messages.size() < kScanned) {
      co_return std::nullopt;
    }
  }
  Fault crowded;
  crowded.detail =
      Concat("the canary is not among the first messages of ", settings_.folder,
             ", which holds more than are looked through; give it a folder of its own");
  co_return crowded;
}

Task<std::optional<Fault>> MailboxCanary::Put(const RunContext& context, ImapSession& session) {
  context.run.Begin("append");
  const std::string& address = settings_.mailbox.address;
  const std::string message =
      ComposeCanary(mark_, address, DomainOf(address), context.deps.clock.Now());
  const absl::StatusOr<ImapAppend> put =
      co_await session.client->AppendMessage(settings_.folder, message);
  std::optional<Fault> refused = ImapFault(context, ImapStage::kOther, session.stream.get(), put);
  if (refused.has_value()) co_return refused;
  context.run.Note("put a canary into the mailbox");
  context.run.Begin("proof");
  known_uid_ = 0;
  Look look;
  std::optional<Fault> fault = co_await Open(context, session);
  if (!fault.has_value()) fault = co_await TakeLook(context, session, look);
  if (fault.has_value()) co_return fault;
  if (look.intact()) co_return Remember(context, look);
  co_return Damage(context, look);
}

std::optional<Fault> MailboxCanary::Remember(const RunContext& context, const Look& look) {
  known_uid_ = look.uid;
  seen_ = true;
  gone_since_.reset();
  context.run.Fact("canary.uid", Concat(look.uid));
  context.run.Fact("canary.since", look.since);
  if (look.integrity == Integrity::kRewritten) {
    context.run.Find(FailureClass::kRewritten, "text was added to the canary's body");
  }
  return std::nullopt;
}

Fault MailboxCanary::Damage(const RunContext& context, const Look& look) {
  Fault fault{FailureClass::kImapStoreCorruption, "", std::nullopt};
  if (look.uid == 0) {
    if (!gone_since_.has_value()) gone_since_ = context.deps.clock.Now();
    fault.detail = Concat("the canary is gone from ", settings_.folder,
                          ": messages are lost, or somebody deleted it");
  } else {
    fault.detail = Concat("the canary in ", settings_.folder, " (UID ", look.uid, ", of ",
                          look.since, ") is not what was put there");
  }
  return fault;
}

std::string MailboxCanary::NoteKey() const {
  return Concat("canary ", settings_.mailbox.address, "\n", settings_.folder);
}

// "<mark> <UIDVALIDITY> <UID> <seen> <gone since, Unix seconds, or 0>". With another mark, as after
// a change of the fleet's key, there is another canary, and nothing is known of it.
void MailboxCanary::Recall(const RunContext& context, std::string mark) {
  if (mark == mark_) return;
  kept_ = mark_.empty() ? RecallNote(context, NoteKey()) : "";
  mark_ = std::move(mark);
  known_uid_ = uid_validity_ = 0;
  seen_ = false;
  gone_since_.reset();
  const std::vector<std::string_view> words = Split(kept_, ' ');
  if (words.size() != 5 || words[0] != mark_) return;
  std::array<int64_t, 4> numbers{};
  for (size_t i = 0; i < numbers.size(); ++i) {
    const std::optional<int64_t> number = ParseInteger(words[i + 1]);
    if (!number.has_value()) return;
    numbers[i] = *number;
  }
  uid_validity_ = static_cast<uint32_t>(numbers[0]);
  known_uid_ = static_cast<uint32_t>(numbers[1]);
  seen_ = numbers[2] != 0;
  if (numbers[3] != 0) gone_since_ = absl::FromUnixSeconds(numbers[3]);
}

void MailboxCanary::Keep(const RunContext& context) {
  std::string note = Concat(mark_, " ", uid_validity_, " ", known_uid_, " ", seen_ ? 1 : 0, " ",
                            gone_since_.has_value() ? absl::ToUnixSeconds(*gone_since_) : 0);
  if (note == kept_) return;
  kept_ = std::move(note);
  KeepNote(context, NoteKey(), kept_);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeMailboxCanary(const CheckSpec& spec,
                                                         const ProbeDeps& deps) {
  return MakeConfigured<MailboxCanary, ReadImapCanarySettings>(spec, deps);
}

}  // namespace postwatch::agent
