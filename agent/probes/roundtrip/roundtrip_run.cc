#include "agent/probes/roundtrip/roundtrip_run.h"

#include <algorithm>
#include <utility>

#include "agent/probes/mail/mx_session.h"
#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

// After the handover letters often arrive within a moment: asked often for this long, then at ease.
constexpr absl::Duration kQuickWindow = absl::Seconds(1);
constexpr absl::Duration kQuickPause = absl::Milliseconds(50);
constexpr absl::Duration kSlowPause = absl::Seconds(1);  // where there is no IDLE
// IDLE is only a hint: servers forget to announce (RFC 2177 promises nothing), so it is asked
// again.
constexpr absl::Duration kIdleSlice = absl::Seconds(5);
constexpr absl::Duration kFarewellTimeout = absl::Seconds(2);
constexpr absl::Duration kSpamTimeout = absl::Seconds(2);
constexpr int kMaxReconnects = 2;
constexpr uint32_t kMaxBacklog = 10000;
constexpr int kMaxFailedDeletions = 3;
constexpr size_t kMaxUnreconciled = 10;
// While letters go missing: every second interval, so that a recovery is not seen too late.
constexpr absl::Duration kMaxHeldBack = absl::Minutes(10);
constexpr int kHeldBackIntervals = 2;
constexpr const char* kSpamFolders[] = {"Junk",        "Spam",       "INBOX.Junk",   "INBOX.Spam",
                                        "Junk E-mail", "Junk Email", "[Gmail]/Spam", "Bulk Mail"};

bool IsConnectionLoss(const Fault& fault, const ImapClient& client) {
  return fault.klass == FailureClass::kConnClosedEarly || fault.klass == FailureClass::kTcpReset ||
         client.bye().has_value();
}

}  // namespace

RoundtripRun::RoundtripRun(const RunContext& context, const RoundtripSettings& settings,
                           RoundtripMemory& memory, Secret fleet_key)
    : context_(context),
      run_(context.run),
      settings_(settings),
      memory_(memory),
      key_(std::move(fleet_key)),
      give_up_(context.deps.clock.Steady() + settings.delivery_deadline),
      inbox_(context, session_, key_) {}

Task<void> RoundtripRun::Go() {
  std::optional<Fault> fault = co_await OpenInbox();
  if (!fault.has_value()) fault = co_await CleanUp();
  if (!fault.has_value()) fault = MaySend();
  if (!fault.has_value()) fault = co_await Send();
  if (!fault.has_value()) fault = co_await AwaitLetter();
  if (fault.has_value()) {
    CloseBooks(*fault);
    Decide(run_, *fault);
  }
  if (letter_.has_value()) {
    std::optional<Fault> lost = co_await TakeIn();
    if (lost.has_value()) Decide(run_, *lost);
  }
  if (session_.client == nullptr) co_return;
  // Sessions left open count against the account's limit.
  run_.Begin("logout");
  session_.stream->SetTimeout(kFarewellTimeout);
  co_await session_.client->Logout();
}

Task<std::optional<Fault>> RoundtripRun::OpenInbox() {
  std::optional<Fault> closed = co_await OpenImap(context_, settings_.receiver, session_);
  if (closed.has_value()) co_return closed;
  run_.Begin("select");
  run_.Touch({std::string(component::kMailbox), settings_.receiver.address});
  const std::string name = "INBOX";
  std::optional<Fault> unopened = co_await inbox_.Open(name);
  if (unopened.has_value()) co_return unopened;
  const std::optional<uint32_t> before = std::exchange(memory_.uid_validity, inbox_.uid_validity());
  if (before.has_value() && *before != inbox_.uid_validity()) {
    run_.Find(FailureClass::kImapUidvalidityChanged,
              Concat("UIDVALIDITY went from ", *before, " to ", inbox_.uid_validity()));
  }
  co_return std::nullopt;
}

// Settles letters of earlier runs before a new one is sent.
Task<std::optional<Fault>> RoundtripRun::CleanUp() {
  run_.Begin("scan");
  std::vector<Sighting> found;
  std::optional<Fault> broken = co_await inbox_.ScanOld(found);
  if (broken.has_value()) co_return broken;
  run_.Fact("mailbox.exists", Concat(inbox_.exists()));
  if (found.empty()) memory_.failed_deletions = 0;
  for (Sighting& sighting : found) {
    std::optional<Fault> fault = co_await HandleEarlierLetter(inbox_, std::move(sighting));
    if (fault.has_value()) co_return fault;
  }
  co_return std::nullopt;
}

