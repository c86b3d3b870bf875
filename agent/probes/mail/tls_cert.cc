#include "agent/probes/mail/tls_cert.h"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/tls_visit.h"
#include "common/base/text.h"
#include "common/domain/certificate_judgement.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxMxHosts = 6;
constexpr size_t kMaxTargetsOfService = 3;
constexpr size_t kMaxEndpoints = 16;
constexpr uint16_t kMxPort = 25;

struct ServiceName {
  std::string_view prefix;
  TlsProtocol protocol;
  bool starttls;
};

constexpr std::array<ServiceName, 6> kServices = {{
    {"_submissions._tcp.", TlsProtocol::kSmtp, false},
    {"_submission._tcp.", TlsProtocol::kSmtp, true},
    {"_imaps._tcp.", TlsProtocol::kImap, false},
    {"_imap._tcp.", TlsProtocol::kImap, true},
    {"_pop3s._tcp.", TlsProtocol::kPop3, false},
    {"_pop3._tcp.", TlsProtocol::kPop3, true},
}};

bool IsMx(const TlsEndpoint& endpoint) {
  return endpoint.port == kMxPort && endpoint.protocol == TlsProtocol::kSmtp;
}

std::string EndpointText(const TlsEndpoint& endpoint) {
  return AddressText({endpoint.host, endpoint.port});
}

// What became of the endpoints so far.
struct Tally {
  int seen = 0;
  std::optional<Fault> worst;         // the first that clients refuse
  std::string step;                   // that it came up in
  std::vector<ComponentRef> accused;  // what that depends on
  std::vector<ComponentRef> fine;     // what the others depend on
  std::vector<std::string> unseen;    // endpoints that did not get as far as TLS, and why
};

class TlsCert : public ConfiguredProbe<TlsCertSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> FindEndpoints(const RunContext& context,
                                           std::vector<TlsEndpoint>& endpoints);
  Task<void> FindServices(std::vector<TlsEndpoint>& endpoints);
  Task<TlsVisit> Visit(const RunContext& context, TlsEndpoint endpoint, std::optional<Fault>& weak);
  std::optional<Fault> Judge(const RunContext& context, const TlsEndpoint& endpoint,
                             const TlsFacts& facts) const;
  Task<std::optional<Fault>> Look(const RunContext& context, TlsEndpoint endpoint, Tally& tally);

  absl::Duration started_;  // the run, steady
};

void Conclude(StepRecorder& run, const Tally& tally) {
  const std::vector<ComponentRef>& touched = tally.worst.has_value() ? tally.accused : tally.fine;
  for (const ComponentRef& component : touched) run.Touch(component);
  if (!tally.unseen.empty()) run.Fact("cert.unseen", Join(tally.unseen, "; "));
  if (tally.worst.has_value()) {
    if (run.current_step() != tally.step) run.Begin(tally.step);
    Decide(run, *tally.worst);
  } else if (tally.seen == 0 && !tally.unseen.empty()) {
    run.NotTested(Concat("no endpoint got as far as TLS: ", Join(tally.unseen, "; ")));
  } else if (tally.seen == 0) {
    run.NotTested(
        "no endpoint is known: the domain has neither MX hosts nor SRV records of mail "
        "services, and the check names none");
  }
}

Task<void> TlsCert::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  started_ = deps_.clock.Steady();
  run.Begin("dns");
  std::vector<TlsEndpoint> endpoints;
  const std::optional<Fault> silent = co_await FindEndpoints(context, endpoints);
  if (silent.has_value() && endpoints.empty()) {
    run.NotTested(Concat("the endpoints could not be found: ", FailureClassName(silent->klass),
                         ": ", silent->detail));
    co_return;
  }
  Tally tally;
  for (const TlsEndpoint& endpoint : endpoints) {
    const size_t mark = run.touched_count();
    std::optional<Fault> fault = co_await Look(context, endpoint, tally);
    std::vector<ComponentRef> touched = run.Recall(mark);
    if (!fault.has_value()) {
      tally.fine.insert(tally.fine.end(), touched.begin(), touched.end());
    } else if (IsMx(endpoint) || tally.worst.has_value()) {
      Mention(run, *fault);
    } else {
      tally.worst = std::move(fault);
      tally.step = run.current_step();
      tally.accused = std::move(touched);
    }
  }
  Conclude(run, tally);
}

