#include "collector/collector.h"

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
#include "collector/pruning.h"
#include "collector/running_config.h"
#include "collector/sinks.h"
#include "collector/state.h"
#include "collector/store/open_store.h"
#include "collector/store/store_thread.h"
#include "collector/store_trouble.h"
#include "collector/uplink_intake.h"
#include "collector/uplink_tls.h"
#include "collector/web/api.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick(500);
constexpr absl::Duration kReadyTick = absl::Seconds(10);
constexpr absl::Duration kGrace = absl::Seconds(2);

AlertPipelineOptions PipelineOptions(const CollectorConfig& config) {
  AlertPipelineOptions options{.reminder_every = config.reminder_every};
  for (const SinkConfig& sink : config.sinks) options.sinks.push_back(sink.name);
  return options;
}

class LoopCollector : public Collector, private EngineOutput {
 public:
  LoopCollector(CollectorConfig config, CollectorOptions options, std::unique_ptr<Store> store)
      : config_(std::move(config)),
        options_(std::move(options)),
        trouble_(config_.store),
        store_(std::move(store)),
        outbox_(clock_, [this](DeliveryOutcome outcome) { RecordOutcome(std::move(outcome)); }),
        engine_(MakeCorrelator(
                    {.agent_silent_after = config_.agent_silent_after, .blip = config_.page_after}),
                AlertPipeline(PipelineOptions(config_)), clock_, *this),
        intake_(loop_.get_executor(), store_, trouble_, engine_),
        ingest_(intake_, clock_, {.version = options_.version}),
        pruning_(loop_.get_executor(), store_, trouble_, clock_, config_.retention),
        timer_(loop_),
        signals_(loop_, SIGTERM, SIGINT, SIGHUP),
        last_reload_(clock_.Now()) {}

  ~LoopCollector() override {
    ingest_.Stop(absl::ZeroDuration());
    store_.Stop();
  }

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
  // --- EngineOutput: on the loop.

  void Carry(Decision decision) override {
    const std::vector<Delivery> deliveries = decision.deliveries;
    const absl::Status accepted = store_.Run([this, decision = std::move(decision)](Store& store) {
      const absl::Status status = store.Commit(decision);
      // A store that cannot write must not keep people from being told.
      if (!status.ok()) trouble_.Failed("storing a decision", status);
      outbox_.Enqueue(decision.deliveries);
    });
    if (!accepted.ok()) {
      trouble_.Failed("storing a decision", accepted);
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
      if (!status.ok()) trouble_.Failed("recording a delivery", status);
    });
    if (!accepted.ok()) trouble_.Failed("recording a delivery", accepted);
  }

  void WaitForTick() {
    timer_.expires_after(kTick);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      engine_.Tick();
      last_tick_ = clock_.Steady();
      if (options_.on_tick) options_.on_tick(Ready());
      pruning_.Tick();
      ingest_.Refresh();
      WaitForTick();
    });
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
    return trouble_.status();
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
                          .store_errors = trouble_.errors(),
                          .last_reload_ok = reload_ok_,
                          .last_reload = last_reload_,
                          .revision = engine_.plan().revision});
  }

  CollectorConfig config_;
  const CollectorOptions options_;
  RunningConfig running_{options_.config_path};
  const SystemClock clock_;
  asio::io_context loop_{1};
  StoreTrouble trouble_;
  StoreThread store_;
  Outbox outbox_;
  Engine engine_;
  UplinkIntake intake_;
  Ingest ingest_;
  Pruning pruning_;
  const ForgetAgentDeps forgetting_{
      .engine = &engine_,
      .on_store = [this](auto work) { return store_.Run(std::move(work)); },
      .on_loop = [this](auto work) { asio::post(loop_, std::move(work)); }};
  asio::steady_timer timer_;
  asio::signal_set signals_;
  std::unique_ptr<HttpServer> http_;
  bool reload_ok_ = true;
  absl::Time last_reload_;
  absl::Duration last_tick_ = clock_.Steady();
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