// The rules that keep a broken mailbox from being filled up (mail-domain 2.6, rule 4).
std::optional<Fault> RoundtripRun::MaySend() const {
  Fault held;
  if (inbox_.exists() > kMaxBacklog) {
    held.detail = Concat("the mailbox holds ", inbox_.exists(), " messages, more than ",
                         kMaxBacklog, "; empty it");
    return held;
  }
  if (memory_.failed_deletions >= kMaxFailedDeletions) {
    return Fault{FailureClass::kImapDeleteFailed,
                 Concat(memory_.failed_deletions,
                        " letters in a row could not be deleted; none is sent until that works"),
                 std::nullopt};
  }
  const absl::StatusOr<std::vector<LedgerEntry>> in_flight =
      context_.deps.ledger.InFlight(context_.spec.id);
  if (!in_flight.ok()) {
    held.detail = Concat("the ledger cannot be read: ", FromAbsl(in_flight.status().message()));
    return held;
  }
  size_t missing = 0;
  absl::Time newest = absl::InfinitePast();
  for (const LedgerEntry& entry : *in_flight) {
    newest = std::max(newest, entry.sent);
    if (entry.reported_missing && entry.sent > memory_.last_delivered) ++missing;
  }
  const absl::Duration pause = std::min(kMaxHeldBack, kHeldBackIntervals * context_.spec.interval);
  if (missing < kMaxUnreconciled || context_.deps.clock.Now() >= newest + pause) {
    return std::nullopt;
  }
  held.detail = Concat("the last ", missing, " letters are missing; the next one is sent ",
                       absl::FormatDuration(pause), " after the last");
  return held;
}

Task<std::optional<Fault>> RoundtripRun::Send() {
  SmtpSession session;
  std::optional<Fault> closed;
  if (settings_.sender.deliver_via_mx) {
    closed = co_await OpenMx(context_, DomainOf(settings_.to), session);
  } else {
    closed = co_await OpenSubmission(context_, settings_.sender, session);
  }
  if (closed.has_value()) co_return closed;
  const absl::Time now = context_.deps.clock.Now();
  token_ = {RandomId(), settings_.route, absl::FromUnixSeconds(absl::ToUnixSeconds(now))};
  ProbeLetter letter{settings_.sender.address, settings_.to, token_, session.ehlo.Has("8BITMIME")};
  std::string message = ComposeProbeMessage(letter, key_, DomainOf(settings_.sender.address));
  std::optional<Fault> refused = co_await SendEnvelope(context_, session, settings_.sender.address,
                                                       settings_.to, message.size());
  if (refused.has_value()) co_return refused;
  std::optional<Fault> fault = co_await HandOver(session, std::move(message));
  if (fault.has_value() || accept_unknown_) co_return fault;
  run_.Begin("quit");
  session.stream->SetTimeout(kFarewellTimeout);
  co_await session.client->Quit();
  co_return std::nullopt;
}

// From the final dot on the letter may be on its way, whatever the connection does (RFC 1047): then
// only the mailbox can tell.
Task<std::optional<Fault>> RoundtripRun::HandOver(SmtpSession& session, std::string message) {
  LedgerEntry entry{token_.probe_id, run_.observation_id(), context_.spec.id,
                    settings_.route, token_.sent,           false};
  const absl::Status noted = context_.deps.ledger.Sent(std::move(entry));
  if (!noted.ok()) {
    Fault unsent;
    unsent.detail =
        Concat("nothing was sent, since the ledger failed: ", FromAbsl(noted.message()));
    co_return unsent;
  }
  recorded_ = true;
  run_.Begin("data");
  const absl::StatusOr<SmtpReply> data = co_await session.client->DataCommand();
  std::optional<Fault> refused = SmtpFault(context_, SmtpStage::kData, session.stream.get(), data);
  if (refused.has_value()) {
    SettleLedger(token_.probe_id);
    co_return refused;
  }
  run_.Begin("final");
  // Half of what is left, so that a server that never answers leaves time to look for the letter.
  session.stream->SetTimeout(std::max(Left() / 2, absl::Seconds(1)));
  const absl::StatusOr<SmtpReply> final = co_await session.client->SendMessage(std::move(message));
  handed_over_ = Now();
  std::optional<Fault> fault = SmtpFault(context_, SmtpStage::kFinal, session.stream.get(), final);
  if (!fault.has_value()) {
    run_.Fact("queue.id", final->text);
    co_return std::nullopt;
  }
  const bool may_be_on_its_way = !final.ok() && session.client->final_dot_sent();
  if (!may_be_on_its_way) {
    SettleLedger(token_.probe_id);
    co_return fault;
  }
  if (fault->klass == FailureClass::kUnspecified) co_return fault;
  accept_unknown_ = true;
  run_.Find(FailureClass::kSmtpAcceptUnknown,
            Concat("no answer to the letter, which may be on its way: ", fault->detail));
  co_return std::nullopt;
}

