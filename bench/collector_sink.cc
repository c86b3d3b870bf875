// collector_sink: the collector's uplink and store alone: what arrives is committed to SQLite. As
// in the collector, what is committed goes to a loop of its own, which acknowledges it; no engine
// there.
//   collector_sink --certs DIR --db FILE
// Prints its port, then, when its input ends, what it did.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "bench/report.h"
#include "bench/sample.h"
#include "collector/ingest/ingest.h"
#include "collector/store/sqlite_store.h"
#include "collector/store/store_thread.h"
#include "common/base/clock.h"
#include "common/pki/pem_files.h"

namespace postwatch::bench {
namespace {

using collector::Ingest;
using collector::Sighting;
using collector::Store;
using collector::StoreThread;

class StoreOnly : public collector::IngestEvents {
 public:
  StoreOnly(StoreThread& store, boost::asio::io_context& loop) : store_(store), loop_(loop) {}

  void AgentConnected(const collector::AgentRecord&) override {}
  void AgentHeard(const std::string&, const collector::HeartbeatFacts&) override {}
  void AgentGone(const std::string&) override {}

  void FindWatermark(const std::string& agent, const std::string& spool_id,
                     std::function<void(absl::StatusOr<uint64_t>)> done) override {
    const absl::Status asked = store_.Run(
        [agent, spool_id, done](Store& store) { done(store.Watermark(agent, spool_id)); });
    if (!asked.ok()) done(asked);
  }

  void BatchReceived(std::vector<Sighting> sightings,
                     std::function<void(absl::Status)> done) override {
    store_.Append(std::move(sightings), [this, done = std::move(done)](
                                            absl::StatusOr<std::vector<Sighting>> fresh) {
      boost::asio::post(loop_, [done, fresh = std::move(fresh)] { done(fresh.status()); });
    });
  }
  void BatchBehind(std::vector<Sighting>, std::function<void(absl::Status)> done) override {
    done(absl::UnavailableError("the disk is full"));
  }

 private:
  StoreThread& store_;
  boost::asio::io_context& loop_;
};

int Run(int argc, char** argv) {
  const std::string certs = Flag(argc, argv, "certs", ".");
  auto pem = LoadPemBundle({certs + "/ca.pem", certs + "/cert.pem", certs + "/key.pem"});
  if (!pem.ok()) Die(pem.status().ToString());
  auto opened = collector::OpenSqliteStore(Flag(argc, argv, "db", "bench.db"));
  if (!opened.ok()) Die(opened.status().ToString());
  StoreThread store(*std::move(opened));
  boost::asio::io_context loop{1};
  auto until_the_end = boost::asio::make_work_guard(loop);
  std::thread engine([&loop] { loop.run(); });
  StoreOnly events(store, loop);
  const SystemClock clock;
  // The limit protects a collector from one agent; here the most it can take is what is asked.
  collector::IngestOptions options;
  options.rate_per_stream = 1e9;
  Ingest ingest(events, clock, options);
  if (auto set = ingest.SetAssignment(SampleChecks()); !set.ok()) Die(set.status().ToString());
  if (absl::Status on = ingest.Start("127.0.0.1:0", *pem); !on.ok()) Die(on.ToString());
  Print({{"port", ingest.port()}});
  WaitForEndOfInput();
  ingest.Stop(absl::Seconds(1));
  store.Stop();
  until_the_end.reset();
  engine.join();
  const collector::IngestCounters counters = ingest.counters();
  double refused = 0;
  for (const auto& [reason, count] : counters.rejected) refused += static_cast<double>(count);
  Print({{"committed", static_cast<double>(counters.committed)},
         {"refused", refused},
         {"cpu_s", CpuSeconds()}});
  return 0;
}

}  // namespace
}  // namespace postwatch::bench

int main(int argc, char** argv) { return postwatch::bench::Run(argc, argv); }
