// ProbeFixture: everything a probe needs, scripted, and short ways to write settings and run it.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/probes/dns/zone_operators.h"
#include "agent/probes/probe.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_ledger.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/scripted_stream.h"

namespace postwatch::agent {

class FakeLoopLag : public LoopLag {
 public:
  absl::Duration Worst() const override { return worst; }
  absl::Duration worst;
};

// Settings as one writes them: Keys({{"host", Text("mx1")}, {"expect", Texts({"a", "b"})}}).
Settings Text(std::string text);
Settings Texts(std::vector<std::string> texts);
Settings Keys(std::initializer_list<std::pair<std::string, Settings>> entries);

// probe@alpha.test with the secret named "mailbox", submission at mail.alpha.test:587 (starttls)
// and IMAP at mail.alpha.test:993 (tls). Entries given replace these or come on top.
Settings MailboxKeys(std::initializer_list<std::pair<std::string, Settings>> entries = {});

// "<outcome> <class> at <step>", "pass", "not_tested: <reason>".
std::string Summary(const Observation& observation);
// "resolver:192.0.2.53:53 zone:alpha.test", in order.
std::string TouchedText(const Observation& observation);
// "dns connect banner", in order.
std::string StepsText(const Observation& observation);
// "tls_not_offered dns_mx_cname", in order.
std::string FindingsText(const Observation& observation);
// Every text of the observation in one string, to look for what must not be there.
std::string AllText(const Observation& observation);
// Expects that the secret is in no text of it: plain, base64 at any alignment, or percent-encoded.
void ExpectNoSecret(const Observation& observation, std::string_view secret);

class ProbeFixture : public ::testing::Test {
 protected:
  ProbeFixture();

  ProbeDeps Deps();
  // Target alpha.test of provider "alpha", 30 s timeout.
  CheckSpec Spec(std::string kind, Settings settings);
  // Fails the test when the settings are refused.
  std::unique_ptr<Probe> Make(const CheckSpec& spec) {
    absl::StatusOr<std::unique_ptr<Probe>> probe = MakeBuiltinProbe(spec, Deps());
    EXPECT_TRUE(probe.ok()) << probe.status();
    return probe.ok() ? *std::move(probe) : nullptr;
  }
  // The message of the refusal; "" when the settings are fine.
  std::string Refusal(const CheckSpec& spec) {
    return std::string(MakeBuiltinProbe(spec, Deps()).status().message());
  }
  // The run's observation and the amendments behind it, in virtual time.
  std::vector<Observation> RunAll(Probe& probe, const CheckSpec& spec) {
    return RunTask(RunOnce(probe, spec, clock_), clock_);
  }
  Observation Run(const CheckSpec& spec) {
    const std::unique_ptr<Probe> probe = Make(spec);
    return RunAll(*probe, spec).front();
  }

  static constexpr std::string_view kPassword = "correct-horse/9+";

  FakeClock clock_;
  ScriptedDialer scripted_{&clock_};
  Dialer* dialer_ = &scripted_;  // what Deps names
  FakeResolver resolver_{"192.0.2.53:53"};
  FakeResolverFactory resolvers_;
  FakeLedger ledger_;
  FakeLoopLag lag_;
  ZoneOperators operators_;
  std::map<std::string, std::string> secrets_;  // by the name of the environment variable
};

}  // namespace postwatch::agent
