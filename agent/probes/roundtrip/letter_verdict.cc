#include "agent/probes/roundtrip/letter_verdict.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/text.h"
#include "common/mail/authentication_results.h"
#include "common/mail/mime.h"
#include "common/mail/received.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxHopFacts = 12;
// Received dates are whole seconds.
constexpr absl::Duration kGranularity = absl::Seconds(1);
constexpr auto kAuthMethods = std::to_array<std::string_view>({"spf", "dkim", "dmarc", "arc"});

void JudgeTime(const RunContext& context, const RoundtripSettings& settings,
               const Arrival& arrival) {
  context.run.Fact("delivery.seconds", SecondsText(arrival.took));
  if (arrival.took <= settings.slow_after) return;
  context.run.Find(FailureClass::kDeliveredSlow,
                   Concat("the letter took ", absl::FormatDuration(arrival.took), ", more than ",
                          absl::FormatDuration(settings.slow_after)));
}

// The last server's clock is worth something where no clock on the way contradicts ours by a second
// or more: then it tells when the letter was there, though it was seen later.
void RecordInternalTime(const RunContext& context, const ReceivedChain& chain,
                        const std::vector<HopDelay>& delays, const SentLetter& sent,
                        const Arrival& arrival) {
  if (chain.hops.empty() || !chain.hops.back().date.has_value()) return;
  const absl::Duration internal = *chain.hops.back().date - sent.handed_over_at;
  const bool skewed = std::ranges::any_of(delays, &HopDelay::skewed);
  if (skewed || internal <= -kGranularity || internal >= arrival.took + kGranularity) return;
  context.run.Fact("delivery.internal_seconds",
                   SecondsText(std::max(internal, absl::ZeroDuration())));
}

// Returns whether the letter went in circles.
bool JudgeWay(const RunContext& context, const RoundtripSettings& settings, const SentLetter& sent,
              const Arrival& arrival, std::string_view headers) {
  const ReceivedChain chain = ReadReceivedChain(headers);
  const std::vector<HopDelay> delays = HopDelays(chain, sent.token.sent);
  context.run.Fact("hops", Concat(chain.count));
  for (size_t i = 0; i < delays.size(); ++i) {
    const HopDelay& hop = delays[i];
    const std::string text =
        Concat(hop.host, " +", absl::StrFormat("%.1f", absl::ToDoubleSeconds(hop.delay)), "s",
               hop.skewed ? " (its clock is behind)" : "");
    if (i < kMaxHopFacts) context.run.Fact(Concat("hop.", i + 1), text);
    if (hop.delay <= settings.slow_after) continue;
    context.run.Find(FailureClass::kDeliveryHopSlow,
                     Concat(hop.host, " took the letter ", absl::FormatDuration(hop.delay),
                            " after the server before it"));
  }
  RecordInternalTime(context, chain, delays, sent, arrival);
  const bool looped = chain.count > kMaxHopsOfLetter;
  if (looped) {
    context.run.Fail(FailureClass::kSmtpLoop,
                     Concat("the letter passed ", chain.count, " servers; more than ",
                            kMaxHopsOfLetter, " are a loop"));
  }
  const bool expected = std::ranges::any_of(settings.expect_via, [&chain](const std::string& host) {
    return PassedThrough(chain, host);
  });
  if (!settings.expect_via.empty() && !expected) {
    std::vector<std::string> hosts;
    for (const ReceivedHop& hop : chain.hops) hosts.push_back(hop.by);
    context.run.Fail(FailureClass::kMisrouted,
                     Concat("the letter came by ", Join(hosts, ", "),
                            " and by none of expect_via (", Join(settings.expect_via, ", "), ")"));
  }
  return looped;
}

void JudgeState(const RunContext& context, const ReceivedProbe& probe) {
  context.run.Fact("integrity", IntegrityName(probe.integrity));
  std::vector<std::string> changes = probe.header.changes;
  if (probe.integrity == Integrity::kRewritten) {
    changes.emplace_back("text was added to the letter on its way");
  }
  if (probe.long_line == LineState::kBroken) {
    changes.emplace_back("the line of 998 octets was broken into shorter ones");
  }
  if (!changes.empty()) context.run.Find(FailureClass::kRewritten, Join(changes, "; "));
  if (probe.integrity == Integrity::kCorrupted) {
    context.run.Fail(FailureClass::kCorruptedBody, "the letter's text is not what was sent");
  } else if (probe.long_line == LineState::kDamaged) {
    context.run.Fail(FailureClass::kCorruptedBody, "the line of 998 octets is not what was sent");
  }
  if (!probe.header.damage.empty()) {
    context.run.Fail(FailureClass::kCorruptedHeader, probe.header.damage);
  }
}

void JudgeAuthentication(const RunContext& context, const RoundtripSettings& settings,
                         std::string_view headers) {
  if (settings.authserv_id.empty()) return;
  const std::optional<AuthResults> results = TrustedAuthResults(headers, settings.authserv_id);
  std::vector<std::string> bad;
  for (const std::string_view method : kAuthMethods) {
    if (!results.has_value()) break;
    const std::string result = OverallResult(*results, method);
    if (result.empty()) continue;
    context.run.Fact(Concat("auth.", method), result);
    // ARC concerns letters that were passed on; none is the usual case.
    if (result != "pass" && method != "arc") bad.push_back(Concat(method, "=", result));
  }
  if (results.has_value() && bad.empty()) return;
  const std::string detail =
      results.has_value()
          ? Concat(settings.authserv_id, " says ", Join(bad, ", "))
          : Concat("the letter bears no Authentication-Results of ", settings.authserv_id);
  if (settings.require_auth) {
    context.run.Fail(FailureClass::kAuthResultFail, detail);
  } else {
    context.run.Find(FailureClass::kAuthResultFail, detail);
  }
}

}  // namespace

std::string SecondsText(absl::Duration duration) {
  return absl::StrFormat("%.3f", absl::ToDoubleSeconds(duration));
}

bool JudgeLetter(const RunContext& context, const RoundtripSettings& settings,
                 const SentLetter& sent, const Arrival& arrival) {
  const std::string_view headers = SplitEntity(arrival.message).headers;
  JudgeTime(context, settings, arrival);
  const bool answer = arrival.probe.kind == ProbeMessageKind::kReply;
  if (settings.reflected) context.run.Fact("answer", answer ? "reply" : "letter");
  JudgeAuthentication(context, settings, headers);
  const bool looped = JudgeWay(context, settings, sent, arrival, headers);
  if (!answer) JudgeState(context, arrival.probe);
  return looped;
}

}  // namespace postwatch::agent