// The fault is that of the MX set; there may be endpoints all the same.
Task<std::optional<Fault>> TlsCert::FindEndpoints(const RunContext& context,
                                                  std::vector<TlsEndpoint>& endpoints) {
  std::optional<Fault> fault;
  MxHosts mx;
  if (settings_.mx) fault = co_await LookUpMx(context, spec_.target, mx);
  if (mx.hosts.size() > kMaxMxHosts) mx.hosts.resize(kMaxMxHosts);
  for (const MxRecord& record : mx.hosts) {
    endpoints.push_back({record.host, kMxPort, TlsProtocol::kSmtp, true});
  }
  if (fault.has_value() && fault->klass == FailureClass::kDnsNullMx) fault.reset();
  if (settings_.endpoints.empty()) {
    TouchDns(context, spec_.target);
    co_await FindServices(endpoints);
  }
  for (const TlsEndpoint& endpoint : settings_.endpoints) endpoints.push_back(endpoint);
  if (endpoints.size() > kMaxEndpoints) endpoints.resize(kMaxEndpoints);
  co_return fault;
}

// A resolver that does not answer ends the search: it will not answer the next question either.
Task<void> TlsCert::FindServices(std::vector<TlsEndpoint>& endpoints) {
  for (const ServiceName& service : kServices) {
    DnsQuestion question;
    question.name = Concat(service.prefix, CanonicalName(spec_.target));
    question.type = RrType::kSrv;
    const DnsReply reply = co_await deps_.resolver.Query(question);
    if (reply.transport != DnsTransport::kReplied) co_return;
    size_t taken = 0;
    for (const ResourceRecord& record : reply.message.answers) {
      const SrvRecord* srv = std::get_if<SrvRecord>(&record.value);
      if (srv == nullptr || srv->port == 0 || taken == kMaxTargetsOfService) continue;
      const std::string host = CanonicalName(srv->target);
      if (host == "." || host.empty()) continue;  // the service is not offered (RFC 2782)
      ++taken;
      const TlsEndpoint endpoint{host, srv->port, service.protocol, service.starttls};
      if (std::ranges::find(endpoints, endpoint) == endpoints.end()) endpoints.push_back(endpoint);
    }
  }
}

// Faults of a handshake that another set of demands may get past.
bool MayBeWeak(const TlsVisit& visit) {
  if (!visit.shook_hands || !visit.fault.has_value()) return false;
  const FailureClass klass = visit.fault->klass;
  return klass == FailureClass::kTlsHandshakeFailed || klass == FailureClass::kTlsVersion ||
         klass == FailureClass::kTlsCipher;
}

// What the first handshake broke at, from what the second, undemanding one showed.
Fault WeakFault(const TlsEndpoint& endpoint, const TlsFacts& facts, const Fault& broken) {
  const std::string where = EndpointText(endpoint);
  const bool old = facts.version != "TLSv1.2" && facts.version != "TLSv1.3";
  if (old) {
    return {FailureClass::kTlsVersion,
            Concat(where, " speaks no newer version than ", facts.version,
                   ", which clients refuse: ", broken.detail),
            std::nullopt};
  }
  if (facts.verify_error == X509_V_ERR_EE_KEY_TOO_SMALL) {
    return {FailureClass::kTlsWeakKey,
            Concat(where, " has a key of ", facts.chain.empty() ? 0 : facts.chain[0].key_bits,
                   " bits: ", broken.detail),
            std::nullopt};
  }
  return {FailureClass::kTlsCipher,
          Concat(where, " offers only what clients refuse as too weak, such as ", facts.cipher,
                 ": ", broken.detail),
          std::nullopt};
}

