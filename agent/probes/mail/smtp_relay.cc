#include "agent/probes/mail/smtp_relay.h"

#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/mx_hosts.h"
#include "agent/probes/mail/time_share.h"
#include "common/base/text.h"
#include "common/checks/mail/smtp_relay_settings.h"

namespace postwatch::agent {
namespace {

// Reserved for such uses (RFC 2606 section 3): a letter to it could reach nobody, and none is sent.
constexpr std::string_view kStranger = "postwatch-relay-test@example.net";

class SmtpRelay : public ConfiguredProbe<SmtpRelaySettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  // What one address did.
  struct Trial {
    std::optional<Fault> fault;        // it could not be tried
    std::optional<SmtpReply> taken;    // the stranger's address was
    std::optional<SmtpReply> refused;  // it or the sender was not
  };

  Task<void> Try(const RunContext& context, MxRound& round, MxDoor door, Trial& trial);
  void Fail(StepRecorder& run, const std::string& where, const SmtpReply& taken) const;
};

Task<void> SmtpRelay::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  MxRound round(context, {.silent = true});
  run.Begin("dns");
  const std::optional<Fault> unknown =
      co_await round.FindHosts(settings_.host, settings_.allow_private);
  if (unknown.has_value()) {
    Decide(run, *unknown);
    co_return;
  }
  const absl::Duration end = deps_.clock.Steady() + VisitingTime(spec_);
  std::vector<bool> answered(round.hosts().size());
  size_t tried = 0;
  const std::vector<MxDoor> doors = round.Doors();
  for (size_t i = 0; i < doors.size(); ++i) {
    const MxDoor& door = doors[i];
    if (answered[door.host]) continue;
    const MxHost& host = round.hosts()[door.host];
    const size_t mark = run.touched_count();
    round.TouchHost(host);
    Trial trial;
    const absl::Duration share = ShareOf(end - deps_.clock.Steady(), doors.size() - i);
    Task<void> visit = Try(context, round, door, trial);
    const bool expired = co_await ExpiresWithin(deps_.clock, share, std::move(visit));
    const std::string key = DoorKey("relay", host.name, door.ip);
    if (trial.taken.has_value()) {
      run.Fact(key, "open");
      Fail(run, Concat(host.name, " at ", door.ip), *trial.taken);
      co_return;
    }
    if (trial.refused.has_value()) {
      answered[door.host] = true;
      ++tried;
      run.Fact(key, Concat("refused ", trial.refused->code));
      continue;
    }
    const bool cut = trial.fault->klass == FailureClass::kUnspecified;
    if (expired && cut) trial.fault = LateFault(run, share);
    if (trial.fault->klass == FailureClass::kUnspecified) {
      Decide(run, *trial.fault);
      co_return;
    }
    run.Fact(key, FailureClassName(trial.fault->klass));
    run.Recall(mark);
  }
  if (tried == 0) run.NotTested("no mail server could be asked; smtp.mx says why");
}

void SmtpRelay::Fail(StepRecorder& run, const std::string& where, const SmtpReply& taken) const {
  const Reply reply{taken.code, taken.enhanced, taken.text, ""};
  run.Fail(FailureClass::kSmtpOpenRelay,
           Concat(where, " takes mail from ", settings_.sender, " to ", kStranger,
                  ": unless it is meant to relay for this agent's address, anybody sends spam "
                  "through it"),
           reply);
}

Task<void> SmtpRelay::Try(const RunContext& context, MxRound& round, MxDoor door, Trial& trial) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  SmtpSession session;
  trial.fault = co_await round.Open(door, session);
  if (trial.fault.has_value()) co_return;
  context.run.Begin("mail");
  std::vector<std::string> no_parameters;
  const absl::StatusOr<SmtpReply> mail =
      co_await session.client->MailFrom(settings_.sender, no_parameters);
  trial.fault = SmtpFault(context, SmtpStage::kMail, session.stream.get(), mail);
  if (mail.ok() && !mail->positive()) {
    trial.refused = *mail;
    trial.fault.reset();
    co_await LeaveSmtp(context, session, false);
    co_return;
  }
  if (trial.fault.has_value()) co_return;
  context.run.Begin("rcpt");
  std::string stranger(kStranger);
  const absl::StatusOr<SmtpReply> rcpt = co_await session.client->RcptTo(stranger);
  trial.fault = SmtpFault(context, SmtpStage::kRcpt, session.stream.get(), rcpt);
  if (!rcpt.ok()) co_return;
  trial.fault.reset();
  // 252 promises nothing and is still no refusal (RFC 5321 section 3.5.3 has it for VRFY).
  (rcpt->positive() ? trial.taken : trial.refused) = *rcpt;
  co_await LeaveSmtp(context, session, true);
  co_return;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpRelay(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<SmtpRelay, ReadSmtpRelaySettings>(spec, deps);
}

}  // namespace postwatch::agent
