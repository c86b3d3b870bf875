#include "agent/probes/roundtrip/roundtrip_run.h"

#include <algorithm>
#include <utility>

#include "agent/probes/roundtrip/letter_verdict.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

// After the handover letters often arrive within a moment: asked often for this long, then at ease.
constexpr absl::Duration kQuickWindow = absl::Seconds(1);
constexpr absl::Duration kSpamTimeout = absl::Seconds(2);
// A proof takes a login; without this much time left in the run it is not begun.
constexpr absl::Duration kTimeForProof = absl::Seconds(1);
constexpr int kMaxReconnects = 2;
// Servers that end a connection after some minutes are no failure; one that breaks sooner may be.
constexpr absl::Duration kHeldForLong = absl::Minutes(1);
// A route whose letters vanish while others arrive: as many, this one included.
constexpr size_t kMissingInARow = 3;

}  // namespace

RoundtripRun::RoundtripRun(const RunContext& context, const RoundtripSettings& settings,
                           RoundtripMemory& memory, Secret fleet_key)
    : context_(context),
      run_(context.run),
      settings_(settings),
      memory_(memory),
      key_(std::move(fleet_key)),
      give_up_(context.deps.clock.Steady() + settings.delivery_deadline),
      deadline_(context.deps.clock.Steady() + context.spec.timeout),
      inbox_(
          MakeProbeInbox(context, settings.receiver, key_, memory.receiving, settings.reflected)) {}

Task<void> RoundtripRun::Go() {
  std::optional<Fault> fault = co_await inbox_->Open();
  connected_ = Now();
  if (!fault.has_value()) fault = co_await CleanUp();
  if (!fault.has_value()) fault = memory_.limits.Judge(context_, settings_, inbox_->exists());
  if (!fault.has_value()) fault = co_await SendLetter(context_, settings_, key_, give_up_, letter_);
  if (!fault.has_value()) fault = co_await AwaitLetter();
  NoteForeign(inbox_->tally());
  if (fault.has_value()) {
    const bool loops = fault->klass == FailureClass::kSmtpLoop && !run_.current_step().empty() &&
                       run_.current_step() != "scan";
    if (loops) memory_.limits.StopFor(context_, FailureClass::kSmtpLoop, fault->detail);
    CloseBooks(*fault);
    Decide(run_, *fault);
  }
  if (arrived_.has_value()) {
    std::optional<Fault> lost = co_await TakeIn();
    if (lost.has_value()) Decide(run_, *lost);
  }
  co_await Leave();
  co_await SweepIfDue();
}

// Settles letters of earlier runs before a new one is sent.
Task<std::optional<Fault>> RoundtripRun::CleanUp() {
  run_.Begin("scan");
  std::vector<Sighting> found;
  std::optional<Fault> broken = co_await inbox_->ScanOld(found);
  if (broken.has_value()) co_return broken;
  run_.Fact("mailbox.exists", Concat(inbox_->exists()));
  if (found.empty()) memory_.limits.DeletionWorked();
  for (Sighting& sighting : found) {
    std::optional<Fault> fault = co_await HandleEarlierLetter(*inbox_, std::move(sighting));
    if (fault.has_value()) co_return fault;
  }
  memory_.limits.SetReplies(replies_);
  ReportLost();
  std::optional<Fault> held = co_await inbox_->Release();
  co_return held;
}

Task<std::optional<Fault>> RoundtripRun::AwaitLetter() {
  run_.Begin("delivery");
  run_.Touch({std::string(component::kQueue), context_.provider()});
  while (Left() > absl::ZeroDuration()) {
    std::optional<Fault> fault = co_await Poll();
    if (!fault.has_value() && arrived_.has_value()) co_return std::nullopt;
    if (!fault.has_value() && bounce_.has_value()) co_return bounce_;
    const absl::Duration left = Left();
    const bool quick = Now() - letter_.handed_over < kQuickWindow;
    if (!fault.has_value()) fault = co_await inbox_->Await(left, quick);
    if (!fault.has_value()) continue;
    fault = co_await Reconnect(*std::move(fault));
    if (fault.has_value()) co_return fault;
  }
  co_return co_await LookAround();
}

