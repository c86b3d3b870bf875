#include "agent/probes/mail/recent_success.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kMemory = absl::Hours(24);
constexpr size_t kMaxRemembered = 64;

bool DeniesWhatItKnew(FailureClass klass) {
  switch (klass) {
    case FailureClass::kSmtpMailboxUnknownTemp:
    case FailureClass::kSmtpMailboxUnknownPerm:
    case FailureClass::kSmtpAuthFailed:
    case FailureClass::kImapAuthFailed:
    case FailureClass::kPop3AuthFailed:
      return true;
    default:
      return false;
  }
}

}  // namespace

void RecentSuccess::Note(const RunContext& context, const std::string& what) {
  if (accepted_.size() >= kMaxRemembered && !accepted_.contains(what)) {
    accepted_.erase(
        std::ranges::min_element(accepted_, {}, [](const auto& entry) { return entry.second; }));
  }
  accepted_[what] = context.deps.clock.Now();
}

void RecentSuccess::Weigh(const RunContext& context, const std::string& what, Fault& fault) const {
  const auto last = accepted_.find(what);
  if (last == accepted_.end() || !DeniesWhatItKnew(fault.klass)) return;
  const absl::Duration ago = context.deps.clock.Now() - last->second;
  if (ago < absl::ZeroDuration() || ago > kMemory) return;
  context.run.Fact("contradicts_history", "true");
  fault.detail +=
      Concat("; ", what, " was accepted at ",
             absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", last->second, absl::UTCTimeZone()),
             ", so that the server is likelier at fault than the address or the credential");
}

}  // namespace postwatch::agent
