#include "agent/probes/mail/smtp_mx.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/mail_session.h"
#include "common/base/text.h"
#include "common/checks/mail/smtp_mx_settings.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxHosts = 8;
constexpr size_t kMaxAddressesOfHost = 4;
constexpr uint16_t kSmtpPort = 25;

// One of several ways in (MX hosts, addresses), tried in order.
struct Attempt {
  bool good = false;
  std::vector<ComponentRef> recalled;
};

size_t CountGood(const std::vector<Attempt>& attempts) {
  return static_cast<size_t>(std::count_if(attempts.begin(), attempts.end(),
                                           [](const Attempt& attempt) { return attempt.good; }));
}

// Books one attempt. A fault becomes a finding and what only it depended on is taken back, unless
// it was the last and none was good: then true is returned, the fault stands for all and all that
// was touched stays.
bool Settle(StepRecorder& run, std::vector<Attempt>& attempts, const std::string& subject,
            const std::optional<Fault>& fault, size_t mark, size_t total) {
  attempts.push_back({!fault.has_value(), {}});
  if (!fault.has_value()) return false;
  if (attempts.size() == total && CountGood(attempts) == 0) {
    for (const Attempt& attempt : attempts) {
      for (const ComponentRef& component : attempt.recalled) run.Touch(component);
    }
    return true;
  }
  Mention(run, {fault->klass, Concat(subject, ": ", fault->detail), fault->reply});
  attempts.back().recalled = run.Recall(mark);
  return false;
}

class SmtpMx : public ConfiguredProbe<SmtpMxSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> FindHosts(const RunContext& context, std::vector<std::string>& hosts);
  Task<std::optional<Fault>> VisitHost(const RunContext& context, std::string host);
  Task<std::optional<Fault>> VisitAddress(const RunContext& context, std::string host,
                                          std::string ip);
  Task<std::optional<Fault>> TryTls(const RunContext& context, SmtpSession& session,
                                    std::string host);
  Task<void> TryV6(const RunContext& context, std::string host, std::string ip);
};

Task<void> SmtpMx::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  std::vector<std::string> hosts;
  const std::optional<Fault> unknown = co_await FindHosts(context, hosts);
  if (unknown.has_value()) {
    Decide(run, *unknown);
    co_return;
  }
  std::vector<Attempt> attempts;
  for (const std::string& host : hosts) {
    const size_t mark = run.touched_count();
    run.Touch({std::string(component::kMx), host});
    const std::optional<Fault> fault = co_await VisitHost(context, host);
    if (fault.has_value() && fault->klass == FailureClass::kUnspecified) {
      Decide(run, *fault);
      co_return;
    }
    const bool decisive = Settle(run, attempts, host, fault, mark, hosts.size());
    if (decisive) Decide(run, *fault);
  }
  run.Fact("mx.ok", Concat(CountGood(attempts), "/", hosts.size()));
}

Task<std::optional<Fault>> SmtpMx::FindHosts(const RunContext& context,
                                             std::vector<std::string>& hosts) {
  if (!settings_.host.empty()) {
    hosts.push_back(CanonicalName(settings_.host));
    co_return std::nullopt;
  }
  MxHosts mx;
  std::optional<Fault> fault = co_await LookUpMx(context, spec_.target, mx);
  if (fault.has_value()) co_return fault;
  for (const MxRecord& record : mx.hosts) hosts.push_back(record.host);
  if (hosts.size() > kMaxHosts) hosts.resize(kMaxHosts);
  co_return std::nullopt;
}

Task<std::optional<Fault>> SmtpMx::VisitHost(const RunContext& context, std::string host) {
  context.run.Begin("dns");
  HostAddresses addresses;
  std::optional<Fault> unresolved =
      co_await ResolveHost(context, host, AddressFamilies::kBoth, addresses);
  if (unresolved.has_value()) co_return unresolved;
  if (!settings_.allow_private) {
    std::erase_if(addresses.v4, IsPrivateAddress);
    std::erase_if(addresses.v6, IsPrivateAddress);
  }
  if (addresses.empty()) {
    Fault hidden{FailureClass::kDnsMxPrivate, Concat(host, " has private addresses only"),
                 std::nullopt};
    co_return hidden;
  }
  const bool only_v6 = addresses.v4.empty();
  std::vector<std::string> ips = only_v6 ? addresses.v6 : addresses.v4;
  if (ips.size() > kMaxAddressesOfHost) ips.resize(kMaxAddressesOfHost);
  std::vector<Attempt> attempts;
  for (const std::string& ip : ips) {
    const size_t mark = context.run.touched_count();
    std::optional<Fault> fault = co_await VisitAddress(context, host, ip);
    if (fault.has_value() && fault->klass == FailureClass::kUnspecified) co_return fault;
    const bool decisive = Settle(context.run, attempts, ip, fault, mark, ips.size());
    if (decisive) co_return fault;
  }
  if (only_v6 || addresses.v6.empty()) co_return std::nullopt;
  co_await TryV6(context, host, addresses.v6.front());
  co_return std::nullopt;
}

Task<std::optional<Fault>> SmtpMx::VisitAddress(const RunContext& context, std::string host,
                                                std::string ip) {
  HostAddresses one;
  (ip.find(':') == ip.npos ? one.v4 : one.v6).push_back(ip);
  SmtpSession session;
  std::optional<Fault> unreachable =
      co_await Connect(context, "smtp", one, kSmtpPort, session.stream);
  if (unreachable.has_value()) co_return unreachable;
  std::optional<Fault> rude = co_await GreetSmtp(context, session);
  if (rude.has_value()) co_return rude;
  std::optional<Fault> insecure = co_await TryTls(context, session, host);
  if (insecure.has_value()) co_return insecure;
  context.run.Begin("quit");
  const absl::StatusOr<SmtpReply> bye = co_await session.client->Quit();
  if (bye.ok()) context.run.Note(Concat("S: ", bye->code, " ", bye->text));
  co_return std::nullopt;
}

// Senders take what TLS they can get (RFC 7672 section 2.2), so a certificate that does not verify
// is reported and goes on; a handshake that breaks does stop mail.
Task<std::optional<Fault>> SmtpMx::TryTls(const RunContext& context, SmtpSession& session,
                                          std::string host) {
  if (!settings_.require_tls && !session.ehlo.Has("STARTTLS")) {
    context.run.Find(FailureClass::kTlsNotOffered, Concat(host, " does not offer STARTTLS"));
    co_return std::nullopt;
  }
  std::optional<Fault> fault = co_await UpgradeSmtp(context, session, host, settings_.require_tls);
  co_return fault;
}

// An agent without IPv6 says nothing about the server's.
Task<void> SmtpMx::TryV6(const RunContext& context, std::string host, std::string ip) {
  const size_t mark = context.run.touched_count();
  const std::optional<Fault> fault = co_await VisitAddress(context, host, ip);
  if (!fault.has_value()) {
    context.run.Fact("ipv6", "ok");
    co_return;
  }
  context.run.Recall(mark);
  context.run.Fact("ipv6", FailureClassName(fault->klass));
  if (fault->klass == FailureClass::kNetUnreachable) co_return;
  Mention(context.run, {fault->klass, Concat(ip, ": ", fault->detail), fault->reply});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeSmtpMx(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<SmtpMx, ReadSmtpMxSettings>(spec, deps);
}

}  // namespace postwatch::agent
