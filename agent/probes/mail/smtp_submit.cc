#include "agent/probes/mail/smtp_submit.h"

#include <optional>

#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/mail_session.h"
#include "agent/probes/mail/recent_success.h"
#include "common/base/text.h"
#include "common/checks/mail/smtp_submit_settings.h"

namespace postwatch::agent {
namespace {

class SmtpSubmit : public ConfiguredProbe<SmtpSubmitSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> TryEnvelope(const RunContext& context, SmtpSession& session);

  RecentSuccess accepted_;
};

Task<void> SmtpSubmit::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  SmtpSession session;
  std::optional<Fault> fault = co_await OpenSubmission(context, settings_.mailbox, session);
  if (!fault.has_value() && settings_.envelope) fault = co_await TryEnvelope(context, session);
  if (fault.has_value()) {
    accepted_.Weigh(context, settings_.mailbox.address, *fault);
    Decide(run, *fault);
    co_return;
  }
  accepted_.Note(context, settings_.mailbox.address);
  run.Begin("quit");
  const absl::StatusOr<SmtpReply> bye = co_await session.client->Quit();
  if (bye.ok()) run.Note(Concat("S: ", bye->code, " ", bye->text));
}

Task<std::optional<Fault>> SmtpSubmit::TryEnvelope(const RunContext& context,
                                                   SmtpSession& session) {
  const std::string& own = settings_.mailbox.address;
  Envelope envelope{own, own, {}, {}};
  std::optional<Fault> refused = co_await SendEnvelope(context, session, std::move(envelope));
  if (refused.has_value()) co_return refused;
  context.run.Begin("reset");
  const absl::StatusOr<SmtpReply> reset = co_await session.client->Reset();
  co_return SmtpFault(context, SmtpStage::kMail, session.stream.get(), reset);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpSubmit(const CheckSpec& spec,
                                                      const ProbeDeps& deps) {
  return MakeConfigured<SmtpSubmit, ReadSmtpSubmitSettings>(spec, deps);
}

}  // namespace postwatch::agent