Task<std::optional<Fault>> RoundtripRun::Reconnect(Fault lost) {
  if (Now() - connected_ >= kHeldForLong) reconnects_ = 0;
  if (!inbox_->IsLoss(lost) || reconnects_ >= kMaxReconnects) co_return lost;
  ++reconnects_;
  run_.Note("the connection to the mailbox was lost; opening another");
  std::optional<Fault> closed = co_await inbox_->Reopen();
  if (closed.has_value()) co_return closed;
  connected_ = Now();
  run_.Begin("delivery");
  co_return std::nullopt;
}

// The letter did not come in time: perhaps it is elsewhere, or came back.
Task<std::optional<Fault>> RoundtripRun::LookAround() {
  std::optional<Fault> spam = co_await LookInSpam();
  if (spam.has_value()) co_return spam;
  std::optional<Fault> closed = co_await LookAfresh();
  if (closed.has_value() || arrived_.has_value()) co_return closed;
  std::optional<Fault> misrouted = co_await LookAtSender();
  if (misrouted.has_value()) co_return misrouted;
  if (bounce_.has_value()) co_return bounce_;
  SuspectQuarantine();
  co_return Missing();
}

Fault RoundtripRun::Missing() const {
  const std::string waited = absl::FormatDuration(Now() - letter_.handed_over);
  if (letter_.accept_unknown) {
    return {FailureClass::kSmtpAcceptUnknown,
            Concat("the connection was lost after the letter, and it was not seen within ", waited),
            std::nullopt};
  }
  if (settings_.self_loop() && inbox_->keeps_one_copy()) {
    return {FailureClass::kUnspecified,
            "a letter to oneself never arrives here, since the provider keeps only the sent copy; "
            "give receive_from another mailbox",
            std::nullopt};
  }
  return {FailureClass::kDeliveryDelayed,
          Concat("the letter was accepted and not seen within ", waited), std::nullopt};
}

Fault RoundtripRun::Strayed() const {
  return {
      FailureClass::kMisrouted,
      Concat("the letter to ", settings_.to, " arrived at ", settings_.sender.address, " instead"),
      std::nullopt};
}

Task<std::optional<Fault>> RoundtripRun::Poll() {
  std::vector<Sighting> found;
  const bool always = Now() - letter_.handed_over >= kQuickWindow;
  std::optional<Fault> fault = co_await inbox_->ScanNew(always, found);
  if (fault.has_value()) co_return fault;
  for (Sighting& sighting : found) {
    std::optional<Fault> broken = co_await HandleSighting(*inbox_, std::move(sighting));
    if (broken.has_value()) co_return broken;
  }
  co_return std::nullopt;
}

Task<std::optional<Fault>> RoundtripRun::LookInSpam() {
  inbox_->Hurry(kSpamTimeout);
  const std::vector<std::string> folders = co_await inbox_->FoldersFor(FolderRole::kSpam);
  for (const std::string& name : folders) {
    std::vector<Sighting> found;
    bool exists = false;
    const std::optional<Fault> broken =
        co_await inbox_->ScanFolder(name, FolderRole::kSpam, exists, found);
    if (broken.has_value()) co_return std::nullopt;
    if (exists && memory_.receiving.spam_folder.empty()) memory_.receiving.spam_folder = name;
    for (const Sighting& sighting : found) {
      if (sighting.token != letter_.token || !IsAnswer(sighting)) continue;
      memory_.receiving.spam_folder = name;
      arrived_ = sighting;
      seen_ = Now();
      Fault spam{FailureClass::kSpamFoldered, Concat("the letter is in the folder ", name),
                 std::nullopt};
      co_return spam;
    }
  }
  co_return std::nullopt;
}

