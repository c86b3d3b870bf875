#include "agent/probes/witness.h"

#include <openssl/x509_vfy.h>

#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/checks/witness_settings.h"
#include "common/net/address.h"
#include "common/net/dial_all.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kAnchorTimeout = absl::Seconds(3);
constexpr absl::Duration kTrustTimeout = absl::Seconds(2);  // to connect, and to shake hands
constexpr absl::Duration kTrustTime = absl::Seconds(3);     // no other host is begun after it
constexpr uint16_t kSmtpPort = 25;
constexpr uint16_t kHttpsPort = 443;

using Dials = std::vector<absl::StatusOr<std::unique_ptr<Stream>>>;

class Witness : public ConfiguredProbe<WitnessSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<bool> ReachAnchors(StepRecorder& run);
  Task<void> TryPort25(StepRecorder& run);
  Task<bool> AskResolver(StepRecorder& run);
  Task<void> AskForNoName(StepRecorder& run);
  Task<void> TryTrust(StepRecorder& run);
  Task<std::optional<TlsFacts>> ShakeHands(std::string host);
  void CheckLoad(StepRecorder& run) const;
  void CheckClock(StepRecorder& run);

  struct Instant {
    absl::Time wall;
    absl::Duration steady;
  };

  std::optional<Instant> last_;  // of the run before: the clocks are compared across runs
};

// An agent whose IPv6 alone is broken shows as "2/2" beside "0/1".
void RecordFamilies(StepRecorder& run, const std::vector<Address>& anchors, const Dials& dials) {
  for (const bool v6 : {false, true}) {
    size_t reached = 0, tried = 0;
    for (size_t i = 0; i < anchors.size(); ++i) {
      if ((anchors[i].ip.find(':') != std::string::npos) != v6) continue;
      ++tried;
      if (dials[i].ok()) ++reached;
    }
    if (tried > 0) run.Fact(v6 ? "anchors.v6" : "anchors.v4", Concat(reached, "/", tried));
  }
}

Task<void> Witness::Run(StepRecorder& run) {
  const bool network = co_await ReachAnchors(run);
  if (!network) co_return;
  const bool names = co_await AskResolver(run);
  if (!names) co_return;
  CheckLoad(run);
  CheckClock(run);
  // Last: these excuse the checks of certificates and of port 25 only, what comes before them all.
  co_await TryTrust(run);
  co_await TryPort25(run);
}

Task<bool> Witness::ReachAnchors(StepRecorder& run) {
  run.Begin("anchors");
  const Dials dials = co_await DialAll(deps_.dialer, settings_.anchors, kAnchorTimeout);
  std::vector<Fault> faults;
  for (const auto& dial : dials) {
    if (dial.ok()) continue;
    faults.push_back(
        FaultFromStatus(dial.status(), "connect", nullptr, FailureClass::kConnClosedEarly));
    if (faults.back().klass == FailureClass::kUnspecified) {  // cancelled
      Decide(run, faults.back());
      co_return false;
    }
  }
  const size_t total = dials.size();
  const bool none = faults.size() == total;
  run.Fact("anchors.ok", Concat(total - faults.size(), "/", total));
  RecordFamilies(run, settings_.anchors, dials);
  // One dead anchor is that anchor's affair; all of them are the agent's.
  for (size_t i = 0; i < total; ++i) {
    if (none || dials[i].ok()) {
      run.Touch({std::string(component::kAnchor), AddressText(settings_.anchors[i])});
    }
  }
  if (none) {
    run.Fail(FailureClass::kAgentNoNetwork,
             Concat("none of the ", total, " anchors answers: ", faults[0].detail));
    co_return false;
  }
  for (const Fault& fault : faults) Mention(run, fault);
  co_return true;
}

// Blocked means silence or no route, from all of them, while the anchors answer; a refusal comes
// from somebody.
Task<void> Witness::TryPort25(StepRecorder& run) {
  if (settings_.port25.empty() || run.decided()) co_return;
  run.Begin("port25");
  std::vector<Address> addresses;
  for (const std::string& ip : settings_.port25) addresses.push_back({ip, kSmtpPort});
  const Dials dials = co_await DialAll(deps_.dialer, addresses, kAnchorTimeout);
  for (const auto& dial : dials) {
    const std::optional<NetError> error = GetNetError(dial.status());
    if (error != NetError::kTimeout && error != NetError::kUnreachable) co_return;
  }
  run.Fail(FailureClass::kAgentPort25Blocked,
           Concat("port 25 of ", Join(settings_.port25, ", "), " does not answer, the anchors do"));
}

