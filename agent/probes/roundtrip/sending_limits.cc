#include "agent/probes/roundtrip/sending_limits.h"

#include <algorithm>
#include <vector>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxBacklog = 10000;
constexpr int kMaxFailedDeletions = 3;
constexpr size_t kMaxReplies = 2;
constexpr absl::Duration kStop = absl::Hours(6);

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

std::optional<Fault> SendingLimits::Judge(const RunContext& context,
                                          const RoundtripSettings& settings,
                                          size_t mailbox_size) const {
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
  return JudgeMissing(context, settings);
}

std::optional<Fault> SendingLimits::JudgeMissing(const RunContext& context,
                                                 const RoundtripSettings& settings) const {
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
  const absl::Duration left = newest + settings.hold_off - context.deps.clock.Now();
  if (missing < settings.max_missing || left <= absl::ZeroDuration()) return std::nullopt;
  return Held(
      Concat("the last ", missing,
             " letters are missing, so that no more are sent until one of them is accounted "
             "for; one is tried in ",
             absl::FormatDuration(absl::Ceil(left, absl::Seconds(1)))));
}

}  // namespace postwatch::agent
