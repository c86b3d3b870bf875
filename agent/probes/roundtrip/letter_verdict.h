// LetterVerdict: what a letter that arrived tells: its way, its time, its state, and what the
// receiving server thought of it.
#pragma once

#include <string>
#include <string_view>

#include "agent/probes/dns/mail_dns.h"
#include "agent/probes/roundtrip/letter_sender.h"
#include "common/checks/mail/roundtrip_settings.h"
#include "common/mail/probe_message.h"

namespace postwatch::agent {

// More servers than this pass a letter on only in a loop (mail-domain.md 2.6, rule 4).
inline constexpr size_t kMaxHopsOfLetter = 30;

struct Arrival {
  std::string message;  // whole
  ReceivedProbe probe;
  absl::Duration took;  // from the handover until it was seen
};

// Records the facts hops, hop.<n>, integrity, answer, delivery.seconds, delivery.internal_seconds
// and auth.<method>, the findings, and at most one failure. Returns whether the letter shows a
// loop.
bool JudgeLetter(const RunContext& context, const RoundtripSettings& settings,
                 const SentLetter& sent, const Arrival& arrival);

// "0.300".
std::string SecondsText(absl::Duration duration);

}  // namespace postwatch::agent
