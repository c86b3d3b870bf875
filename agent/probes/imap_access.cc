#include "agent/probes/imap_access.h"

#include <optional>
#include <utility>

#include "agent/probes/mail_session.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

class ImapAccess : public Probe {
 public:
  ImapAccess(CheckSpec spec, const ProbeDeps& deps, MailboxSettings mailbox)
      : spec_(std::move(spec)), deps_(deps), mailbox_(std::move(mailbox)) {}

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> Read(const RunContext& context, ImapSession& session);

  const CheckSpec spec_;
  const ProbeDeps deps_;
  const MailboxSettings mailbox_;
};

Task<void> ImapAccess::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  ImapSession session;
  std::optional<Fault> fault = co_await OpenImap(context, mailbox_, session);
  if (!fault.has_value()) fault = co_await Read(context, session);
  if (fault.has_value()) {
    Decide(run, *fault);
    co_return;
  }
  // The answer to LOGOUT says nothing about access.
  run.Begin("logout");
  co_await session.client->Logout();
}

Task<std::optional<Fault>> ImapAccess::Read(const RunContext& context, ImapSession& session) {
  context.run.Begin("select");
  context.run.Touch({std::string(component::kMailbox), mailbox_.address});
  const std::string name = "INBOX";
  const absl::StatusOr<ImapMailbox> inbox = co_await session.client->Examine(name);
  std::optional<Fault> closed = ImapFault(context, ImapStage::kSelect, session.stream.get(), inbox);
  if (closed.has_value()) co_return closed;
  context.run.Fact("mailbox.exists", Concat(inbox->exists));
  context.run.Begin("noop");
  const absl::StatusOr<ImapStatus> noop = co_await session.client->Noop();
  co_return ImapFault(context, ImapStage::kOther, session.stream.get(), noop);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeImapAccess(const CheckSpec& spec,
                                                      const ProbeDeps& deps) {
  Mistakes mistakes;
  SettingsReader in(spec.settings, spec.id, mistakes);
  MailboxSettings mailbox = ReadMailbox(in.Child("mailbox"), in.PathOf("mailbox"), mistakes);
  in.Finish();
  const absl::Status status = mistakes.ToStatus();
  if (!status.ok()) return status;
  return std::make_unique<ImapAccess>(spec, deps, std::move(mailbox));
}

}  // namespace postwatch::agent
