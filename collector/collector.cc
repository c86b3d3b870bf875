#include "collector/collector.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

#include "collector/alert/outbox.h"
#include "collector/certificate_watch.h"
#include "collector/config_files.h"
#include "collector/correlate/crossing.h"
#include "collector/engine.h"
#include "collector/forget_agent.h"
#include "collector/ingest/ingest.h"
#include "collector/metrics.h"
#include "collector/plan.h"
#include "collector/pruning.h"
#include "collector/readiness.h"
#include "collector/running_config.h"
#include "collector/sinks.h"
#include "collector/standby.h"
#include "collector/state.h"
#include "collector/store/open_store.h"
#include "collector/store/store_thread.h"
#include "collector/store_probe.h"
#include "collector/store_trouble.h"
#include "collector/unsaved_decisions.h"
#include "collector/uplink_intake.h"
#include "collector/uplink_tls.h"
#include "collector/web/api.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/signals.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick(500);
constexpr absl::Duration kGrace = absl::Seconds(2);
constexpr absl::Duration kSaveEvery = absl::Seconds(5);  // what the store could not take

AlertPipelineOptions PipelineOptions(const CollectorConfig& config) {
  AlertPipelineOptions options{.reminder_every = config.reminder_every};
  for (const SinkConfig& sink : config.sinks) options.sinks.push_back(sink.name);
  return options;
}

class LoopCollector : public Collector, private EngineOutput {
 public:
  LoopCollector(CollectorConfig config, CollectorOptions options, Tenure tenure)
      : config_(std::move(config)),
        options_(std::move(options)),
        lease_(std::move(tenure.lease)),
        trouble_(config_.store, clock_),
        readiness_(trouble_, clock_),
        certificates_({config_.tls_ca, config_.tls_cert, config_.tls_key}, clock_),
        store_(std::move(tenure.store)),
        outbox_(
            clock_, [this](DeliveryOutcome outcome) { RecordOutcome(std::move(outcome)); },
            [this] { return lease_->Holds(); }),
        engine_(MakeCorrelator(
                    {.agent_silent_after = config_.agent_silent_after, .blip = config_.page_after}),
                AlertPipeline(PipelineOptions(config_)), clock_, *this),
        intake_(loop_.get_executor(), store_, trouble_, engine_),
        ingest_(
            intake_, clock_,
            {.version = options_.version, .ready = [this] { return readiness_.status().ok(); }}),
        probe_(store_, trouble_, clock_,
               [this](Store& store) { SaveUnsaved(store).IgnoreError(); }),
        pruning_(loop_.get_executor(), store_, trouble_, clock_,
                 {config_.retention, config_.summary_retention, config_.incident_retention}),
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
    LookAtCertificates();
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
    lease_->WhenLost(
        [this](const absl::Status& why) { asio::post(loop_, [this, why] { LeaseLost(why); }); });
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
    ReleaseSignals({SIGHUP, SIGINT, SIGTERM});
    loop_.run();
    ingest_.Drain(absl::Seconds(1));
    ingest_.Stop(kGrace);
    http_.reset();
    outbox_.Stop();  // so that what was delivered is known to be by whoever comes next
    if (unsaved_.waiting()) {
      store_.Run([this](Store& store) { SaveUnsaved(store).IgnoreError(); }).IgnoreError();
    }
    store_.Stop();
    lease_->End();
    Log(LogLevel::kInfo, "collector has stopped");
    return lost_;
  }

  void Stop() override {
    asio::post(loop_, [this] { loop_.stop(); });
  }

  std::string http_address() const override { return http_->address(); }
  int grpc_port() const override { return ingest_.port(); }

 private:
  // --- EngineOutput: on the loop.

  // A store that cannot write must not keep people from being told; but one that is another
  // collector's by now must: that one tells them.
  void Carry(Decision decision) override {
    const absl::Status accepted = store_.Run([this, decision](Store& store) {
      unsaved_.Add(decision);
      if (!absl::IsAborted(SaveUnsaved(store))) outbox_.Enqueue(decision.deliveries);
    });
    if (!accepted.ok()) {
      trouble_.Failed("storing a decision", accepted);
      outbox_.Enqueue(decision.deliveries);
      unsaved_.AddLater(std::move(decision));
    }
  }

  void RequestRun(const std::string& agent, const std::string& request_id,
                  const std::vector<std::string>& check_ids) override {
    ingest_.RequestRun(agent, {.id = request_id, .check_ids = check_ids});
  }

  // --- The rest: on the loop unless said otherwise.

  // On the store's thread.
  absl::Status SaveUnsaved(Store& store) {
    absl::Status status = unsaved_.SaveTo(store);
    if (!status.ok()) trouble_.Failed("storing a decision", status);
    return status;
  }

  // A store that takes observations again takes decisions too.
  void SaveUnsavedIfDue() {
    const bool due = unsaved_.waiting() && !trouble_.full();  // else the probe does it
    if (!due || clock_.Steady() - last_save_ < kSaveEvery) return;
    last_save_ = clock_.Steady();
    store_.Run([this](Store& store) { SaveUnsaved(store).IgnoreError(); }).IgnoreError();
  }

  void LookAtCertificates() {
    certificates_.Tick();
    readiness_.SetCertificate(certificates_.own());
  }

  // On a sink's thread.
  void RecordOutcome(DeliveryOutcome outcome) {
    const absl::Status accepted = store_.Run([this, outcome](Store& store) {
      if (unsaved_.Record(outcome)) return;
      const absl::Status status = store.RecordDelivery(outcome.delivery_id, outcome.settled,
                                                       outcome.at, outcome.retry_at, outcome.error);
      if (!status.ok()) trouble_.Failed("recording a delivery", status);
    });
    if (!accepted.ok()) trouble_.Failed("recording a delivery", accepted);
  }

  // What was decided and not stored is void: another collector decides anew from what is stored. So
  // this one ends, to begin again as a standby.
  void LeaseLost(const absl::Status& why) {
    lost_ = absl::AbortedError(
        Concat("this collector may act no longer, and ends: ", FromAbsl(why.message())));
    loop_.stop();
  }

  void WaitForTick() {
    timer_.expires_after(kTick);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      engine_.Tick();
      readiness_.Ticked();
      LookAtCertificates();
      probe_.Tick();
      if (options_.on_tick) options_.on_tick(State());
      SaveUnsavedIfDue();
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
            .ready = [this] { return readiness_.status(); },
            .reload = [this] { return Reload(); },
            .forget_agent =
                [this](const std::string& agent, std::function<void(const absl::Status&)> done) {
                  ForgetAgent(forgetting_, agent, std::move(done));
                },
            .plan = [this] { return engine_.plan(); },
            .config = [this] { return running_.Json(Now(), engine_.keeper().agents().size()); },
            .crossed_by = CrossedBy};
  }

  std::string State() const {
    const absl::Status ready = readiness_.status();
    return ready.ok() ? "takes in what agents see and thinks it through"
                      : std::string(FromAbsl(ready.message()));
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
                          .store_writable = trouble_.status().ok(),
                          .unstored = intake_.unstored(),
                          .ready = readiness_.status().ok(),
                          .certificate = certificates_.own(),
                          .authorities = certificates_.authorities(),
                          .last_reload_ok = reload_ok_,
                          .last_reload = last_reload_,
                          .revision = engine_.plan().revision});
  }

  CollectorConfig config_;
  const CollectorOptions options_;
  RunningConfig running_{options_.config_path};
  const SystemClock clock_;
  asio::io_context loop_{1};
  const std::unique_ptr<LeaseKeeper> lease_;
  absl::Status lost_;  // the lease, and why
  StoreTrouble trouble_;
  Readiness readiness_;
  CertificateWatch certificates_;
  UnsavedDecisions unsaved_;  // of the store's thread, but AddLater and waiting
  StoreThread store_;
  Outbox outbox_;
  Engine engine_;
  UplinkIntake intake_;
  Ingest ingest_;
  StoreProbe probe_;
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
  absl::Duration last_save_ = -absl::InfiniteDuration();
};

