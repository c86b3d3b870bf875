#include "agent/probes/smtp_submit.h"

#include <optional>
#include <utility>

#include "agent/probes/mail_session.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

class SmtpSubmit : public Probe {
 public:
  SmtpSubmit(CheckSpec spec, const ProbeDeps& deps, MailboxSettings mailbox, bool envelope)
      : spec_(std::move(spec)), deps_(deps), mailbox_(std::move(mailbox)), envelope_(envelope) {}

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> TryEnvelope(const RunContext& context, SmtpSession& session);

  const CheckSpec spec_;
  const ProbeDeps deps_;
  const MailboxSettings mailbox_;
  const bool envelope_;
};

Task<void> SmtpSubmit::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  SmtpSession session;
  std::optional<Fault> fault = co_await OpenSubmission(context, mailbox_, session);
  if (!fault.has_value() && envelope_) fault = co_await TryEnvelope(context, session);
  if (fault.has_value()) {
    Decide(run, *fault);
    co_return;
  }
  run.Begin("quit");
  const absl::StatusOr<SmtpReply> bye = co_await session.client->Quit();
  if (bye.ok()) run.Note(Concat("S: ", bye->code, " ", bye->text));
}

Task<std::optional<Fault>> SmtpSubmit::TryEnvelope(const RunContext& context,
                                                   SmtpSession& session) {
  std::optional<Fault> refused =
      co_await SendEnvelope(context, session, mailbox_.address, mailbox_.address, 0);
  if (refused.has_value()) co_return refused;
  context.run.Begin("reset");
  const absl::StatusOr<SmtpReply> reset = co_await session.client->Reset();
  co_return SmtpFault(context, SmtpStage::kMail, session.stream.get(), reset);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpSubmit(const CheckSpec& spec,
                                                      const ProbeDeps& deps) {
  Mistakes mistakes;
  SettingsReader in(spec.settings, spec.id, mistakes);
  MailboxSettings mailbox = ReadMailbox(in.Child("mailbox"), in.PathOf("mailbox"), mistakes);
  const bool envelope = in.Bool("envelope", true);
  in.Finish();
  const absl::Status status = mistakes.ToStatus();
  if (!status.ok()) return status;
  return std::make_unique<SmtpSubmit>(spec, deps, std::move(mailbox), envelope);
}

}  // namespace postwatch::agent
