#include "agent/probes/roundtrip/sending_limits.h"

#include <algorithm>
#include <vector>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxBacklog = 10000;
constexpr int kMaxFailedDeletions = 3;
constexpr size_t kMaxUnreconciled = 10;
constexpr size_t kMaxReplies = 2;
constexpr absl::Duration kStop = absl::Hours(6);
// While letters go missing: every second interval, so that a recovery is not seen too late.
constexpr absl::Duration kMaxHeldBack = absl::Minutes(10);
constexpr int kHeldBackIntervals = 2;

Fault Held(std::string why) { return {FailureClass::kUnspecified, std::move(why), std::nullopt}; }

}  // namespace

void SendingLimits::StopFor(const RunContext& context, FailureClass klass,
                            std::string_view reason) {
  stopped_until_ = context.deps.clock.Now() + kStop;
  stopped_for_ = klass;
  stop_reason_ = std::string(reason);
}

void SendingLimits::Delivered(absl::Time sent) {
  last_delivered_ = std::max(last_delivered_, sent);
}

std::optional<Fault> SendingLimits::Judge(const RunContext& context, size_t mailbox_size) const {
  const absl::Time now = context.deps.clock.Now();
  if (now < stopped_until_) {
    return Fault{stopped_for_,
                 Concat("no letter is sent for ", absl::FormatDuration(stopped_until_ - now),
                        " more: ", stop_reason_),
                 std::nullopt};
  }
  if (mailbox_size > kMaxBacklog) {
    return Held(Concat("the mailbox holds ", mailbox_size, " messages, more than ", kMaxBacklog,
                       "; empty it"));
  }
  if (failed_deletions_ >= kMaxFailedDeletions) {
    return Fault{deletion_class_,
                 Concat(failed_deletions_,
                        " letters in a row could not be deleted; none is sent until that works"),
                 std::nullopt};
  }
  if (replies_ > kMaxReplies) {
    return Held(
        Concat("the mailbox holds ", replies_,
               " answers to our letters; turn the automatic responder off and delete them"));
  }
  return JudgeMissing(context);
}

std::optional<Fault> SendingLimits::JudgeMissing(const RunContext& context) const {
  const absl::StatusOr<std::vector<LedgerEntry>> in_flight =
      context.deps.ledger.InFlight(context.spec.id);
  if (!in_flight.ok()) {
    return Held(Concat("the ledger cannot be read: ", FromAbsl(in_flight.status().message())));
  }
  size_t missing = 0;
  absl::Time newest = absl::InfinitePast();
  for (const LedgerEntry& entry : *in_flight) {
    newest = std::max(newest, entry.sent);
    const bool awaited = entry.reported_missing && !entry.reported_lost;
    if (awaited && entry.sent > last_delivered_) ++missing;
  }
  const absl::Duration pause = std::min(kMaxHeldBack, kHeldBackIntervals * context.spec.interval);
  if (missing < kMaxUnreconciled || context.deps.clock.Now() >= newest + pause) {
    return std::nullopt;
  }
  return Held(Concat("the last ", missing, " letters are missing; the next one is sent ",
                     absl::FormatDuration(pause), " after the last"));
}

}  // namespace postwatch::agent
