// RoundtripRun's dealings with letters that are there: recognising, deleting, settling, amending.
#include <algorithm>
#include <utility>

#include "agent/probes/roundtrip/bounce.h"
#include "agent/probes/roundtrip/letter_verdict.h"
#include "agent/probes/roundtrip/roundtrip_run.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

// As long as a ledger keeps its entries: nobody waits for an older letter any more.
constexpr absl::Duration kAbandoned = absl::Hours(24 * 7);
constexpr size_t kMaxCopiesRemoved = 5;
// More copies of one letter than this are the work of a loop.
constexpr size_t kMaxCopies = 2;
// An announcement may take this long.
constexpr absl::Duration kPushGrace = absl::Seconds(2);
// A letter that comes as the wait ends is announced to nobody, by a server that does its duty; not
// as many as this in a row.
constexpr int kUnannouncedInARow = 3;

}  // namespace

// Whether it is what the route is to bring back: the letter, or a reflector's answer to it.
bool RoundtripRun::IsAnswer(const Sighting& sighting) const {
  if (sighting.kind == ProbeMessageKind::kReply) return settings_.reflected;
  return sighting.kind == ProbeMessageKind::kLetter;
}

// Deletes one letter or report and the copies of it. Its token has verified: nothing else ever gets
// here.
Task<std::optional<Fault>> RoundtripRun::Remove(ProbeInbox& inbox, Sighting sighting, bool& gone) {
  std::vector<Sighting> copies;
  std::optional<Fault> broken = co_await inbox.Delete(sighting, gone, copies);
  if (broken.has_value()) co_return broken;
  if (gone) {
    memory_.limits.DeletionWorked();
  } else {
    memory_.limits.DeletionFailed(inbox.delete_failure());
    run_.Find(inbox.delete_failure(),
              Concat("message ", sighting.id, " is still there after its deletion"));
  }
  if (!copies.empty() && IsAnswer(sighting)) {
    const std::string detail = Concat("the letter arrived ", copies.size() + 1, " times");
    run_.Find(FailureClass::kDuplicate, detail);
    if (copies.size() >= kMaxCopies) {
      memory_.limits.StopFor(context_, FailureClass::kUnspecified, detail);
    }
  }
  if (copies.size() > kMaxCopiesRemoved) copies.resize(kMaxCopiesRemoved);
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
  if (sighting.token.probe_id != letter_.token.probe_id) {
    fault = co_await HandleEarlierLetter(inbox, std::move(sighting));
  } else if (sighting.kind == ProbeMessageKind::kReport) {
    fault = co_await HandleReport(inbox, std::move(sighting), std::nullopt);
  } else if (!IsAnswer(sighting)) {
    ++replies_;
  } else if (!arrived_.has_value()) {
    JudgePush(sighting.push);
    arrived_ = std::move(sighting);
    seen_ = Now();
  }
  co_return fault;
}

// Programs that rely on IDLE (RFC 2177) do not see what their server fails to announce.
void RoundtripRun::JudgePush(const Push& push) {
  if (!push.awaited) return;
  memory_.unannounced = push.announced ? 0 : memory_.unannounced + 1;
  if (push.unannounced >= kPushGrace) {
    run_.Find(FailureClass::kImapIdleStalled,
              Concat("the letter lay in the INBOX for ", absl::FormatDuration(push.unannounced),
                     " while the session waited (IDLE), and was not announced; asking found it"));
  } else if (memory_.unannounced >= kUnannouncedInARow) {
    run_.Find(FailureClass::kImapIdleStalled,
              Concat("the last ", memory_.unannounced,
                     " letters came while the session waited (IDLE), and were not announced; "
                     "asking found them"));
  }
}

// A letter whose run is over. Those of other checks and agents are left to them, until nobody can
// be waiting any more.
Task<std::optional<Fault>> RoundtripRun::HandleEarlierLetter(ProbeInbox& inbox, Sighting sighting) {
  absl::StatusOr<std::optional<LedgerEntry>> found =
      context_.deps.ledger.Find(sighting.token.probe_id);
  if (!found.ok()) co_return std::nullopt;
  std::optional<LedgerEntry> entry = *std::move(found);
  const absl::Duration age = context_.deps.clock.Now() - sighting.token.sent;
  std::optional<Fault> fault;
  bool gone = false;
  if (!entry.has_value()) {
    if (age > kAbandoned) fault = co_await Remove(inbox, std::move(sighting), gone);
    co_return fault;
  }
  if (entry->check_id != context_.spec.id) co_return std::nullopt;
  if (sighting.kind == ProbeMessageKind::kReport) {
    fault = co_await HandleReport(inbox, std::move(sighting), std::move(entry));
    co_return fault;
  }
  // What was kept when it was sent or deleted is no arrival, and neither is an automatic answer.
  const bool leftover = sighting.role == FolderRole::kSent || sighting.role == FolderRole::kTrash;
  if (leftover || !IsAnswer(sighting)) {
    const bool over = age > settings_.lost_after || (leftover && entry->settled);
    if (!leftover) ++replies_;
    if (over) fault = co_await Remove(inbox, std::move(sighting), gone);
    co_return fault;
  }
  fault = co_await HandleArrival(inbox, std::move(sighting), *std::move(entry));
  co_return fault;
}

