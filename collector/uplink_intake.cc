#include "collector/uplink_intake.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "common/base/log.h"

namespace postwatch::collector {
namespace {

namespace asio = boost::asio;

constexpr absl::Duration kSaveEvery = absl::Seconds(30);

absl::Status Full() { return absl::ResourceExhaustedError("the collector's store is full"); }

}  // namespace

UplinkIntake::UplinkIntake(asio::any_io_executor loop, StoreThread& store, StoreTrouble& trouble,
                           Engine& engine)
    : loop_(std::move(loop)), store_(store), trouble_(trouble), engine_(engine) {}

void UplinkIntake::AgentConnected(const AgentRecord& agent) {
  asio::post(loop_, [this, agent] { Connected(agent); });
}

void UplinkIntake::AgentHeard(const std::string& agent, const HeartbeatFacts& facts) {
  asio::post(loop_, [this, agent, facts] { Heard(agent, facts); });
}

void UplinkIntake::AgentGone(const std::string& agent) {
  asio::post(loop_, [this, agent] { Gone(agent); });
}

void UplinkIntake::FindWatermark(const std::string& agent, const std::string& spool_id,
                                 std::function<void(absl::StatusOr<uint64_t>)> done) {
  const absl::Status accepted =
      store_.Run([agent, spool_id, done](Store& store) { done(store.Watermark(agent, spool_id)); });
  if (!accepted.ok()) done(accepted);
}

void UplinkIntake::BatchReceived(std::vector<Sighting> sightings,
                                 std::function<void(absl::Status)> done) {
  if (trouble_.full()) return SeeUnstored(std::move(sightings), Full(), std::move(done));
  store_.Append(std::move(sightings),
                [this, done](absl::StatusOr<std::vector<Sighting>> committed) {
                  if (!committed.ok()) {
                    trouble_.Failed("storing observations", committed.status());
                    // Gone; when they come again it is known that there is no room.
                    done(absl::UnavailableError(committed.status().message()));
                    return;
                  }
                  // Nothing was written for mere duplicates.
                  if (!committed->empty()) trouble_.Works();
                  asio::post(loop_, [this, done, fresh = *std::move(committed)]() mutable {
                    ahead_.Stored(fresh);
                    engine_.Observed(fresh);
                    done(absl::OkStatus());
                  });
                });
}

void UplinkIntake::BatchBehind(std::vector<Sighting> sightings,
                               std::function<void(absl::Status)> done) {
  absl::Status answer =
      trouble_.full() ? Full() : absl::UnavailableError("there is room again: send what it lacks");
  SeeUnstored(std::move(sightings), std::move(answer), std::move(done));
}

void UplinkIntake::SeeUnstored(std::vector<Sighting> sightings, absl::Status answer,
                               std::function<void(absl::Status)> done) {
  asio::post(loop_, [this, done, answer, sightings = std::move(sightings)]() mutable {
    unstored_ += sightings.size();
    ahead_.See(sightings);
    engine_.Observed(sightings);
    done(answer);
  });
}

void UplinkIntake::Connected(AgentRecord record) {
  record.connected = true;
  if (const AgentRecord* known = engine_.keeper().FindAgent(record.vantage.agent)) {
    record.first_heard = known->first_heard;
  }
  Log(LogLevel::kInfo, "agent connected",
      {{"agent", record.vantage.agent}, {"region", record.vantage.region}});
  engine_.AgentChanged(record);
  Save(record);
}

void UplinkIntake::Heard(const std::string& agent, const HeartbeatFacts& facts) {
  const AgentRecord* known = engine_.keeper().FindAgent(agent);
  if (known == nullptr) return;
  AgentRecord record = *known;
  const bool save = facts.received - saved_[agent] >= kSaveEvery;
  record.last_heard = facts.received;
  record.clock_offset = facts.clock_offset;
  record.spooled = facts.spooled;
  record.dropped = facts.dropped;
  record.problems = facts.problems;
  const std::string news = problem_log_.Update(agent, facts.problems, facts.received);
  if (!news.empty()) {
    Log(LogLevel::kWarn, "agent's problems changed", {{"agent", agent}, {"problems", news}});
  }
  engine_.AgentChanged(record);
  if (save) Save(record);
}

void UplinkIntake::Gone(const std::string& agent) {
  const AgentRecord* known = engine_.keeper().FindAgent(agent);
  if (known == nullptr) return;
  AgentRecord record = *known;
  record.connected = false;
  Log(LogLevel::kWarn, "agent's stream ended", {{"agent", agent}});
  engine_.AgentChanged(record);
  Save(record);
}

void UplinkIntake::Save(const AgentRecord& record) {
  saved_[record.vantage.agent] = record.last_heard;
  const absl::Status accepted = store_.Run([this, record](Store& store) {
    const absl::Status status = store.SaveAgent(record);
    if (!status.ok()) trouble_.Failed("storing an agent", status);
  });
  if (!accepted.ok()) trouble_.Failed("storing an agent", accepted);
}

}  // namespace postwatch::collector