Task<std::optional<Fault>> RoundtripRun::AwaitLetter() {
  run_.Begin("delivery");
  run_.Touch({std::string(component::kQueue), context_.provider()});
  while (Left() > absl::ZeroDuration()) {
    std::optional<Fault> fault = co_await Poll();
    if (!fault.has_value() && letter_.has_value()) co_return std::nullopt;
    if (!fault.has_value() && bounce_.has_value()) co_return bounce_;
    if (!fault.has_value()) fault = co_await Pause();
    if (!fault.has_value()) continue;
    const bool lost = IsConnectionLoss(*fault, *session_.client);
    if (!lost || reconnects_ >= kMaxReconnects) co_return fault;
    ++reconnects_;
    std::optional<Fault> closed = co_await Reconnect();
    if (closed.has_value()) co_return closed;
  }
  std::optional<Fault> spam = co_await LookInSpam();
  if (spam.has_value()) co_return spam;
  co_await LookForBounce();
  if (bounce_.has_value()) co_return bounce_;
  const std::string waited = absl::FormatDuration(Now() - handed_over_);
  Fault missing{FailureClass::kDeliveryDelayed,
                Concat("the letter was accepted and not seen within ", waited), std::nullopt};
  if (accept_unknown_) {
    missing.klass = FailureClass::kSmtpAcceptUnknown;
    missing.detail =
        Concat("the connection was lost after the letter, and it was not seen within ", waited);
  }
  co_return missing;
}

Task<std::optional<Fault>> RoundtripRun::Poll() {
  std::vector<Sighting> found;
  const bool always = Now() - handed_over_ >= kQuickWindow;
  std::optional<Fault> fault = co_await inbox_.ScanNew(always, found);
  if (fault.has_value()) co_return fault;
  for (Sighting& sighting : found) {
    std::optional<Fault> broken = co_await HandleSighting(inbox_, std::move(sighting));
    if (broken.has_value()) co_return broken;
  }
  co_return std::nullopt;
}

Task<std::optional<Fault>> RoundtripRun::Pause() {
  const bool quick = Now() - handed_over_ < kQuickWindow;
  if (!quick && session_.client->Has("IDLE") && !idle_refused_) {
    std::optional<Fault> fault = co_await Idle(std::min(kIdleSlice, Left()));
    co_return fault;
  }
  const absl::Duration pause = std::min(quick ? kQuickPause : kSlowPause, Left());
  const absl::Status slept = co_await context_.deps.clock.SleepFor(pause);
  if (slept.ok()) co_return std::nullopt;
  Fault cancelled;
  cancelled.detail = "cancelled while waiting for the letter";
  co_return cancelled;
}

Task<std::optional<Fault>> RoundtripRun::Idle(absl::Duration limit) {
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

// UIDs hold only as long as UIDVALIDITY does; else everything there is looked at again.
Task<std::optional<Fault>> RoundtripRun::Reconnect() {
  run_.Note("the IMAP connection was lost; opening another");
  const uint32_t uid_validity = inbox_.uid_validity();
  const uint32_t watermark = inbox_.watermark();
  std::optional<Fault> closed = co_await OpenInbox();
  if (closed.has_value()) co_return closed;
  inbox_.Rewind(inbox_.uid_validity() == uid_validity ? watermark : 1);
  run_.Begin("delivery");
  co_return std::nullopt;
}

Task<std::optional<Fault>> RoundtripRun::LookInSpam() {
  session_.stream->SetTimeout(kSpamTimeout);
  for (const char* folder : kSpamFolders) {
    const std::string name = folder;
    const std::optional<Fault> unopened = co_await inbox_.Open(name);
    if (unopened.has_value() && !unopened->reply.has_value()) co_return std::nullopt;
    if (unopened.has_value()) continue;
    std::vector<Sighting> found;
    const std::optional<Fault> broken = co_await inbox_.ScanOld(found);
    if (broken.has_value()) co_return std::nullopt;
    for (const Sighting& sighting : found) {
      if (sighting.token != token_ || sighting.is_report) continue;
      letter_ = sighting;
      seen_ = Now();
      Fault spam{FailureClass::kSpamFoldered, Concat("the letter is in the folder ", name),
                 std::nullopt};
      co_return spam;
    }
  }
  co_return std::nullopt;
}

}  // namespace postwatch::agent
