#include "agent/probes/roundtrip.h"

#include <algorithm>
#include <utility>

#include "agent/probes/roundtrip_run.h"
#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

// Left of the timeout for looking into the spam folder and for closing the books.
constexpr absl::Duration kReserve = absl::Seconds(5);

class Roundtrip : public Probe {
 public:
  Roundtrip(CheckSpec spec, const ProbeDeps& deps, RoundtripSettings settings)
      : spec_(std::move(spec)), deps_(deps), settings_(std::move(settings)) {}

  Task<void> Run(StepRecorder& run) override;
  std::vector<Observation> TakeAmendments() override {
    return std::exchange(memory_.amendments, {});
  }

 private:
  const CheckSpec spec_;
  const ProbeDeps deps_;
  const RoundtripSettings settings_;
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

absl::Duration DefaultDeadline(absl::Duration timeout) {
  return timeout > 2 * kReserve ? timeout - kReserve : timeout / 2;
}

// The closed loop: a letter goes to a mailbox we read ourselves, or nowhere.
void ReadRecipient(SettingsReader& in, RoundtripSettings& settings) {
  settings.to = in.String("to", settings.receiver.address);
  if (!settings.receiver.Receives(settings.to)) {
    in.Complain("to", Concat("'", settings.to, "' must be the address of the receiving mailbox (",
                             settings.receiver.address, ") or one of its aliases"));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeRoundtrip(const CheckSpec& spec, const ProbeDeps& deps) {
  Mistakes mistakes;
  SettingsReader in(spec.settings, spec.id, mistakes);
  RoundtripSettings settings;
  settings.sender = ReadMailbox(in.Child("mailbox"), in.PathOf("mailbox"), mistakes);
  settings.receiver = settings.sender;
  if (in.Has("receive_from")) {
    settings.receiver = ReadMailbox(in.Child("receive_from"), in.PathOf("receive_from"), mistakes);
  }
  ReadRecipient(in, settings);
  settings.route = in.String("route", "roundtrip");
  if (!IsName(settings.route)) {
    in.Complain("route", "must be 1 to 63 of a-z, 0-9, '.', '-' and '_'");
  }
  settings.delivery_deadline = in.Duration("delivery_deadline", DefaultDeadline(spec.timeout),
                                           absl::Seconds(1), absl::Hours(1));
  if (settings.delivery_deadline >= spec.timeout) {
    in.Complain("delivery_deadline", Concat("must be below the check's timeout of ",
                                            absl::FormatDuration(spec.timeout)));
  }
  settings.slow_after =
      in.Duration("slow_after", absl::Minutes(1), absl::Milliseconds(100), absl::Hours(1));
  in.Finish();
  const absl::Status status = mistakes.ToStatus();
  if (!status.ok()) return status;
  return std::make_unique<Roundtrip>(spec, deps, std::move(settings));
}

}  // namespace postwatch::agent
