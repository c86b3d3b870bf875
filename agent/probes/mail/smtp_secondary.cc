#include "agent/probes/mail/smtp_secondary.h"

#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/secondary_names.h"
#include "agent/probes/mail/time_share.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/checks/mail/smtp_secondary_settings.h"

namespace postwatch::agent {
namespace {

constexpr double kShareOfNames = 0.25;  // of the time for visits, for what is published

// What one host showed, at its first address that answered.
struct Showing {
  std::optional<Fault> fault;  // none answered; the last one's
  bool tls = false;
  bool verified = false;
  bool eight_bit = false, utf8 = false;
  int64_t size = 0;              // SIZE, 0 = no limit stated
  std::optional<Fault> known;    // refusal of the known mailbox
  std::optional<Fault> unknown;  // refusal of the unknown one
};

int64_t StatedSize(const EhloReply& ehlo) {
  for (const std::string& line : ehlo.capabilities) {
    if (line.starts_with("SIZE ")) return ParseInteger(Trim(line.substr(5))).value_or(0);
  }
  return 0;
}

bool IsDeferral(const std::optional<Fault>& fault) {
  return fault.has_value() && fault->reply.has_value() && fault->reply->code < 500;
}

// Defers whoever comes for the first time, or too often; says nothing about a mailbox.
bool IsFirstContact(const std::optional<Fault>& fault) {
  return fault.has_value() && (fault->klass == FailureClass::kSmtpGreylisted ||
                               fault->klass == FailureClass::kSmtpThrottledTemp);
}

// Everything in which a secondary falls short of the primary (null where none answered).
std::vector<std::string> ShortcomingsOf(const Showing& seen, const Showing* primary) {
  std::vector<std::string> all;
  if (seen.fault.has_value()) {
    all.push_back(Concat("does not answer (", FailureClassName(seen.fault->klass),
                         "): ", seen.fault->detail));
    return all;
  }
  if (seen.known.has_value() && !IsFirstContact(seen.known)) {
    all.push_back(Concat("refuses the mailbox that exists: ", seen.known->detail));
  }
  const bool primary_refuses = primary != nullptr && primary->unknown.has_value();
  if (!seen.unknown.has_value() && (primary == nullptr || primary_refuses)) {
    all.emplace_back(
        "takes a mailbox that does not exist: it would bounce such mail to forged senders");
  } else if (IsDeferral(seen.unknown) && !IsFirstContact(seen.unknown) && !seen.known.has_value() &&
             primary_refuses && !IsDeferral(primary->unknown)) {
    all.push_back(Concat("defers a mailbox that does not exist, as without a list of recipients: ",
                         seen.unknown->detail));
  }
  if (primary == nullptr) return all;
  if (primary->tls && !seen.tls) {
    all.emplace_back("offers no STARTTLS, and the primary does");
  } else if (primary->verified && !seen.verified) {
    all.emplace_back("has a certificate that does not verify, and the primary's does");
  }
  if (seen.size != 0 && (primary->size == 0 || seen.size < primary->size)) {
    all.push_back(Concat("takes ", seen.size, " bytes a message, the primary ",
                         primary->size == 0 ? "states no limit" : Concat(primary->size)));
  }
  if (primary->eight_bit && !seen.eight_bit) all.emplace_back("lacks 8BITMIME");
  if (primary->utf8 && !seen.utf8) all.emplace_back("lacks SMTPUTF8");
  return all;
}

class SmtpSecondary : public ConfiguredProbe<SmtpSecondarySettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<Showing> Look(const RunContext& context, MxRound& round, size_t host, absl::Duration end);
  Task<void> LookAt(const RunContext& context, MxRound& round, MxDoor door, Showing& showing);
  Task<std::optional<Fault>> Ask(const RunContext& context, SmtpSession& session,
                                 std::string recipient);
  void Compare(StepRecorder& run, const std::vector<MxHost>& hosts, const PublishedNames& names,
               const std::vector<Showing>& shown) const;
};

Task<void> SmtpSecondary::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  MxRound round(context, {.silent = true});
  run.Begin("dns");
  const std::optional<Fault> unknown = co_await round.FindHosts("", settings_.allow_private);
  if (unknown.has_value()) {
    Decide(run, *unknown);
    co_return;
  }
  const std::vector<MxHost>& hosts = round.hosts();
  if (hosts.back().preference == hosts.front().preference) {
    run.NotTested("the domain has no secondary: all its MX hosts are of the same preference");
    co_return;
  }
  const absl::Duration end = deps_.clock.Steady() + VisitingTime(spec_);
  PublishedNames names;
  Task<void> published = LookUpPublished(context, hosts, names);
  co_await ExpiresWithin(deps_.clock, VisitingTime(spec_) * kShareOfNames, std::move(published));
  std::vector<Showing> shown;
  for (size_t i = 0; i < hosts.size(); ++i) {
    Showing showing = co_await Look(context, round, i, end);
    const bool ours =
        showing.fault.has_value() && showing.fault->klass == FailureClass::kUnspecified;
    if (ours) {
      Decide(run, *showing.fault);
      co_return;
    }
    shown.push_back(std::move(showing));
  }
  Compare(run, hosts, names, shown);
}

