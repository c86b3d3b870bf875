// The MX hosts of a domain change while agents of two regions watch: what the collector makes of
// it.
#include <gmock/gmock.h>

#include <map>

#include "collector/correlate/correlator.h"
#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using collector::ChangeKind;
using collector::Incident;
using testing::ElementsAre;

constexpr absl::Duration kInterval = absl::Minutes(1);

// An agent of each region runs `dns.mx` once a minute, half a minute apart, and `witness` as often.
class MxChangeTest : public ProbeFixture {
 protected:
  MxChangeTest() {
    for (FakeResolver* resolver : {&resolver_, &resolver_of_us_}) {
      resolver->Otherwise(NoDataReply());
      for (const char* host : {"mx1.alpha.test", "mx2.alpha.test", "new.alpha.test"}) {
        resolver->On(host, RrType::kA, AddressReply({"192.0.2.1"}));
      }
    }
    Publish({{10, "mx1.alpha.test"}, {20, "mx2.alpha.test"}});
    Declare({"mx1.alpha.test", "mx2.alpha.test"});
    for (const auto& [name, vantage] : vantages_) correlator_->AgentHeard(vantage, clock_.Now());
  }
  void Publish(const std::vector<std::pair<uint16_t, std::string>>& hosts) {
    for (FakeResolver* resolver : {&resolver_, &resolver_of_us_}) {
      resolver->Forget("alpha.test", RrType::kMx);
      resolver->On("alpha.test", RrType::kMx, MxReply(hosts));
    }
  }
  // What is in the configuration under version control.
  void Declare(std::vector<std::string> hosts) {
    check_ = Spec("dns.mx", Keys({{"expect", Texts(std::move(hosts))}}));
    check_.leg = Leg::kDns;
    check_.interval = kInterval;
    CheckSpec witness;
    witness.id = witness.kind = "witness";
    witness.interval = kInterval;
    probes_["eu"] = Make(check_);
    const ProbeDeps usual = Deps();
    probes_["us"] =
        MakeBuiltinProbe(check_, {usual.dialer, resolver_of_us_, usual.resolvers, usual.clock,
                                  usual.trust, usual.ledger, usual.loop_lag, usual.operators,
                                  usual.ehlo_name, "us", usual.secrets, usual.fleet_key})
            .value();
    correlator_->SetPlan({{check_, witness}});
  }
  void Pass(absl::Duration duration) {
    for (const absl::Time end = clock_.Now() + duration; clock_.Now() < end;) {
      clock_.Advance(absl::Seconds(1));
      ++second_;
      if (second_ % 60 == 10) RunAt("eu");
      if (second_ % 60 == 40) RunAt("us");
      for (const auto& [name, vantage] : vantages_) {
        if (second_ % 5 == 0) correlator_->AgentHeard(vantage, clock_.Now());
      }
      for (const auto& agents = std::exchange(asked_, {}); const std::string& name : agents) {
        RunAt(name);
      }
      Take(correlator_->Tick(clock_.Now()));
    }
  }
  // "opened dns_mx_mismatch of zone:alpha.test", "alerting ...", "resolved ..."
  const std::vector<std::string>& told() const { return told_; }
  // Of the last run of each agent.
  const std::map<std::string, Observation>& seen() const { return seen_; }
  const Incident& last() const { return last_; }

 private:
  void RunAt(const std::string& name) {
    const Observation seen = RunAll(*probes_.at(name), check_).front();
    seen_[name] = seen;
    Deliver(seen, name, Leg::kDns);
    Observation witness;
    witness.id = Concat("witness-", ++sequence_);
    witness.check_id = witness.kind = "witness";
    witness.started = clock_.Now();
    witness.outcome = Outcome::kPass;
    Deliver(witness, name, Leg::kControl);
  }
  void Deliver(const Observation& seen, const std::string& name, Leg leg) {
    collector::Sighting sighting;
    sighting.observation = seen;
    sighting.vantage = vantages_.at(name);
    sighting.leg = leg;
    if (leg == Leg::kDns) sighting.provider = "alpha";
    sighting.spool_id = name;
    sighting.sequence = ++sequence_;
    sighting.received = clock_.Now();
    Take(correlator_->Observe(sighting, clock_.Now()));
  }
  void Take(const collector::Findings& findings) {
    for (const collector::IncidentChange& change : findings.changes) {
      const collector::Verdict& verdict = change.incident.verdict;
      last_ = change.incident;
      const bool changed = change.kind != ChangeKind::kUpdated;
      if (changed || (change.incident.alerting && !alerting_)) {
        told_.push_back(Concat(changed ? ChangeKindName(change.kind) : "alerting", " ",
                               FailureClassName(verdict.klass), " of ", verdict.component.Text()));
      }
      alerting_ = change.incident.alerting;
    }
    for (const collector::Confirmation& ask : findings.confirmations) {
      asked_.insert(asked_.end(), ask.agents.begin(), ask.agents.end());
    }
  }

  const std::map<std::string, Vantage> vantages_ = {
      {"eu", {"eu", "eu", "", "as-eu", "192.0.2.53:53"}},
      {"us", {"us", "us", "", "as-us", "192.0.2.54:53"}}};
  const std::unique_ptr<collector::Correlator> correlator_ = collector::MakeCorrelator({});
  CheckSpec check_;
  FakeResolver resolver_of_us_{"192.0.2.54:53"};
  std::map<std::string, std::unique_ptr<Probe>> probes_;
  std::vector<std::string> asked_, told_;
  std::map<std::string, Observation> seen_;
  Incident last_;
  bool alerting_ = false;
  int second_ = 0;
  uint64_t sequence_ = 0;
};

TEST_F(MxChangeTest, OneThatNobodyDeclaredIsAnIncident) {
  Pass(absl::Minutes(5));
  EXPECT_THAT(told(), ElementsAre());
  Publish({{10, "mx1.alpha.test"}, {20, "new.alpha.test"}});
  const absl::Time changed = clock_.Now();
  Pass(kInterval);
  for (const auto& [agent, seen] : seen()) {
    EXPECT_EQ(Summary(seen), "fail dns_mx_mismatch at dns") << agent;
    EXPECT_EQ(seen.failure->detail,
              "the MX hosts are mx1.alpha.test, new.alpha.test, expected mx1.alpha.test, "
              "mx2.alpha.test");
  }
  Pass(kInterval);
  ASSERT_THAT(told(), testing::Contains("opened dns_mx_mismatch of zone:alpha.test"));
  EXPECT_LE(last().opened - changed, 2 * kInterval);
  EXPECT_THAT(last().verdict.evidence.agents, ElementsAre("eu", "us"));
  Publish({{10, "mx1.alpha.test"}, {20, "mx2.alpha.test"}});
  Pass(absl::Minutes(10));
  EXPECT_EQ(told().back(), "resolved dns_mx_mismatch of zone:alpha.test");
}

TEST_F(MxChangeTest, OneThatWasDeclaredIsNone) {
  Pass(absl::Minutes(5));
  Declare({"mx1.alpha.test", "new.alpha.test"});
  Publish({{10, "mx1.alpha.test"}, {20, "new.alpha.test"}});
  Pass(absl::Minutes(10));
  EXPECT_THAT(told(), ElementsAre());
  EXPECT_EQ(Summary(seen().at("eu")), "pass");
}

}  // namespace
}  // namespace postwatch::agent
