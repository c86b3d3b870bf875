// RoundtripRun's dealings with letters that are there: recognising, judging, deleting, settling.
#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "agent/probes/roundtrip/bounce.h"
#include "agent/probes/roundtrip/roundtrip_run.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

// As long as a ledger keeps its entries: nobody waits for an older letter any more.
constexpr absl::Duration kAbandoned = absl::Hours(24 * 7);
constexpr size_t kMaxCopies = 5;
constexpr absl::Duration kFarewellTimeout = absl::Seconds(2);

std::string SecondsText(absl::Duration duration) {
  return absl::StrFormat("%.3f", absl::ToDoubleSeconds(duration));
}

}  // namespace

// Of a letter that was sent by this run.
Task<std::optional<Fault>> RoundtripRun::TakeIn() {
  const absl::Duration took = seen_ - handed_over_;
  run_.Fact("delivery.seconds", SecondsText(took));
  memory_.last_delivered = std::max(memory_.last_delivered, token_.sent);
  if (took > settings_.slow_after) {
    run_.Find(FailureClass::kDeliveredSlow,
              Concat("the letter took ", absl::FormatDuration(took), ", more than ",
                     absl::FormatDuration(settings_.slow_after)));
  }
  run_.Begin("fetch");
  std::string message;
  std::optional<ReceivedProbe> probe;
  std::optional<Fault> unread = co_await inbox_.Read(letter_->uid, message, probe);
  if (unread.has_value()) co_return unread;
  if (probe.has_value()) {
    JudgeIntegrity(probe->integrity);
  } else {
    run_.Fail(FailureClass::kCorruptedHeader, "the letter's mark cannot be read any more");
  }
  run_.Begin("expunge");
  bool gone = false;
  std::optional<Fault> broken = co_await Remove(inbox_, *letter_, gone);
  if (broken.has_value()) co_return broken;
  if (gone) SettleLedger(token_.probe_id);
  co_return std::nullopt;
}

void RoundtripRun::JudgeIntegrity(Integrity integrity) {
  run_.Fact("integrity", IntegrityName(integrity));
  if (integrity == Integrity::kRewritten) {
    run_.Find(FailureClass::kRewritten, "text was added to the letter on its way");
  }
  if (integrity == Integrity::kCorrupted) {
    run_.Fail(FailureClass::kCorruptedBody, "the letter's text is not what was sent");
  }
}

// Deletes one letter or report and the copies of it. Its token has verified: nothing else ever gets
// here.
Task<std::optional<Fault>> RoundtripRun::Remove(ProbeInbox& inbox, Sighting sighting, bool& gone) {
  std::vector<Sighting> copies;
  std::optional<Fault> broken = co_await inbox.Delete(sighting, gone, copies);
  if (broken.has_value()) co_return broken;
  if (gone) {
    memory_.failed_deletions = 0;
  } else {
    ++memory_.failed_deletions;
    run_.Find(FailureClass::kImapDeleteFailed,
              Concat("message UID ", sighting.uid, " is still there after its deletion"));
  }
  if (!copies.empty() && !sighting.is_report) {
    run_.Find(FailureClass::kDuplicate, Concat("the letter arrived ", copies.size() + 1, " times"));
  }
  if (copies.size() > kMaxCopies) copies.resize(kMaxCopies);
  for (const Sighting& copy : copies) {
    bool copy_gone = false;
    std::vector<Sighting> more;
    std::optional<Fault> fault = co_await inbox.Delete(copy, copy_gone, more);
    if (fault.has_value()) co_return fault;
  }
  co_return std::nullopt;
}

Task<std::optional<Fault>> RoundtripRun::HandleSighting(ProbeInbox& inbox, Sighting sighting) {
  std::optional<Fault> fault;
  if (sighting.token.probe_id != token_.probe_id) {
    fault = co_await HandleEarlierLetter(inbox, std::move(sighting));
  } else if (sighting.is_report) {
    fault = co_await HandleReport(inbox, std::move(sighting), std::nullopt);
  } else if (!letter_.has_value()) {
    letter_ = std::move(sighting);
    seen_ = Now();
  }
  co_return fault;
}

// A letter whose run is over. Those of other checks and agents are left to them, until nobody can
// be waiting any more.
Task<std::optional<Fault>> RoundtripRun::HandleEarlierLetter(ProbeInbox& inbox, Sighting sighting) {
  absl::StatusOr<std::optional<LedgerEntry>> found =
      context_.deps.ledger.Find(sighting.token.probe_id);
  if (!found.ok()) co_return std::nullopt;
  std::optional<LedgerEntry> entry = *std::move(found);
  bool gone = false;
  if (!entry.has_value()) {
    const absl::Duration age = context_.deps.clock.Now() - sighting.token.sent;
    if (age <= kAbandoned) co_return std::nullopt;
    std::optional<Fault> fault = co_await Remove(inbox, std::move(sighting), gone);
    co_return fault;
  }
  if (entry->check_id != context_.spec.id) co_return std::nullopt;
  if (sighting.is_report) {
    std::optional<Fault> fault =
        co_await HandleReport(inbox, std::move(sighting), std::move(entry));
    co_return fault;
  }
  if (entry->reported_missing) Amend(*entry, nullptr);
  std::optional<Fault> fault = co_await Remove(inbox, std::move(sighting), gone);
  if (gone) SettleLedger(entry->probe_id);
  co_return fault;
}