// A handshake that broke is tried once more with anything; `weak` then says what was wrong.
Task<TlsVisit> TlsCert::Visit(const RunContext& context, TlsEndpoint endpoint,
                              std::optional<Fault>& weak) {
  context.run.Begin("dns");
  HostAddresses addresses;
  TlsVisit visit;
  visit.fault = co_await ResolveHost(context, endpoint.host, AddressFamilies::kEither, addresses);
  if (visit.fault.has_value()) co_return visit;
  if (!settings_.allow_private) {
    std::erase_if(addresses.v4, IsPrivateAddress);
    std::erase_if(addresses.v6, IsPrivateAddress);
  }
  if (addresses.empty()) {
    visit.fault = Fault{FailureClass::kDnsMxPrivate, "it has private addresses only", std::nullopt};
    co_return visit;
  }
  absl::Duration limit = VisitLimit(context, started_);
  visit = co_await VisitTls(context, endpoint, addresses, false, limit);
  if (!MayBeWeak(visit)) co_return visit;
  limit = VisitLimit(context, started_);
  TlsVisit second = co_await VisitTls(context, endpoint, addresses, true, limit);
  weak = visit.fault;
  if (second.facts.has_value()) {
    weak = WeakFault(endpoint, *second.facts, *visit.fault);
    visit.facts = std::move(second.facts);
  }
  co_return visit;
}

// Records the facts and finds what is near its end.
std::optional<Fault> TlsCert::Judge(const RunContext& context, const TlsEndpoint& endpoint,
                                    const TlsFacts& facts) const {
  const std::string where = EndpointText(endpoint);
  const std::string key = Concat("cert.", where);
  const absl::Time now = deps_.clock.Now();
  if (facts.chain.empty()) return TlsFault(facts, endpoint.host);
  const CertificateFacts& leaf = facts.chain.front();
  const CertificateAge age = AgeOf(leaf, now);
  const std::string_view verdict = facts.verified ? "ok" : FailureClassName(TlsFailureClass(facts));
  context.run.Fact(
      key, Concat(verdict, "; ", facts.version, "; ", CertificateText(leaf), " (", age.percent_left,
                  "% left); ", facts.chain.size(), " in the chain; sha256 ", leaf.sha256));
  context.run.Fact(Concat("days_left.", where), Concat(absl::ToInt64Hours(age.left) / 24));
  if (!facts.verified) {
    Fault fault = TlsFault(facts, where);
    const std::string which = InvalidText(facts, now);
    if (!which.empty()) Append(fault.detail, "; ", which);
    return fault;
  }
  const std::string unstapled = MissingStapleText(facts);
  if (!unstapled.empty()) {
    context.run.Find(FailureClass::kTlsHandshakeFailed, Concat(where, ": ", unstapled));
  }
  if (age.expiring) {
    context.run.Find(
        FailureClass::kTlsCertExpiring,
        Concat("the certificate of ", where, " ends in ", LeftText(age.left), ", with ",
               age.percent_left, "% of its lifetime left: ", CertificateText(leaf)));
  }
  return std::nullopt;
}

Task<std::optional<Fault>> TlsCert::Look(const RunContext& context, TlsEndpoint endpoint,
                                         Tally& tally) {
  if (IsMx(endpoint)) context.run.Touch({std::string(component::kMx), endpoint.host});
  std::optional<Fault> weak;
  const TlsVisit visit = co_await Visit(context, endpoint, weak);
  std::optional<Fault> fault;
  if (visit.facts.has_value()) fault = Judge(context, endpoint, *visit.facts);
  if (visit.facts.has_value() || weak.has_value()) ++tally.seen;
  if (weak.has_value()) co_return weak;
  if (visit.facts.has_value()) co_return fault;
  const std::string why = visit.fault.has_value() ? Concat(FailureClassName(visit.fault->klass),
                                                           ": ", visit.fault->detail)
                                                  : std::string("it offers no STARTTLS");
  tally.unseen.push_back(Concat(EndpointText(endpoint), ": ", why));
  co_return std::nullopt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeTlsCert(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<TlsCert, ReadTlsCertSettings>(spec, deps);
}

}  // namespace postwatch::agent