void SmtpSecondary::Compare(StepRecorder& run, const std::vector<MxHost>& hosts,
                            const PublishedNames& names, const std::vector<Showing>& shown) const {
  const uint16_t best = hosts.front().preference;
  const Showing* primary = nullptr;
  for (size_t i = 0; i < hosts.size() && hosts[i].preference == best; ++i) {
    if (primary == nullptr && !shown[i].fault.has_value()) primary = &shown[i];
  }
  run.Fact("primary", primary == nullptr ? "no answer" : "ok");
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (hosts[i].preference == best) continue;
    std::vector<std::string> amiss = ShortcomingsOf(shown[i], primary);
    const std::vector<std::string> more = PublishedShortcomings(hosts, names, i);
    amiss.insert(amiss.end(), more.begin(), more.end());
    run.Fact(DoorKey("secondary", hosts[i].name, Concat(hosts[i].preference)),
             amiss.empty() ? "ready" : Join(amiss, "; "));
    for (const std::string& what : amiss) {
      run.Find(FailureClass::kSmtpSecondaryUnready, Concat(hosts[i].name, " ", what));
    }
  }
}

Task<Showing> SmtpSecondary::Look(const RunContext& context, MxRound& round, size_t host,
                                  absl::Duration end) {
  Showing showing;
  showing.fault = round.hosts()[host].fault;
  const std::vector<MxDoor> doors = round.Doors();
  for (size_t i = 0; i < doors.size(); ++i) {
    if (doors[i].host != host) continue;
    const size_t mark = context.run.touched_count();
    round.TouchHost(round.hosts()[host]);
    showing = Showing();
    const absl::Duration share = ShareOf(end - deps_.clock.Steady(), doors.size() - i);
    Task<void> visit = LookAt(context, round, doors[i], showing);
    const bool expired = co_await ExpiresWithin(deps_.clock, share, std::move(visit));
    const bool cut =
        showing.fault.has_value() && showing.fault->klass == FailureClass::kUnspecified;
    if (expired && cut) showing.fault = LateFault(context.run, share);
    if (!showing.fault.has_value()) co_return showing;
    context.run.Recall(mark);
    if (showing.fault->klass == FailureClass::kUnspecified) co_return showing;
  }
  co_return showing;
}

Task<void> SmtpSecondary::LookAt(const RunContext& context, MxRound& round, MxDoor door,
                                 Showing& showing) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  SmtpSession session;
  showing.fault = co_await round.Open(door, session);
  if (showing.fault.has_value()) co_return;
  showing.tls = session.stream->tls() != nullptr;
  showing.verified = showing.tls && session.stream->tls()->verified;
  showing.eight_bit = session.ehlo.Has("8BITMIME");
  showing.utf8 = session.ehlo.Has("SMTPUTF8");
  showing.size = StatedSize(session.ehlo);
  showing.known = co_await Ask(context, session, settings_.rcpt);
  const bool lost = showing.known.has_value() && !showing.known->reply.has_value();
  if (lost) {
    showing.fault = showing.known;
    co_return;
  }
  // Random, so that nobody has it and no server remembers it.
  const std::string nobody =
      Concat("postwatch-", AsciiLower(RandomId()).substr(0, 16), "@", spec_.target);
  showing.unknown = co_await Ask(context, session, nobody);
  const bool gone = showing.unknown.has_value() && !showing.unknown->reply.has_value();
  if (gone) showing.fault = showing.unknown;
  if (gone) co_return;
  co_await LeaveSmtp(context, session, false);
}

// The refusal, if any; without a reply when the connection broke.
Task<std::optional<Fault>> SmtpSecondary::Ask(const RunContext& context, SmtpSession& session,
                                              std::string recipient) {
  Envelope envelope{settings_.sender, recipient, {}, {}};
  std::optional<Fault> refused = co_await SendEnvelope(context, session, std::move(envelope));
  const bool broken = refused.has_value() && !refused->reply.has_value();
  if (broken) co_return refused;
  context.run.Begin("reset");
  const absl::StatusOr<SmtpReply> reset = co_await session.client->Reset();
  const std::optional<Fault> lost =
      SmtpFault(context, SmtpStage::kMail, session.stream.get(), reset);
  const bool unusable = lost.has_value() && !lost->reply.has_value();
  if (unusable) co_return lost;
  co_return refused;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpSecondary(const CheckSpec& spec,
                                                         const ProbeDeps& deps) {
  return MakeConfigured<SmtpSecondary, ReadSmtpSecondarySettings>(spec, deps);
}

}  // namespace postwatch::agent
