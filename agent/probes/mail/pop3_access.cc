#include "agent/probes/mail/pop3_access.h"

#include <optional>

#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/pop3_session.h"
#include "common/base/text.h"
#include "common/checks/mail/pop3_access_settings.h"

namespace postwatch::agent {
namespace {

class Pop3Access : public ConfiguredProbe<Pop3AccessSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> Look(const RunContext& context, Pop3Session& session);
  void CompareDelay(const RunContext& context, const Pop3Session& session) const;
};

Task<void> Pop3Access::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  Pop3Session session;
  std::optional<Fault> fault = co_await OpenPop3(context, settings_.mailbox, session);
  if (!fault.has_value()) {
    fault = co_await Look(context, session);
    if (fault.has_value()) Decide(run, *fault);
    // Also after a fault: a maildrop that is not let go of is locked for the next who asks.
    run.Begin("quit");
    const absl::StatusOr<Pop3Status> bye = co_await session.client->Quit();
    if (bye.ok()) run.Note(Concat("S: ", bye->text));
    co_return;
  }
  Decide(run, *fault);
}

Task<std::optional<Fault>> Pop3Access::Look(const RunContext& context, Pop3Session& session) {
  context.run.Begin("stat");
  context.run.Touch({std::string(component::kMailbox), settings_.mailbox.address});
  const absl::StatusOr<Pop3Maildrop> drop = co_await session.client->Stat();
  std::optional<Fault> closed = Pop3Fault(context, Pop3Stage::kList, session.stream.get(), drop);
  if (closed.has_value()) co_return closed;
  context.run.Fact("mailbox.exists", Concat(drop->drop.messages));
  context.run.Fact("mailbox.bytes", Concat(drop->drop.bytes));
  CompareDelay(context, session);
  context.run.Begin("uidl");
  const absl::StatusOr<Pop3Listing> listing = co_await session.client->Uidl();
  std::optional<Fault> fault = Pop3Fault(context, Pop3Stage::kList, session.stream.get(), listing);
  // UIDL is optional (RFC 1939 section 7): only a server that has it must answer.
  const bool has_none = listing.ok() && !session.client->capabilities().Has("UIDL");
  if (has_none && fault.has_value() && fault->klass == FailureClass::kPop3Protocol) {
    co_return std::nullopt;
  }
  if (!fault.has_value() && listing->total != drop->drop.messages) {
    Fault torn{
        FailureClass::kPop3Protocol,
        Concat("STAT counts ", drop->drop.messages, " messages, UIDL lists ", listing->total),
        std::nullopt};
    co_return torn;
  }
  co_return fault;
}

// RFC 2449 section 6.4: seconds that must pass between log-ins.
void Pop3Access::CompareDelay(const RunContext& context, const Pop3Session& session) const {
  const std::vector<std::string> words = session.client->capabilities().Words("LOGIN-DELAY");
  if (words.empty()) return;
  const std::optional<int64_t> seconds = ParseInteger(words.front());
  if (!seconds.has_value() || *seconds < 0) return;
  context.run.Fact("pop3.login_delay", Concat(*seconds));
  if (spec_.interval <= absl::ZeroDuration() || absl::Seconds(*seconds) <= spec_.interval) return;
  context.run.Find(
      FailureClass::kPop3LoginDelay,
      Concat("the server wants ", *seconds, " s between log-ins, this check comes every ",
             absl::FormatDuration(spec_.interval), "; give it a longer interval"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakePop3Access(const CheckSpec& spec,
                                                      const ProbeDeps& deps) {
  return MakeConfigured<Pop3Access, ReadPop3AccessSettings>(spec, deps);
}

}  // namespace postwatch::agent