// A session may have gone blind, and show nothing new whatever it is asked: another one tells. What
// that one sees is taken in by a session on the record.
Task<std::optional<Fault>> RoundtripRun::LookAfresh() {
  if (!inbox_->holds_session() || deadline_ - Now() < kTimeForProof) co_return std::nullopt;
  StepRecorder unrecorded(context_.spec, context_.deps.clock);
  const RunContext aside{context_.deps, context_.spec, unrecorded};
  InboxMemory unremembered = memory_.receiving;
  const std::unique_ptr<ProbeInbox> fresh =
      MakeProbeInbox(aside, settings_.receiver, key_, unremembered, settings_.reflected);
  std::optional<Fault> closed = co_await fresh->Open();
  std::vector<Sighting> found;
  if (!closed.has_value()) closed = co_await fresh->ScanOld(found);
  co_await fresh->Close();
  const bool shown = std::ranges::any_of(found, [this](const Sighting& sighting) {
    return sighting.token == letter_.token && IsAnswer(sighting);
  });
  if (!shown) co_return std::nullopt;
  run_.Find(FailureClass::kImapIdleStalled,
            "a fresh session shows the letter, which the session that waited for it never did");
  co_await inbox_->Close();
  std::optional<Fault> lost = co_await inbox_->Reopen();
  if (lost.has_value()) co_return lost;
  run_.Begin("delivery");
  lost = co_await Poll();
  co_return lost;
}

// Bounces come to the sender. Where that is another mailbox it is looked at only when the letter is
// missing, and nothing of that visit is on the record but what it found.
Task<std::optional<Fault>> RoundtripRun::LookAtSender() {
  if (EqualsIgnoreCase(settings_.sender.address, settings_.receiver.address))
    co_return std::nullopt;
  StepRecorder unrecorded(context_.spec, context_.deps.clock);
  const RunContext aside{context_.deps, context_.spec, unrecorded};
  const std::unique_ptr<ProbeInbox> inbox =
      MakeProbeInbox(aside, settings_.sender, key_, memory_.sending, false);
  std::optional<Fault> fault = co_await inbox->Open();
  std::vector<Sighting> found;
  if (!fault.has_value()) fault = co_await inbox->ScanOld(found);
  std::optional<Fault> misrouted;
  for (Sighting& sighting : found) {
    const bool strayed = sighting.token == letter_.token &&
                         sighting.kind == ProbeMessageKind::kLetter && !misrouted.has_value();
    if (strayed) {
      misrouted = Strayed();
      bool gone = false;
      fault = co_await Remove(*inbox, std::move(sighting), gone);
      Note(letter_.token.probe_id, LetterEvent::kSettled);
    } else if (sighting.kind == ProbeMessageKind::kReport) {
      fault = co_await HandleSighting(*inbox, std::move(sighting));
    }
    if (fault.has_value()) break;
  }
  co_await inbox->Close();
  co_return misrouted;
}

// Of a letter that was sent by this run.
Task<std::optional<Fault>> RoundtripRun::TakeIn() {
  memory_.limits.Delivered(letter_.token.sent);
  Note(letter_.token.probe_id, LetterEvent::kDelivered);
  run_.Begin("fetch");
  Arrival arrival;
  std::optional<ReceivedProbe> probe;
  std::optional<Fault> unread = co_await inbox_->Read(*arrived_, arrival.message, probe);
  if (unread.has_value()) co_return unread;
  arrival.took = seen_ - letter_.handed_over;
  if (probe.has_value()) {
    arrival.probe = *std::move(probe);
    const bool loops = JudgeLetter(context_, settings_, letter_, arrival);
    if (loops) {
      memory_.limits.StopFor(context_, FailureClass::kSmtpLoop, "a letter went in circles");
    }
  } else {
    run_.Fail(FailureClass::kCorruptedHeader, "the letter's mark cannot be read any more");
  }
  run_.Begin("expunge");
  bool gone = false;
  std::optional<Fault> broken = co_await Remove(*inbox_, *arrived_, gone);
  if (broken.has_value()) co_return broken;
  if (gone) to_be_gone_ = arrived_;
  if (arrived_->role == FolderRole::kInbox) broken = co_await LookForCopies();
  co_return broken;
}

