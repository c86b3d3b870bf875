#include "agent/probes/witness.h"

#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "common/base/text.h"
#include "common/checks/witness_settings.h"
#include "common/net/address.h"
#include "common/net/dial_all.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kAnchorTimeout = absl::Seconds(3);
constexpr uint16_t kSmtpPort = 25;

using Dials = std::vector<absl::StatusOr<std::unique_ptr<Stream>>>;

class Witness : public ConfiguredProbe<WitnessSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<bool> ReachAnchors(StepRecorder& run);
  Task<void> TryPort25(StepRecorder& run);
  Task<bool> AskResolver(StepRecorder& run);
  void CheckLoad(StepRecorder& run) const;
  void CheckClock(StepRecorder& run);

  struct Instant {
    absl::Time wall;
    absl::Duration steady;
  };

  std::optional<Instant> last_;  // of the run before: the clocks are compared across runs
};

Task<void> Witness::Run(StepRecorder& run) {
  const bool network = co_await ReachAnchors(run);
  if (!network) co_return;
  const bool names = co_await AskResolver(run);
  if (!names) co_return;
  CheckLoad(run);
  CheckClock(run);
  // Last: it excuses the checks of port 25 only, what comes before excuses them all.
  co_await TryPort25(run);
}

Task<bool> Witness::ReachAnchors(StepRecorder& run) {
  run.Begin("anchors");
  const Dials dials = co_await DialAll(deps_.dialer, settings_.anchors, kAnchorTimeout);
  std::vector<Fault> faults;
  for (const auto& dial : dials) {
    if (dial.ok()) continue;
    faults.push_back(
        FaultFromStatus(dial.status(), "connect", nullptr, FailureClass::kConnClosedEarly));
    if (faults.back().klass == FailureClass::kUnspecified) {  // cancelled
      Decide(run, faults.back());
      co_return false;
    }
  }
  const size_t total = dials.size();
  const bool none = faults.size() == total;
  run.Fact("anchors.ok", Concat(total - faults.size(), "/", total));
  // One dead anchor is that anchor's affair; all of them are the agent's.
  for (size_t i = 0; i < total; ++i) {
    if (none || dials[i].ok()) {
      run.Touch({std::string(component::kAnchor), AddressText(settings_.anchors[i])});
    }
  }
  if (none) {
    run.Fail(FailureClass::kAgentNoNetwork,
             Concat("none of the ", total, " anchors answers: ", faults[0].detail));
    co_return false;
  }
  for (const Fault& fault : faults) Mention(run, fault);
  co_return true;
}

// Blocked means silence or no route, from all of them, while the anchors answer; a refusal comes
// from somebody.
Task<void> Witness::TryPort25(StepRecorder& run) {
  if (settings_.port25.empty() || run.decided()) co_return;
  run.Begin("port25");
  std::vector<Address> addresses;
  for (const std::string& ip : settings_.port25) addresses.push_back({ip, kSmtpPort});
  const Dials dials = co_await DialAll(deps_.dialer, addresses, kAnchorTimeout);
  for (const auto& dial : dials) {
    const std::optional<NetError> error = GetNetError(dial.status());
    if (error != NetError::kTimeout && error != NetError::kUnreachable) co_return;
  }
  run.Fail(FailureClass::kAgentPort25Blocked,
           Concat("port 25 of ", Join(settings_.port25, ", "), " does not answer, the anchors do"));
}

Task<bool> Witness::AskResolver(StepRecorder& run) {
  if (settings_.zone.empty()) co_return true;
  run.Begin("resolver");
  run.Touch({std::string(component::kResolver), deps_.resolver.name()});
  DnsQuestion question;
  question.name = settings_.zone;
  const DnsReply reply = co_await deps_.resolver.Query(question);
  run.Fact("resolver.took", absl::FormatDuration(reply.took));
  // That a name does not exist is an answer too.
  const std::optional<FailureClass> klass = DnsFailureClass(reply);
  if (!klass.has_value() || *klass == FailureClass::kDnsNxdomain) co_return true;
  Fault fault{FailureClass::kAgentResolverDown, DescribeDnsReply(question, reply), std::nullopt};
  if (reply.transport == DnsTransport::kCancelled) fault.klass = FailureClass::kUnspecified;
  Decide(run, fault);
  co_return false;
}

void Witness::CheckLoad(StepRecorder& run) const {
  run.Begin("load");
  const absl::Duration lag = deps_.loop_lag.Worst();
  run.Fact("loop.lag", absl::FormatDuration(lag));
  if (lag <= settings_.max_loop_lag) return;
  run.Fail(FailureClass::kAgentOverloaded,
           Concat("the event loop was ", absl::FormatDuration(lag), " late, more than ",
                  absl::FormatDuration(settings_.max_loop_lag)));
}

void Witness::CheckClock(StepRecorder& run) {
  run.Begin("clock");
  const Instant now{deps_.clock.Now(), deps_.clock.Steady()};
  const std::optional<Instant> before = std::exchange(last_, now);
  if (!before.has_value()) return;
  const absl::Duration jump = (now.wall - before->wall) - (now.steady - before->steady);
  run.Fact("clock.jump", absl::FormatDuration(jump));
  if (absl::AbsDuration(jump) <= settings_.max_clock_jump) return;
  run.Fail(FailureClass::kAgentClockBad,
           Concat("the wall clock jumped by ", absl::FormatDuration(jump), " since the last run"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeWitness(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<Witness, ReadWitnessSettings>(spec, deps);
}

}  // namespace postwatch::agent
