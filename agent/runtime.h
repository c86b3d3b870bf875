// Runtime: the part of the agent that a new configuration replaces: what probes use, the scheduler,
// the link to the collector.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/certificate_renewal.h"
#include "agent/config.h"
#include "agent/loop_lag_meter.h"
#include "agent/metrics.h"
#include "agent/probes/dns/zone_operators.h"
#include "agent/probes/probe.h"
#include "agent/schedule/scheduler.h"
#include "agent/uplink/collector_link.h"
#include "agent/uplink/spool.h"
#include "common/net/event_clock.h"

namespace postwatch::agent {

// What stays when the configuration changes. Everything outlives every runtime.
struct Surroundings {
  boost::asio::any_io_executor executor;
  EventClock& clock;
  Spool& spool;
  Ledger& ledger;
  LoopLagMeter& loop_lag;
  AgentMetrics& metrics;
  std::function<void(std::vector<Observation>)> report;
  std::string version;
  std::string boot_id;          // of this process
  std::string assignment_path;  // where the last assignment is kept
  std::string fleet_key_path;   // where the collector's fleet key is, for agents that have none
};

class Runtime : private LinkOwner {
 public:
  // Reads the certificate (it must be this agent's), the trusted roots and resolv.conf; errors say
  // which and what to do. Nothing runs yet.
  static absl::StatusOr<std::unique_ptr<Runtime>> Make(const AgentConfig& config,
                                                       Surroundings around);
  // Only after StopRuns, and when running() is 0: runs use what this owns.
  ~Runtime() override;

  // Before Start; see Scheduler::TakeUp and State.
  void TakeUp(ScheduleState state) { scheduler_->TakeUp(std::move(state)); }
  ScheduleState Schedule() const { return scheduler_->State(); }

  // Takes up the last assignment on disk, and connects.
  void Start();

  // New observations are in the spool.
  void Wake() {
    if (link_ != nullptr) link_->Wake();
  }
  // Connects anew, with certificates read again.
  void Reconnect() {
    if (link_ != nullptr) link_->Reconnect();
  }
  // Leaves the collector at once; the spool is left as it is.
  void DropLink() {
    renewal_.reset();
    link_.reset();
  }

  // See Scheduler::Stop, WindDown and Resume, and CollectorLink::Drain.
  Task<void> StopRuns(absl::Duration grace);
  Task<void> WindDown(absl::Duration patience, absl::Duration grace);
  void ResumeRuns() { scheduler_->Resume(); }
  Task<void> DrainLink(absl::Duration limit);

  bool connected() const { return link_ != nullptr && link_->connected(); }
  size_t running() const { return scheduler_->running(); }
  // Fills in what this part knows.
  void Describe(AgentGauges& gauges) const;

 private:
  explicit Runtime(Surroundings around) : around_(std::move(around)) {}
  absl::Status MakeDeps(const AgentConfig& config);
  absl::Status CheckCertificate(const AgentConfig& config) const;
  void MakeScheduler(const AgentConfig& config);
  void MakeLink(const AgentConfig& config);
  void MakeRenewal(const AgentConfig& config, const GrpcTarget& target);
  void Apply(const v1::Assignment& assignment);
  std::vector<std::string> Problems() const;     // of checks
  std::vector<std::string> AllProblems() const;  // of the agent too

  void OnAssignment(const v1::Assignment& assignment) override;
  void OnRunNow(const v1::RunNow& request) override;
  void OnShare(FleetShare share) override;
  void OnFleetKey(Secret key) override;
  Health TakeHealth() override;

  Surroundings around_;
  ZoneOperators operators_;
  std::unique_ptr<Dialer> dialer_;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<ResolverFactory> resolvers_;
  std::unique_ptr<ProbeDeps> deps_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<CollectorLink> link_;
  std::unique_ptr<CertificateRenewal> renewal_;  // calls link_: goes with it
  bool assigned_ = false;
  uint64_t assignment_version_ = 0;
  std::vector<std::string> malformed_;  // checks of the assignment that are out of bounds
};

}  // namespace postwatch::agent