// A rule or filter may have put a second copy into the spam folder, once it is known which that is.
Task<std::optional<Fault>> RoundtripRun::LookForCopies() {
  const std::string& folder = memory_.receiving.spam_folder;
  if (folder.empty()) co_return std::nullopt;
  std::vector<Sighting> found;
  bool exists = false;
  std::optional<Fault> broken =
      co_await inbox_->ScanFolder(folder, FolderRole::kSpam, exists, found);
  if (broken.has_value()) co_return broken;
  for (Sighting& sighting : found) {
    if (sighting.token != letter_.token || sighting.kind != arrived_->kind) continue;
    run_.Find(FailureClass::kDuplicate,
              Concat("the letter arrived in the INBOX and in the folder ", folder));
    bool gone = false;
    std::optional<Fault> fault = co_await Remove(*inbox_, std::move(sighting), gone);
    co_return fault;
  }
  co_return std::nullopt;
}

// Says good-bye, then asks a fresh session whether the letter is really gone: the one that deleted
// it sees what it expects to see.
Task<void> RoundtripRun::Leave() {
  if (inbox_->is_open()) {
    run_.Begin("logout");
    co_await inbox_->Close();
  }
  if (!to_be_gone_.has_value()) co_return;
  std::optional<bool> gone;
  if (deadline_ - Now() > kTimeForProof) {
    run_.Begin("proof");
    gone = co_await inbox_->ProveGone(*to_be_gone_);
  }
  if (gone == false) {
    memory_.limits.DeletionFailed(inbox_->delete_failure());
    run_.Find(inbox_->delete_failure(),
              "the letter that was deleted is there again in a fresh session");
    co_return;
  }
  Note(letter_.token.probe_id, LetterEvent::kSettled);
}

// A letter that its run gives up on. The deadline of the run may have decided already.
void RoundtripRun::CloseBooks(const Fault& fault) {
  if (!letter_.recorded) return;
  const bool timed_out = run_.decided() && run_.current_step() == "delivery";
  const bool missing = fault.klass == FailureClass::kDeliveryDelayed ||
                       fault.klass == FailureClass::kSmtpAcceptUnknown;
  if (timed_out || missing) Note(letter_.token.probe_id, LetterEvent::kReportedMissing);
}

void RoundtripRun::NoteForeign(const InboxTally& tally) {
  if (tally.automatic > 0) run_.Fact("ignored.automatic", Concat(tally.automatic));
  if (replies_ > 0) run_.Fact("ignored.replies", Concat(replies_));
  if (tally.unverified == 0) return;
  run_.Fact("ignored.unverified", Concat(tally.unverified));
  run_.Find(FailureClass::kForgedOrForeign,
            Concat(tally.unverified,
                   " messages bear a probe's mark that this fleet did not sign; "
                   "they are left alone"));
}

// Letters of this route vanish without a word while those of other routes arrive: somebody may hold
// them back where no mailbox shows them.
void RoundtripRun::SuspectQuarantine() {
  if (letter_.accept_unknown) return;
  const absl::StatusOr<std::vector<LedgerEntry>> in_flight =
      context_.deps.ledger.InFlight(context_.spec.id);
  if (!in_flight.ok() || in_flight->size() < kMissingInARow) return;
  const absl::Time since = (*in_flight)[in_flight->size() - kMissingInARow].sent;
  const absl::StatusOr<bool> others = context_.deps.ledger.OthersDeliver(context_.spec.id, since);
  if (!others.ok() || !*others) return;
  run_.Find(FailureClass::kQuarantinedSuspected,
            Concat("the last ", kMissingInARow,
                   " letters were accepted and never seen, without a bounce, while letters of "
                   "other checks arrive: look into the quarantine"));
}

}  // namespace postwatch::agent