// `earlier` is the letter the report is about; nothing: this run's own.
Task<std::optional<Fault>> RoundtripRun::HandleReport(ProbeInbox& inbox, Sighting sighting,
                                                      std::optional<LedgerEntry> earlier) {
  std::string message;
  std::optional<ReceivedProbe> probe;
  std::optional<Fault> unread = co_await inbox.Read(sighting.uid, message, probe);
  if (unread.has_value()) co_return unread;
  const DeliveryReport report = ReadDeliveryReport(message);
  if (report.kind == ReportKind::kOther) co_return std::nullopt;
  if (report.kind == ReportKind::kFailed) {
    if (!earlier.has_value()) bounce_ = report.fault;
    if (earlier.has_value() && earlier->reported_missing) Amend(*earlier, &report.fault);
    SettleLedger(sighting.token.probe_id);
  } else if (!earlier.has_value()) {
    Mention(run_, report.fault);
  }
  bool gone = false;
  std::optional<Fault> fault = co_await Remove(inbox, std::move(sighting), gone);
  co_return fault;
}

// Bounces come to the sender. Where that is another mailbox it is looked at only when the letter is
// missing, and nothing of that visit is on the record but what it found.
Task<void> RoundtripRun::LookForBounce() {
  if (EqualsIgnoreCase(settings_.sender.address, settings_.receiver.address)) co_return;
  StepRecorder unrecorded(context_.spec, context_.deps.clock);
  const RunContext aside{context_.deps, context_.spec, unrecorded};
  ImapSession session;
  const std::optional<Fault> closed = co_await OpenImap(aside, settings_.sender, session);
  if (closed.has_value()) co_return;
  ProbeInbox inbox(aside, session, key_);
  const std::string name = "INBOX";
  std::optional<Fault> fault = co_await inbox.Open(name);
  std::vector<Sighting> found;
  if (!fault.has_value()) fault = co_await inbox.ScanOld(found);
  for (Sighting& sighting : found) {
    if (!sighting.is_report) continue;
    fault = co_await HandleSighting(inbox, std::move(sighting));
    if (fault.has_value()) co_return;
  }
  session.stream->SetTimeout(kFarewellTimeout);
  co_await session.client->Logout();
}

// Corrects the run that reported the letter missing: it came late, or came back.
void RoundtripRun::Amend(const LedgerEntry& entry, const Fault* bounce) {
  StepRecorder late(context_.spec, context_.deps.clock);
  late.Begin("delivery");
  late.Touch({std::string(component::kQueue), context_.provider()});
  const absl::Duration took = context_.deps.clock.Now() - entry.sent;
  if (bounce != nullptr) {
    Decide(late, *bounce);
  } else {
    late.Fact("delivery.seconds", SecondsText(took));
    late.Find(FailureClass::kDeliveredLate,
              Concat("the letter was seen ", absl::FormatDuration(took), " after it was sent"));
    memory_.last_delivered = std::max(memory_.last_delivered, entry.sent);
  }
  Observation amendment = late.Finish();
  amendment.amends = entry.observation_id;
  memory_.amendments.push_back(std::move(amendment));
  // Told once: from now on the entry stands only for a letter that is still to be deleted.
  const absl::Status kept = context_.deps.ledger.Note(entry.probe_id, LetterEvent::kAmended);
  if (!kept.ok()) {
    Log(LogLevel::kWarn, "ledger: cannot keep an entry", {{"error", kept.ToString()}});
  }
}

void RoundtripRun::SettleLedger(const std::string& probe_id) {
  if (probe_id == token_.probe_id) recorded_ = false;
  const absl::Status settled = context_.deps.ledger.Note(probe_id, LetterEvent::kSettled);
  if (!settled.ok()) {
    Log(LogLevel::kWarn, "ledger: cannot settle a letter", {{"error", settled.ToString()}});
  }
}

// A letter that its run gives up on. The deadline of the run may have decided already.
void RoundtripRun::CloseBooks(const Fault& fault) {
  if (!recorded_) return;
  const bool timed_out = run_.decided() && run_.current_step() == "delivery";
  const bool missing = fault.klass == FailureClass::kDeliveryDelayed ||
                       fault.klass == FailureClass::kSmtpAcceptUnknown;
  if (!timed_out && !missing) return;
  const absl::Status noted =
      context_.deps.ledger.Note(token_.probe_id, LetterEvent::kReportedMissing);
  if (!noted.ok()) {
    Log(LogLevel::kWarn, "ledger: cannot note a missing letter", {{"error", noted.ToString()}});
  }
}

}  // namespace postwatch::agent