Task<bool> Witness::AskResolver(StepRecorder& run) {
  if (settings_.zone.empty()) co_return true;
  run.Begin("resolver");
  run.Touch({std::string(component::kResolver), deps_.resolver.name()});
  DnsQuestion question;
  question.name = settings_.zone;
  const DnsReply reply = co_await deps_.resolver.Query(question);
  run.Fact("resolver.took", absl::FormatDuration(reply.took));
  // That a name does not exist is an answer too.
  const std::optional<FailureClass> klass = DnsFailureClass(reply);
  if (!klass.has_value() || *klass == FailureClass::kDnsNxdomain) {
    co_await AskForNoName(run);
    co_return true;
  }
  Fault fault{FailureClass::kAgentResolverDown, DescribeDnsReply(question, reply), std::nullopt};
  if (reply.transport == DnsTransport::kCancelled) fault.klass = FailureClass::kUnspecified;
  Decide(run, fault);
  co_return false;
}

// A resolver that has an address for every name sends people to its own pages; no NXDOMAIN that it
// should have given is seen by any check.
Task<void> Witness::AskForNoName(StepRecorder& run) {
  const std::string name = Concat("postwatch-", RandomId(), ".", settings_.zone);
  const AddressLookup lookup = co_await LookUpAddresses(deps_.resolver, name, RrType::kA);
  if (lookup.addresses.empty()) co_return;
  run.Find(FailureClass::kDnsHijack,
           Concat("the resolver ", deps_.resolver.name(), " has the address ", lookup.addresses[0],
                  " for ", name, ", a name that there is not; NXDOMAIN cannot be seen from here"));
}

// One host whose chain verifies proves the store; that some other host's does not is its own fault.
Task<void> Witness::TryTrust(StepRecorder& run) {
  if (settings_.trust.empty() || run.decided()) co_return;
  run.Begin("trust");
  const absl::Duration begun = deps_.clock.Steady();
  std::vector<std::string> distrusted;
  for (const std::string& host : settings_.trust) {
    if (deps_.clock.Steady() - begun > kTrustTime) break;
    const std::optional<TlsFacts> facts = co_await ShakeHands(host);
    if (!facts.has_value()) continue;
    if (facts->verify_error == X509_V_OK) co_return;
    distrusted.push_back(Concat(host, " (", facts->verify_text, ")"));
  }
  if (distrusted.empty()) co_return;
  run.Fail(FailureClass::kAgentTrustStoreStale,
           Concat("the certificates of ", Join(distrusted, ", "),
                  " do not verify here, though everybody trusts them; renew the root certificates "
                  "of this machine, or look for a proxy that opens TLS"));
}

// The facts of a handshake with the host; nothing when it was not reached, which says nothing.
Task<std::optional<TlsFacts>> Witness::ShakeHands(std::string host) {
  AddressLookup lookup = co_await LookUpAddresses(deps_.resolver, host, RrType::kA);
  if (lookup.addresses.empty()) {
    lookup = co_await LookUpAddresses(deps_.resolver, host, RrType::kAaaa);
  }
  if (lookup.addresses.empty()) co_return std::nullopt;
  const Address address{lookup.addresses[0], kHttpsPort};
  const absl::StatusOr<std::unique_ptr<Stream>> stream =
      co_await deps_.dialer.Dial(address, kTrustTimeout);
  if (!stream.ok()) co_return std::nullopt;
  TlsSettings settings;
  settings.server_name = host;
  settings.trust = deps_.trust;
  settings.require_verified = false;
  (*stream)->SetTimeout(kTrustTimeout);
  const absl::Status shaken = co_await (*stream)->StartTls(settings);
  if (!shaken.ok() || (*stream)->tls() == nullptr) co_return std::nullopt;
  co_return *(*stream)->tls();
}

void Witness::CheckLoad(StepRecorder& run) const {
  run.Begin("load");
  const absl::Duration lag = deps_.loop_lag.Worst();
  run.Fact("loop.lag", absl::FormatDuration(lag));
  if (lag <= settings_.max_loop_lag) return;
  run.Fail(FailureClass::kAgentOverloaded,
           Concat("the event loop was ", absl::FormatDuration(lag), " late, more than ",
                  absl::FormatDuration(settings_.max_loop_lag)));
}

void Witness::CheckClock(StepRecorder& run) {
  run.Begin("clock");
  const Instant now{deps_.clock.Now(), deps_.clock.Steady()};
  const std::optional<Instant> before = std::exchange(last_, now);
  if (!before.has_value()) return;
  const absl::Duration jump = (now.wall - before->wall) - (now.steady - before->steady);
  run.Fact("clock.jump", absl::FormatDuration(jump));
  if (absl::AbsDuration(jump) <= settings_.max_clock_jump) return;
  run.Fail(FailureClass::kAgentClockBad,
           Concat("the wall clock jumped by ", absl::FormatDuration(jump), " since the last run"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeWitness(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<Witness, ReadWitnessSettings>(spec, deps);
}

}  // namespace postwatch::agent
