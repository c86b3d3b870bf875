#include "agent/probes/roundtrip/roundtrip.h"

#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/roundtrip/roundtrip_run.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kAdvisedInterval = absl::Minutes(2);

class Roundtrip : public ConfiguredProbe<RoundtripSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;
  std::vector<Observation> TakeAmendments() override {
    return std::exchange(memory_.amendments, {});
  }

 private:
  RoundtripMemory memory_;
};

Task<void> Roundtrip::Run(StepRecorder& run) {
  absl::StatusOr<Secret> key = deps_.secrets(deps_.fleet_key);
  if (!key.ok()) {
    run.NotTested(Concat("the fleet key could not be read: ", FromAbsl(key.status().message())));
    co_return;
  }
  run.Redact(key->Reveal());
  const RunContext context{deps_, spec_, run};
  RoundtripRun trip(context, settings_, memory_, *std::move(key));
  co_await trip.Go();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeRoundtrip(const CheckSpec& spec, const ProbeDeps& deps) {
  if (spec.interval < kAdvisedInterval) {
    Log(LogLevel::kWarn,
        "letters go out more often than every 2 minutes; providers may refuse that",
        {{"check", spec.id}, {"interval", absl::FormatDuration(spec.interval)}});
  }
  return MakeConfigured<Roundtrip, ReadRoundtripSettings>(spec, deps);
}

}  // namespace postwatch::agent
