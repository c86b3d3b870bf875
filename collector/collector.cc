#include "collector/collector.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

#include "collector/alert/outbox.h"
#include "collector/config_files.h"
#include "collector/correlate/crossing.h"
#include "collector/engine.h"
#include "collector/forget_agent.h"
#include "collector/ingest/ingest.h"
#include "collector/metrics.h"
#include "collector/plan.h"
#include "collector/problem_log.h"
#include "collector/running_config.h"
#include "collector/sinks.h"
#include "collector/state.h"
#include "collector/store/open_store.h"
#include "collector/store/store_thread.h"
#include "collector/uplink_tls.h"
#include "collector/web/api.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick(500);
constexpr absl::Duration kSaveAgentEvery = absl::Seconds(30);
constexpr absl::Duration kPruneEvery = absl::Minutes(10);
constexpr absl::Duration kReadyTick = absl::Seconds(10);
constexpr absl::Duration kGrace = absl::Seconds(2);

AlertPipelineOptions PipelineOptions(const CollectorConfig& config) {
  AlertPipelineOptions options{.reminder_every = config.reminder_every};
  for (const SinkConfig& sink : config.sinks) options.sinks.push_back(sink.name);
  return options;
}

class LoopCollector : public Collector, private IngestEvents, private EngineOutput {
 public:
  LoopCollector(CollectorConfig config, CollectorOptions options, std::unique_ptr<Store> store)
      : config_(std::move(config)),
        options_(std::move(options)),
        store_(std::move(store)),
        outbox_(clock_, [this](DeliveryOutcome outcome) { RecordOutcome(std::move(outcome)); }),
        engine_(MakeCorrelator(
                    {.agent_silent_after = config_.agent_silent_after, .blip = config_.page_after}),
                AlertPipeline(PipelineOptions(config_)), clock_, *this),
        ingest_(*this, clock_, {.version = options_.version}),
        timer_(loop_),
        signals_(loop_, SIGTERM, SIGINT, SIGHUP),
        last_reload_(clock_.Now()) {}

  ~LoopCollector() override { ingest_.Stop(absl::ZeroDuration()); }

  absl::Status Start(SavedState state, const FleetPlan& plan,
                     std::vector<std::unique_ptr<AlertSink>> sinks) {
    for (size_t i = 0; i < sinks.size(); ++i) {
      outbox_.AddSink(config_.sinks[i].name, std::move(sinks[i]));
    }
    running_.Begin(config_, clock_.Now());
    engine_.SetPlan(plan);
    const auto version = ingest_.SetAssignment(plan.checks, plan.revision);
    if (!version.ok()) return version.status();
    // Nobody is told anything by a collector that has no place to listen. What comes in waits for
    // the loop, and so for the past to be thought through.
    auto http = StartHttpServer(loop_.get_executor(), config_.http_listen, MakeApi(ApiSources()),
                                {.hosts = config_.http_hosts});
    if (!http.ok()) return http.status();
    http_ = *std::move(http);
    const IngestTls tls = UplinkTls(config_, [this](auto work) { return store_.Run(work); });
    if (absl::Status status = ingest_.Start(config_.grpc_listen, tls); !status.ok()) return status;
    outbox_.Resume(state.pending, state.engine.last_alerts);
    engine_.Restore(std::move(state.engine));
    return absl::OkStatus();
  }

  absl::Status Run() override {
    Log(LogLevel::kInfo, "collector is running",
        {{"agents_on", Concat(config_.grpc_listen)},
         {"dashboard", Concat("http://", http_->address(), "/")},
         {"targets", Concat(config_.targets.size())},
         {"store", config_.store}});
    WaitForTick();
    WaitForSignal();
    loop_.run();
    ingest_.Drain(absl::Seconds(1));
    ingest_.Stop(kGrace);
    http_.reset();
    store_.Stop();
    Log(LogLevel::kInfo, "collector has stopped");
    return absl::OkStatus();
  }

  void Stop() override {
    asio::post(loop_, [this] { loop_.stop(); });
  }

  std::string http_address() const override { return http_->address(); }
  int grpc_port() const override { return ingest_.port(); }

 private:
  // --- IngestEvents: on gRPC's threads; everything crosses over to the loop or the store's thread.

  void AgentConnected(const AgentRecord& agent) override {
    asio::post(loop_, [this, agent] {
      AgentRecord record = agent;
      record.connected = true;
      if (const AgentRecord* known = engine_.keeper().FindAgent(agent.vantage.agent)) {
        record.first_heard = known->first_heard;
      }
      Log(LogLevel::kInfo, "agent connected",
          {{"agent", agent.vantage.agent}, {"region", agent.vantage.region}});
      engine_.AgentChanged(record);
      SaveAgent(record);
    });
  }