// A configuration, and what is made of it.
struct Orders {
  CollectorConfig config;
  FleetPlan plan;
  std::vector<std::unique_ptr<AlertSink>> sinks;
};

absl::StatusOr<Orders> MakeOrders(CollectorConfig config, const Clock& clock) {
  Mistakes mistakes;
  FleetPlan plan = MakePlan(config, mistakes);
  std::vector<std::unique_ptr<AlertSink>> sinks = MakeSinks(config, clock, mistakes);
  absl::Status status = mistakes.ToStatus();
  if (!status.ok()) return status;
  return Orders{std::move(config), std::move(plan), std::move(sinks)};
}

// The configuration may have changed while a collector stood by; one that is no good now is no
// reason not to take over.
void ReadAgain(const std::string& path, const Clock& clock, Orders& orders) {
  absl::StatusOr<CollectorConfig> config = LoadCollectorConfig(path);
  absl::StatusOr<Orders> fresh =
      config.ok() ? MakeOrders(*std::move(config), clock) : absl::StatusOr<Orders>(config.status());
  if (fresh.ok()) {
    orders = *std::move(fresh);
    return;
  }
  Log(LogLevel::kError, "the configuration is no good now; taking over with the one read before",
      {{"error", std::string(FromAbsl(fresh.status().message()))}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Collector>> MakeCollector(CollectorConfig config,
                                                         CollectorOptions options) {
  static const SystemClock clock;  // outlives every thread
  absl::StatusOr<Orders> orders = MakeOrders(std::move(config), clock);
  if (!orders.ok()) return orders.status();
  absl::StatusOr<Tenure> tenure =
      AwaitTenure(orders->config, {.version = options.version, .on_tick = options.on_tick}, clock);
  if (!tenure.ok()) return tenure.status();
  if (tenure->waited) {
    // Who stood by was ready already, and is watched over.
    if (options.on_tick) options.on_tick("takes over; reads what is stored");
    ReadAgain(options.config_path, clock, *orders);
  }
  absl::StatusOr<SavedState> state =
      ReadState(*tenure->store, clock.Now(), CorrelatorOptions().evidence_window, orders->plan);
  if (!state.ok()) return ExplainStoreFailure(orders->config.store, state.status());
  auto collector = std::make_unique<LoopCollector>(std::move(orders->config), std::move(options),
                                                   *std::move(tenure));
  const absl::Status status =
      collector->Start(*std::move(state), orders->plan, std::move(orders->sinks));
  if (!status.ok()) return status;
  return collector;
}

}  // namespace postwatch::collector
