// SendingLimits: the rules that keep a broken mailbox from being filled up (mail-domain.md 2.6,
// rule 4).
#pragma once

#include <optional>
#include <string>

#include "agent/probes/dns/mail_dns.h"
#include "common/checks/mail/roundtrip_settings.h"

namespace postwatch::agent {

// Sending on a route stops for a while, or until what is wrong is mended.
class SendingLimits {
 public:
  // Something circles: nothing is sent for 6 hours.
  void StopFor(const RunContext& context, FailureClass klass, std::string_view reason);

  void DeletionFailed(FailureClass klass) {
    ++failed_deletions_;
    deletion_class_ = klass;
  }
  void DeletionWorked() { failed_deletions_ = 0; }
  // The newest letter that was seen.
  void Delivered(absl::Time sent);
  // Answers to our letters that lie in the mailbox.
  void SetReplies(size_t replies) { replies_ = replies; }

  // Why no letter may be sent now: over 10000 messages in the mailbox, 3 deletions in a row that
  // failed, a loop, more than 2 answers of a machine, or `max_missing` letters of which nothing is
  // known. These may be stuck, and then the first that arrives says so; or they are gone, and then
  // only another letter can tell that the fault is over: one goes out each `hold_off`.
  std::optional<Fault> Judge(const RunContext& context, const RoundtripSettings& settings,
                             size_t mailbox_size) const;

 private:
  std::optional<Fault> JudgeMissing(const RunContext& context,
                                    const RoundtripSettings& settings) const;

  int failed_deletions_ = 0;  // in a row
  FailureClass deletion_class_ = FailureClass::kUnspecified;
  size_t replies_ = 0;
  absl::Time last_delivered_ = absl::InfinitePast();
  absl::Time stopped_until_ = absl::InfinitePast();
  FailureClass stopped_for_ = FailureClass::kUnspecified;
  std::string stop_reason_;
};

}  // namespace postwatch::agent