  void AgentHeard(const std::string& agent, const HeartbeatFacts& facts) override {
    asio::post(loop_, [this, agent, facts] {
      const AgentRecord* known = engine_.keeper().FindAgent(agent);
      if (known == nullptr) return;
      AgentRecord record = *known;
      const bool save = facts.received - saved_[agent] >= kSaveAgentEvery;
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
      if (save) SaveAgent(record);
    });
  }

  void AgentGone(const std::string& agent) override {
    asio::post(loop_, [this, agent] {
      const AgentRecord* known = engine_.keeper().FindAgent(agent);
      if (known == nullptr) return;
      AgentRecord record = *known;
      record.connected = false;
      Log(LogLevel::kWarn, "agent's stream ended", {{"agent", agent}});
      engine_.AgentChanged(record);
      SaveAgent(record);
    });
  }

  void FindWatermark(const std::string& agent, const std::string& spool_id,
                     std::function<void(absl::StatusOr<uint64_t>)> done) override {
    const absl::Status accepted = store_.Run(
        [agent, spool_id, done](Store& store) { done(store.Watermark(agent, spool_id)); });
    if (!accepted.ok()) done(accepted);
  }

  void BatchReceived(std::vector<Sighting> sightings,
                     std::function<void(absl::Status)> done) override {
    store_.Append(std::move(sightings),
                  [this, done](absl::StatusOr<std::vector<Sighting>> committed) {
                    if (!committed.ok()) {
                      StoreFailed("storing observations", committed.status());
                      done(committed.status());
                      return;
                    }
                    store_failing_ = false;
                    // Acknowledged once thought through, so that agents never run ahead of the
                    // engine.
                    asio::post(loop_, [this, done, fresh = *std::move(committed)] {
                      engine_.Observed(fresh);
                      done(absl::OkStatus());
                    });
                  });
  }

  // --- EngineOutput: on the loop.

  void Carry(Decision decision) override {
    const std::vector<Delivery> deliveries = decision.deliveries;
    const absl::Status accepted = store_.Run([this, decision = std::move(decision)](Store& store) {
      const absl::Status status = store.Commit(decision);
      // A store that cannot write must not keep people from being told.
      if (!status.ok()) StoreFailed("storing a decision", status);
      outbox_.Enqueue(decision.deliveries);
    });
    if (!accepted.ok()) {
      StoreFailed("storing a decision", accepted);
      outbox_.Enqueue(deliveries);
    }
  }

  void RequestRun(const std::string& agent, const std::string& request_id,
                  const std::vector<std::string>& check_ids) override {
    ingest_.RequestRun(agent, {.id = request_id, .check_ids = check_ids});
  }

  // --- The rest: on the loop unless said otherwise.

  // On a sink's thread.
  void RecordOutcome(DeliveryOutcome outcome) {
    const absl::Status accepted = store_.Run([this, outcome](Store& store) {
      const absl::Status status = store.RecordDelivery(outcome.delivery_id, outcome.settled,
                                                       outcome.at, outcome.retry_at, outcome.error);
      if (!status.ok()) StoreFailed("recording a delivery", status);
    });
    if (!accepted.ok()) StoreFailed("recording a delivery", accepted);
  }

  void StoreFailed(std::string_view what, const absl::Status& status) {
    ++store_errors_;
    store_failing_ = true;
    Log(LogLevel::kError, Concat(what, " failed"),
        {{"store", config_.store},
         {"error", std::string(FromAbsl(ExplainStoreFailure(config_.store, status).message()))}});
  }

  void SaveAgent(const AgentRecord& record) {
    saved_[record.vantage.agent] = record.last_heard;
    const absl::Status accepted = store_.Run([this, record](Store& store) {
      const absl::Status status = store.SaveAgent(record);
      if (!status.ok()) StoreFailed("storing an agent", status);
    });
    if (!accepted.ok()) StoreFailed("storing an agent", accepted);
  }