// Late arrivals are reported before they are deleted.
Task<std::optional<Fault>> RoundtripRun::HandleArrival(ProbeInbox& inbox, Sighting sighting,
                                                       LedgerEntry entry) {
  if (entry.settled) {
    run_.Find(FailureClass::kDuplicate,
              Concat("another copy of a letter sent ",
                     absl::FormatDuration(context_.deps.clock.Now() - entry.sent), " ago arrived"));
  } else if (entry.reported_missing) {
    std::optional<Fault> spam;
    if (sighting.role == FolderRole::kSpam) {
      spam = Fault{FailureClass::kSpamFoldered,
                   Concat("the letter is in the folder ", sighting.folder), std::nullopt};
    }
    Amend(entry, spam);
  }
  memory_.limits.Delivered(entry.sent);
  Note(entry.probe_id, LetterEvent::kDelivered);
  bool gone = false;
  std::optional<Fault> fault = co_await Remove(inbox, std::move(sighting), gone);
  if (gone) Note(entry.probe_id, LetterEvent::kSettled);
  co_return fault;
}

// A letter of this check that came late, and to the mailbox it was sent from.
Task<std::optional<Fault>> RoundtripRun::HandleStray(ProbeInbox& inbox, Sighting sighting) {
  const absl::StatusOr<std::optional<LedgerEntry>> found =
      context_.deps.ledger.Find(sighting.token.probe_id);
  if (!found.ok() || !found->has_value()) co_return std::nullopt;
  const LedgerEntry entry = **found;
  if (entry.check_id != context_.spec.id) co_return std::nullopt;
  if (entry.reported_missing) Amend(entry, Strayed());
  bool gone = false;
  std::optional<Fault> fault = co_await Remove(inbox, std::move(sighting), gone);
  if (gone) Note(entry.probe_id, LetterEvent::kSettled);
  co_return fault;
}

// `earlier` is the letter the report is about; nothing: this run's own.
Task<std::optional<Fault>> RoundtripRun::HandleReport(ProbeInbox& inbox, Sighting sighting,
                                                      std::optional<LedgerEntry> earlier) {
  std::string message;
  std::optional<ReceivedProbe> probe;
  std::optional<Fault> unread = co_await inbox.Read(sighting, message, probe);
  if (unread.has_value()) co_return unread;
  const DeliveryReport report = ReadDeliveryReport(message);
  if (report.kind == ReportKind::kOther) co_return std::nullopt;
  if (report.cause == FailureClass::kSmtpLoop) {
    memory_.limits.StopFor(context_, FailureClass::kSmtpLoop, report.fault.detail);
  }
  if (report.kind == ReportKind::kFailed) {
    if (!earlier.has_value()) bounce_ = report.fault;
    if (earlier.has_value() && earlier->reported_missing) Amend(*earlier, report.fault);
    Note(sighting.token.probe_id, LetterEvent::kSettled);
  } else if (!earlier.has_value()) {
    Mention(run_, report.fault);
  } else if (earlier->reported_missing && !earlier->reported_lost) {
    // Servers tell a delay after hours, when the run is long over.
    Amend(*earlier, report.fault);
  }
  bool gone = false;
  std::optional<Fault> fault = co_await Remove(inbox, std::move(sighting), gone);
  co_return fault;
}

// Letters that stayed away beyond the horizon. One that comes even later is still matched.
void RoundtripRun::ReportLost() {
  const absl::StatusOr<std::vector<LedgerEntry>> in_flight =
      context_.deps.ledger.InFlight(context_.spec.id);
  if (!in_flight.ok()) return;
  for (const LedgerEntry& entry : *in_flight) {
    const absl::Duration age = context_.deps.clock.Now() - entry.sent;
    if (!entry.reported_missing || entry.reported_lost || age < settings_.lost_after) continue;
    const absl::StatusOr<bool> others =
        context_.deps.ledger.OthersDeliver(context_.spec.id, entry.sent);
    const std::string detail =
        Concat("the letter was accepted and not seen within ",
               absl::FormatDuration(settings_.lost_after), ", and no bounce came");
    Fault lost{FailureClass::kDeliveryLost, detail, std::nullopt};
    if (others.ok() && *others) {
      lost.klass = FailureClass::kQuarantinedSuspected;
      lost.detail = Concat(detail, ", while letters of other checks arrived");
    }
    Amend(entry, lost);
    Note(entry.probe_id, LetterEvent::kReportedLost);
  }
}

// Corrects the run that reported the letter missing. Without a fault, it came late.
void RoundtripRun::Amend(const LedgerEntry& entry, const std::optional<Fault>& fault) {
  StepRecorder late(context_.spec, context_.deps.clock);
  late.Begin("delivery");
  late.Touch({std::string(component::kQueue), context_.provider()});
  const absl::Duration took = context_.deps.clock.Now() - entry.sent;
  if (fault.has_value()) {
    Decide(late, *fault);
  } else {
    late.Fact("delivery.seconds", SecondsText(took));
    late.Find(FailureClass::kDeliveredLate,
              Concat("the letter was seen ", absl::FormatDuration(took), " after it was sent"));
  }
  Observation amendment = late.Finish();
  amendment.amends = entry.observation_id;
  memory_.amendments.push_back(std::move(amendment));
  // Told once: from now on the entry stands only for a letter that is still to be deleted. A lost
  // one may still come, and so may one that is delayed.
  const bool may_come = fault.has_value() && (fault->klass == FailureClass::kDeliveryLost ||
                                              fault->klass == FailureClass::kQuarantinedSuspected ||
                                              fault->klass == FailureClass::kDelayNotice);
  if (!may_come) Note(entry.probe_id, LetterEvent::kAmended);
}

void RoundtripRun::Note(const std::string& probe_id, LetterEvent event) {
  if (event == LetterEvent::kSettled && probe_id == letter_.token.probe_id) {
    letter_.recorded = false;
  }
  const absl::Status noted = context_.deps.ledger.Note(probe_id, event);
  if (!noted.ok()) {
    Log(LogLevel::kWarn, "ledger: cannot note what became of a letter",
        {{"error", noted.ToString()}});
  }
}

}  // namespace postwatch::agent
