#include "bench/sample.h"

#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::bench {
namespace {

std::string Domain(size_t number) { return Concat("customer", number % kSampleChecks, ".example"); }

std::vector<Step> Steps() {
  std::vector<Step> steps;
  for (const char* name :
       {"dns", "dns", "connect", "banner", "ehlo", "starttls", "tls", "ehlo2", "quit"}) {
    steps.push_back({name, absl::Microseconds(812) + absl::Nanoseconds(345)});
  }
  return steps;
}

std::vector<ComponentRef> Touched(const std::string& domain) {
  return {{"resolver", "192.0.2.53:53"}, {"zone", domain},
          {"mx", "mail." + domain},      {"svc", "provider-one/smtp"},
          {"provider", "provider-one"},  {"site", "192.0.2.25"},
          {"cert", "mail." + domain}};
}

Evidence Seen(const std::string& domain) {
  Evidence seen;
  seen.transcript = {Concat("S: 220 mail.", domain, " ESMTP"),
                     Concat("S: 250 mail.", domain,
                            " PIPELINING SIZE 10240000 VRFY ETRN STARTTLS ENHANCEDSTATUSCODES"),
                     "S: 220 2.0.0 Ready to start TLS",
                     Concat("S: 250 mail.", domain,
                            " PIPELINING SIZE 10240000 VRFY ETRN ENHANCEDSTATUSCODES 8BITMIME"),
                     "S: 221 2.0.0 Bye"};
  seen.facts = {{"mx.hosts", "10 mail." + domain},
                {"mx.ok", "1/1"},
                {"dns.ad", "true"},
                {"dns.server", "192.0.2.53:53"},
                {"tls.version", "TLSv1.3"},
                {"tls.cipher", "TLS_AES_256_GCM_SHA384"},
                {"tls.subject", "CN=mail." + domain},
                {"tls.issuer", "CN=Example Issuing Authority 1"},
                {"tls.not_after", "2030-01-31T12:00:00Z"},
                {"tls.verified", "true"}};
  return seen;
}

}  // namespace

std::vector<CheckSpec> SampleChecks() {
  std::vector<CheckSpec> checks;
  for (size_t number = 0; number < kSampleChecks; ++number) {
    CheckSpec check;
    check.target = Domain(number);
    check.id = Concat(check.target, "/smtp.mx");
    check.kind = "smtp.mx";
    check.provider = "provider-one";
    check.leg = Leg::kInbound;
    checks.push_back(std::move(check));
  }
  return checks;
}

Observation SampleObservation(size_t number) {
  Observation observation;
  observation.id = RandomId();
  observation.target = Domain(number);
  observation.check_id = Concat(observation.target, "/smtp.mx");
  observation.kind = "smtp.mx";
  observation.started = absl::Now();
  observation.took = absl::Microseconds(7312);
  observation.steps = Steps();
  observation.touched = Touched(observation.target);
  observation.evidence = Seen(observation.target);
  if (number % kFailEvery != 0) return observation;
  observation.outcome = Outcome::kFail;
  observation.failure = Failure{FailureClass::kSmtpShutdown, "ehlo2",
                                "the server ended the session: 421 4.3.2 Service shutting down",
                                Reply{421, "4.3.2", "Service shutting down", "smtp.421"}};
  return observation;
}

collector::Sighting SampleSighting(size_t number, const std::string& agent, uint64_t sequence) {
  collector::Sighting sighting;
  sighting.observation = SampleObservation(number);
  sighting.vantage = {agent, "bench", "", Concat("net-", agent), "192.0.2.53:53"};
  sighting.provider = "provider-one";
  sighting.leg = Leg::kInbound;
  sighting.spool_id = std::string(32, 'a');
  sighting.sequence = sequence;
  sighting.received = absl::Now();
  return sighting;
}

}  // namespace postwatch::bench
