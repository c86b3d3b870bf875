#include "agent/probes/mail/imap_access.h"

#include <optional>

#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/mail_session.h"
#include "agent/probes/mail/recent_success.h"
#include "common/base/text.h"
#include "common/checks/mail/imap_access_settings.h"

namespace postwatch::agent {
namespace {

class ImapAccess : public ConfiguredProbe<ImapAccessSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> Read(const RunContext& context, ImapSession& session);

  RecentSuccess accepted_;
};

Task<void> ImapAccess::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  ImapSession session;
  std::optional<Fault> fault = co_await OpenImap(context, settings_.mailbox, session);
  if (!fault.has_value()) fault = co_await Read(context, session);
  if (fault.has_value()) {
    accepted_.Weigh(context, settings_.mailbox.address, *fault);
    Decide(run, *fault);
    co_return;
  }
  accepted_.Note(context, settings_.mailbox.address);
  // The answer to LOGOUT says nothing about access.
  run.Begin("logout");
  const absl::StatusOr<ImapStatus> bye = co_await session.client->Logout();
  if (bye.ok()) run.Note(Concat("S: ", bye->text));
}

Task<std::optional<Fault>> ImapAccess::Read(const RunContext& context, ImapSession& session) {
  context.run.Begin("select");
  context.run.Touch({std::string(component::kMailbox), settings_.mailbox.address});
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
  return MakeConfigured<ImapAccess, ReadImapAccessSettings>(spec, deps);
}

}  // namespace postwatch::agent