  void WaitForTick() {
    timer_.expires_after(kTick);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      engine_.Tick();
      last_tick_ = clock_.Steady();
      if (options_.on_tick) options_.on_tick(Ready());
      PruneIfDue();
      ingest_.Refresh();
      WaitForTick();
    });
  }

  void PruneIfDue() {
    if (clock_.Steady() - last_prune_ < kPruneEvery) return;
    last_prune_ = clock_.Steady();
    PruneStep(clock_.Now() - config_.retention);
  }

  // A bounded step at a time, so that ingest is not kept waiting.
  void PruneStep(absl::Time before) {
    const absl::Status accepted = store_.Run([this, before](Store& store) {
      const absl::StatusOr<bool> more = store.Prune(before);
      if (!more.ok()) {
        StoreFailed("forgetting old observations", more.status());
      } else if (*more) {
        asio::post(loop_, [this, before] { PruneStep(before); });
      }
    });
    if (!accepted.ok()) StoreFailed("forgetting old observations", accepted);
  }

  void WaitForSignal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal != SIGHUP) {
        Log(LogLevel::kInfo, "stopping", {{"signal", Concat(signal)}});
        loop_.stop();
        return;
      }
      Reload().IgnoreError();  // logged there
      WaitForSignal();
    });
  }

  // Targets, checks and the witness take effect; the rest of a changed file needs a restart.
  absl::Status Reload() {
    absl::Status status = TryReload();
    reload_ok_ = status.ok();
    if (status.ok()) {
      last_reload_ = clock_.Now();
      Log(LogLevel::kInfo, "configuration reloaded",
          {{"targets", Concat(config_.targets.size())}, {"revision", engine_.plan().revision}});
    } else {
      Log(LogLevel::kError, "reload refused; the configuration before stays in force",
          {{"error", std::string(FromAbsl(status.message()))}});
    }
    return status;
  }

  absl::Status TryReload() {
    absl::StatusOr<CollectorConfig> config = LoadCollectorConfig(options_.config_path);
    if (!config.ok()) return config.status();
    Mistakes none;
    const FleetPlan plan = MakePlan(*config, none);
    const auto version = ingest_.SetAssignment(plan.checks, plan.revision);
    if (!version.ok()) return version.status();
    running_.TakeUp(Now(), *config, plan, clock_.Now());
    engine_.SetPlan(plan);
    config_.targets = config->targets;
    return absl::OkStatus();
  }

  Watched Now() const { return {config_.targets, engine_.plan()}; }
  ApiDeps ApiSources() {
    return {.board = &engine_,
            .read_store =
                [this](std::function<void(Store&)> work) { return store_.Run(std::move(work)); },
            .metrics = [this] { return Metrics(); },
            .ready = [this] { return Ready(); },
            .reload = [this] { return Reload(); },
            .forget_agent =
                [this](const std::string& agent, std::function<void(const absl::Status&)> done) {
                  ForgetAgent(forgetting_, agent, std::move(done));
                },
            .plan = [this] { return engine_.plan(); },
            .config = [this] { return running_.Json(Now(), engine_.keeper().agents().size()); },
            .crossed_by = CrossedBy};
  }

  absl::Status Ready() const {
    if (clock_.Steady() - last_tick_ > kReadyTick) {
      return absl::UnavailableError("the engine does not tick");
    }
    if (store_failing_) {
      return absl::UnavailableError(
          Concat("the store ", config_.store, " cannot be written; the log tells why"));
    }
    return absl::OkStatus();
  }

  std::string Metrics() const {
    const Board board = engine_.Current();
    const IngestCounters ingest = ingest_.counters();
    const std::vector<SinkCounters> sinks = outbox_.Counters();
    return RenderMetrics({.version = options_.version,
                          .board = board,
                          .engine = engine_.counters(),
                          .ingest = ingest,
                          .sinks = sinks,
                          .store_errors = store_errors_,
                          .last_reload_ok = reload_ok_,
                          .last_reload = last_reload_,
                          .revision = engine_.plan().revision});
  }

  CollectorConfig config_;
  const CollectorOptions options_;
  RunningConfig running_{options_.config_path};
  const SystemClock clock_;
  asio::io_context loop_{1};
  StoreThread store_;
  Outbox outbox_;
  Engine engine_;
  Ingest ingest_;
  const ForgetAgentDeps forgetting_{
      .engine = &engine_,
      .on_store = [this](auto work) { return store_.Run(std::move(work)); },
      .on_loop = [this](auto work) { asio::post(loop_, std::move(work)); }};
  asio::steady_timer timer_;
  asio::signal_set signals_;
  std::unique_ptr<HttpServer> http_;
  ProblemLog problem_log_;
  std::map<std::string, absl::Time> saved_;  // when each agent's record was last stored
  std::atomic<uint64_t> store_errors_ = 0;
  std::atomic<bool> store_failing_ = false;  // until the next batch is committed
  bool reload_ok_ = true;
  absl::Time last_reload_;
  absl::Duration last_tick_ = clock_.Steady();
  absl::Duration last_prune_ = clock_.Steady();
};

}  // namespace

absl::StatusOr<std::unique_ptr<Collector>> MakeCollector(CollectorConfig config,
                                                         CollectorOptions options) {
  static const SystemClock sink_clock;  // outlives every sink's thread
  Mistakes mistakes;
  const FleetPlan plan = MakePlan(config, mistakes);
  std::vector<std::unique_ptr<AlertSink>> sinks = MakeSinks(config, sink_clock, mistakes);
  absl::Status status = mistakes.ToStatus();
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Store>> store =
      OpenStore(config.store, {.password = config.store_password});
  if (!store.ok()) return store.status();
  absl::StatusOr<SavedState> state =
      ReadState(**store, SystemClock().Now(), CorrelatorOptions().evidence_window, plan);
  if (!state.ok()) return ExplainStoreFailure(config.store, state.status());
  auto collector =
      std::make_unique<LoopCollector>(std::move(config), std::move(options), *std::move(store));
  status = collector->Start(*std::move(state), plan, std::move(sinks));
  if (!status.ok()) return status;
  return collector;
}

}  // namespace postwatch::collector
