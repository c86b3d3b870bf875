#include "collector/ingest/uplink_hub.h"

#include <algorithm>
#include <utility>

#include "collector/ingest/agent_orders.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/wire/grpc_log.h"

namespace postwatch::collector {

absl::Status UplinkHub::OpenStream() {
  absl::MutexLock lock(&mutex_);
  if (draining_) return absl::UnavailableError("the collector is stopping; try again later");
  if (counters_.streams >= options_.max_streams) {
    return absl::ResourceExhaustedError(
        Concat("the collector has ", options_.max_streams, " streams already"));
  }
  ++counters_.streams;
  return absl::OkStatus();
}

void UplinkHub::CloseStream(const std::string& agent, const ConnectedAgent* stream) {
  std::shared_ptr<ConnectedAgent> last;  // must not be destroyed under the lock
  {
    absl::MutexLock lock(&mutex_);
    auto found = agents_.find(agent);
    if (found != agents_.end() && found->second.get() == stream) {
      last = std::move(found->second);
      agents_.erase(found);
      // Under the lock, so that it comes before AgentConnected of a stream admitted next.
      events_.AgentGone(agent);
    }
  }
  if (last != nullptr) ShareOut();
  absl::MutexLock lock(&mutex_);
  --counters_.streams;
}

void UplinkHub::Admit(const AgentRecord& agent, const std::string& peer,
                      std::shared_ptr<ConnectedAgent> stream) {
  std::shared_ptr<ConnectedAgent> older;
  {
    absl::MutexLock lock(&mutex_);
    ++counters_.connects;
    rivals_.Came(agent.vantage.agent, agent.boot_id, PeerNamedIn(peer), clock_.Steady());
    older = std::exchange(agents_[agent.vantage.agent], std::move(stream));
  }
  if (older != nullptr) older->Replace();
  ShareOut();
}

void UplinkHub::Heard(const std::string& agent, HeartbeatFacts facts) {
  std::string rival;
  {
    absl::MutexLock lock(&mutex_);
    rival = rivals_.Problem(agent, clock_.Steady());
  }
  if (!rival.empty()) facts.problems.insert(facts.problems.begin(), std::move(rival));
  events_.AgentHeard(agent, facts);
}

v1::CollectorMessage UplinkHub::Welcome(uint64_t acknowledged) const {
  v1::CollectorMessage message = MakeWelcome(options_.version, acknowledged);
  if (fleet_key_.file.empty() && fleet_key_.env.empty()) return message;
  const absl::StatusOr<Secret> key = ResolveSecret(fleet_key_);
  if (key.ok()) {
    message.mutable_welcome()->set_fleet_key(std::string(key->Reveal()));
  } else {
    Log(LogLevel::kError, "the fleet's key cannot be read: agents that join get none",
        {{"error", std::string(FromAbsl(key.status().message()))}});
  }
  return message;
}

void UplinkHub::ShareOut() {
  std::vector<std::pair<std::string, std::shared_ptr<ConnectedAgent>>> streams;
  {
    absl::MutexLock lock(&mutex_);
    if (draining_) return;
    streams.assign(agents_.begin(), agents_.end());
  }
  std::ranges::sort(streams, {}, &std::pair<std::string, std::shared_ptr<ConnectedAgent>>::first);
  FleetShare share{.agents = static_cast<int>(streams.size())};
  for (const auto& [agent, stream] : streams) {
    stream->SetShare(share);
    ++share.position;
  }
}

std::shared_ptr<const Assignment> UplinkHub::assignment() const {
  absl::MutexLock lock(&mutex_);
  return assignment_;
}

std::vector<std::shared_ptr<ConnectedAgent>> UplinkHub::Everyone() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<ConnectedAgent>> streams;
  for (const auto& [agent, stream] : agents_) streams.push_back(stream);
  return streams;
}

void UplinkHub::SetAssignment(std::shared_ptr<const Assignment> assignment) {
  {
    absl::MutexLock lock(&mutex_);
    const bool same_checks = assignment->version == assignment_->version;
    assignment_ = std::move(assignment);  // its revision may be another
    if (same_checks) return;
  }
  for (const auto& stream : Everyone()) stream->AssignmentChanged();
}

bool UplinkHub::RequestRun(const std::string& agent, const RunRequest& request) {
  std::shared_ptr<ConnectedAgent> stream;
  {
    absl::MutexLock lock(&mutex_);
    auto found = agents_.find(agent);
    if (found == agents_.end()) return false;
    stream = found->second;
  }
  return stream->SendRunNow(request);
}

void UplinkHub::Drain(absl::Duration reconnect_after) {
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
  }
  for (const auto& stream : Everyone()) stream->SendDrain(reconnect_after);
}

void UplinkHub::CheckCertificates() {
  for (const auto& stream : Everyone()) stream->CheckCertificate();
}

void UplinkHub::AwaitNoStreams() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &UplinkHub::Empty));
}

void UplinkHub::CountBatch(size_t observations, const std::vector<std::string_view>& refusals) {
  absl::MutexLock lock(&mutex_);
  ++counters_.batches;
  counters_.observations += observations;
  for (std::string_view reason : refusals) ++counters_.rejected[std::string(reason)];
}

void UplinkHub::CountCommitted(size_t observations) {
  absl::MutexLock lock(&mutex_);
  counters_.committed += observations;
}

void UplinkHub::CountThrottled() {
  absl::MutexLock lock(&mutex_);
  ++counters_.throttled;
}

void UplinkHub::ReportEnded(const std::string& peer, const std::string& agent,
                            const absl::Status& status) {
  std::string code = absl::StatusCodeToString(status.code());
  {
    absl::MutexLock lock(&mutex_);
    ++counters_.streams_ended[code];
    // Each connection has a port of its own; the host is the peer.
    if (!log_limiter_.Allow(peer.substr(0, peer.rfind(':')), clock_.Steady())) return;
  }
  Log(LogLevel::kWarn, "ended an agent's stream",
      {{"peer", peer}, {"agent", agent}, {"code", code}, {"why", std::string(status.message())}});
}

IngestCounters UplinkHub::counters() const {
  absl::MutexLock lock(&mutex_);
  return counters_;
}

}  // namespace postwatch::collector
