#include "agent/probes/mail/smtp_mx.h"

#include <array>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/mx_hosts.h"
#include "agent/probes/mail/mx_verdict.h"
#include "agent/probes/mail/recent_success.h"
#include "agent/probes/mail/time_share.h"
#include "common/base/text.h"
#include "common/checks/mail/smtp_mx_settings.h"

namespace postwatch::agent {
namespace {

namespace asio = boost::asio;

constexpr std::array<std::string_view, 2> kRoles = {"postmaster", "abuse"};  // RFC 2142

class SmtpMx : public ConfiguredProbe<SmtpMxSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  // One run.
  struct Tour {
    const RunContext& context;
    MxRound& round;
    bool roles_asked = false;
  };

  Task<std::optional<Fault>> VisitWithin(Tour& tour, MxDoor door, absl::Duration share);
  Task<void> Visit(Tour& tour, MxDoor door, std::optional<Fault>& fault);
  Task<std::optional<Fault>> TryRecipient(const RunContext& context, SmtpSession& session);
  Task<void> TryRoles(const RunContext& context, SmtpSession& session, std::string host);

  RecentSuccess accepted_;
};

Task<void> SmtpMx::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  const absl::Duration end = deps_.clock.Steady() + VisitingTime(spec_);
  MxRound round(context, {settings_.require_tls, settings_.tls_floor});
  run.Begin("dns");
  const std::optional<Fault> unknown =
      co_await round.FindHosts(settings_.host, settings_.allow_private);
  if (unknown.has_value()) {
    Decide(run, *unknown);
    co_return;
  }
  Tour tour{context, round};
  const std::vector<MxDoor> doors = round.Doors();
  MxVerdict verdict(context, round);
  for (size_t i = 0; i < doors.size(); ++i) {
    verdict.Enter(doors[i]);
    const absl::Duration share = ShareOf(end - deps_.clock.Steady(), doors.size() - i);
    const std::optional<Fault> fault = co_await VisitWithin(tour, doors[i], share);
    if (fault.has_value() && fault->klass == FailureClass::kUnspecified) {
      Decide(run, *fault);
      co_return;
    }
    verdict.Leave(doors[i], fault);
  }
  verdict.Conclude();
}

// The visit, cut off when its share of the time is used up.
Task<std::optional<Fault>> SmtpMx::VisitWithin(Tour& tour, MxDoor door, absl::Duration share) {
  std::optional<Fault> fault;
  Task<void> visit = Visit(tour, door, fault);
  const bool expired = co_await ExpiresWithin(deps_.clock, share, std::move(visit));
  const bool cut = fault.has_value() && fault->klass == FailureClass::kUnspecified;
  if (expired && cut) fault = LateFault(tour.context.run, share);
  co_return fault;
}

Task<void> SmtpMx::Visit(Tour& tour, MxDoor door, std::optional<Fault>& fault) {
  co_await asio::this_coro::throw_if_cancelled(false);
  SmtpSession session;
  fault = co_await tour.round.Open(door, session);
  if (fault.has_value()) co_return;
  if (!settings_.rcpt.empty()) fault = co_await TryRecipient(tour.context, session);
  if (fault.has_value()) co_return;
  if (settings_.roles && !tour.roles_asked) {
    tour.roles_asked = true;
    co_await TryRoles(tour.context, session, tour.round.hosts()[door.host].name);
  }
  co_await LeaveSmtp(tour.context, session, false);
}

// Greylisting and throttling defer first contact and say nothing about the mailbox.
Task<std::optional<Fault>> SmtpMx::TryRecipient(const RunContext& context, SmtpSession& session) {
  Envelope envelope{settings_.sender, settings_.rcpt, {}, {}};
  std::optional<Fault> refused = co_await SendEnvelope(context, session, std::move(envelope));
  context.run.Fact("rcpt", refused.has_value() ? FailureClassName(refused->klass) : "ok");
  if (!refused.has_value()) accepted_.Note(context, settings_.rcpt);
  const bool deferred = refused.has_value() && (refused->klass == FailureClass::kSmtpGreylisted ||
                                                refused->klass == FailureClass::kSmtpThrottledTemp);
  if (refused.has_value() && !deferred) {
    accepted_.Weigh(context, settings_.rcpt, *refused);
    co_return refused;
  }
  if (deferred) Mention(context.run, *refused);
  context.run.Begin("reset");
  const absl::StatusOr<SmtpReply> reset = co_await session.client->Reset();
  co_return SmtpFault(context, SmtpStage::kMail, session.stream.get(), reset);
}

// postmaster@ is required (RFC 5321 section 4.5.1), abuse@ expected (RFC 2142). A refusal that is
// about us (a list, a policy) says nothing about the mailbox.
Task<void> SmtpMx::TryRoles(const RunContext& context, SmtpSession& session, std::string host) {
  for (const std::string_view role : kRoles) {
    const std::string address = Concat(role, "@", spec_.target);
    Envelope envelope{settings_.sender, address, {}, {}};
    const std::optional<Fault> refused =
        co_await SendEnvelope(context, session, std::move(envelope));
    const std::string key = Concat("role.", role);
    context.run.Fact(key, refused.has_value() ? FailureClassName(refused->klass) : "ok");
    const bool no_mailbox =
        refused.has_value() && (refused->klass == FailureClass::kSmtpMailboxUnknownPerm ||
                                refused->klass == FailureClass::kSmtpMailboxFullPerm);
    if (no_mailbox) {
      context.run.Find(FailureClass::kSmtpRoleRejected,
                       Concat(host, " does not take mail for ", address, ": ", refused->detail),
                       refused->reply);
    }
    if (refused.has_value() && !refused->reply.has_value()) co_return;
    context.run.Begin("reset");
    const absl::StatusOr<SmtpReply> reset = co_await session.client->Reset();
    if (!reset.ok()) co_return;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpMx(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<SmtpMx, ReadSmtpMxSettings>(spec, deps);
}

}  // namespace postwatch::agent
