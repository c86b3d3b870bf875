#include "agent/agent.h"

#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "agent/probes/sqlite_ledger.h"
#include "agent/runtime.h"
#include "agent/schedule_file.h"
#include "agent/unknown_replies.h"
#include "common/base/boot_id.h"
#include "common/base/ids.h"
#include "common/base/lock_file.h"
#include "common/base/log.h"
#include "common/base/log_budget.h"
#include "common/base/signals.h"
#include "common/base/text.h"
#include "common/config/changed_keys.h"
#include "common/http/server.h"

namespace postwatch::agent {
namespace {

namespace asio = boost::asio;

constexpr absl::Duration kRunGrace = absl::Seconds(5);
constexpr absl::Duration kHandOverPatience = absl::Seconds(30);  // with runs that take long
constexpr absl::Duration kDrainLimit = absl::Seconds(5);
constexpr absl::Duration kGoodbye = absl::Seconds(1);  // of one that hands over
constexpr absl::Duration kRetirePoll = absl::Seconds(1);
constexpr absl::Duration kShutdownPoll = absl::Milliseconds(20);
constexpr absl::Duration kPulse = absl::Seconds(1);
constexpr int kRefusalLinesAMinute = 5;

absl::Status MakeStateDir(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return absl::FailedPreconditionError(Concat("state_dir: make ", path, ": ", std::strerror(errno),
                                              "; make it for the agent's user"));
}

class EventLoopAgent : public Agent {
 public:
  EventLoopAgent(AgentOptions options, AgentConfig config)
      : options_(std::move(options)), config_(std::move(config)) {
    for (const int signal : kAgentSignals) signals_.add(signal);
  }

  absl::Status Open() {
    if (absl::Status status = MakeStateDir(config_.state_dir); !status.ok()) return status;
    absl::StatusOr<LockFile> lock = LockFile::Take(config_.state_dir + "/lock");
    if (!lock.ok()) {
      return absl::Status(lock.status().code(), Concat("state_dir: ", lock.status().message()));
    }
    lock_ = *std::move(lock);
    SpoolOptions spool_options;
    spool_options.max_bytes = config_.spool_bytes;
    spool_options.max_age = config_.spool_age;
    spool_options.machine_boot_id = MachineBootId();
    absl::StatusOr<std::unique_ptr<Spool>> spool =
        Spool::Open(config_.state_dir + "/spool.db", spool_options, *clock_);
    if (!spool.ok()) return spool.status();
    absl::StatusOr<std::unique_ptr<Ledger>> ledger =
        OpenSqliteLedger(config_.state_dir + "/ledger.db", *clock_);
    if (!ledger.ok()) return ledger.status();
    spool_ = *std::move(spool);
    ledger_ = *std::move(ledger);
    absl::StatusOr<std::unique_ptr<Runtime>> runtime = MakeRuntime(config_);
    if (!runtime.ok()) return runtime.status();
    runtime_ = *std::move(runtime);
    TakeUpSchedule();
    return Listen();
  }

  AgentEnd Run() override {
    metrics_.Reloaded(true, clock_->Now());
    Log(LogLevel::kInfo, "agent starts",
        {{"agent", config_.name},
         {"version", options_.version},
         {"collector", config_.collector_address},
         {"http", web_address()},
         {"waiting", Concat(spool_->count())}});
    asio::co_spawn(io_, lag_.Run(), asio::detached);
    WaitForSignal();
    ReleaseSignals(kAgentSignals);
    runtime_->Start();
    asio::co_spawn(io_, Pulse(), asio::detached);
    io_.run();
    if (handing_over_ && !stopping_) return AgentEnd::kHandsOver;
    if (runtime_->running() + static_cast<size_t>(retiring_) > 0) {
      // A run that does not unwind still uses what our destructors would take away.
      Log(LogLevel::kWarn, "a run did not end when it was cancelled", {});
      std::_Exit(EXIT_SUCCESS);
    }
    Log(LogLevel::kInfo, "agent ends", {{"waiting", Concat(spool_->count())}});
    return AgentEnd::kStopped;
  }

  void Stop() override {
    asio::post(io_, [this] { BeginShutdown(); });
  }

  std::string web_address() const override { return http_ == nullptr ? "" : http_->address(); }

 private:
  absl::StatusOr<std::unique_ptr<Runtime>> MakeRuntime(const AgentConfig& config) {
    return Runtime::Make(
        config, {io_.get_executor(), *clock_, *spool_, *ledger_, lag_, metrics_,
                 [this](std::vector<Observation> seen) { Keep(std::move(seen)); }, options_.version,
                 boot_id_, config_.state_dir + "/assignment.pb", config_.state_dir + "/fleet.key"});
  }

  absl::Status Listen() {
    if (config_.web_listen.empty()) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<HttpServer>> http =
        StartHttpServer(io_.get_executor(), config_.web_listen,
                        [this](HttpRequest request, HttpReply reply) { reply(Answer(request)); },
                        {.hosts = config_.web_hosts, .hosts_key = "web.hosts"});
    if (!http.ok()) return http.status();
    http_ = *std::move(http);
    return absl::OkStatus();
  }

  // One that is out of bounds must not take the others with it.
  void Keep(std::vector<Observation> seen) {
    for (const Observation& observation : seen) {
      metrics_.Count(observation);
      unknown_replies_.Count(observation, clock_->Steady());
      metrics_.SetUnclassified(unknown_replies_.count());
      const absl::StatusOr<uint64_t> kept = spool_->Append({observation});
      if (!kept.ok()) RefusedBySpool(observation, kept.status());
    }
    if (runtime_ != nullptr) runtime_->Wake();
  }

  void RefusedBySpool(const Observation& observation, const absl::Status& why) {
    metrics_.CountUnspoolable();
    const std::optional<uint64_t> held_back = refusal_lines_.Take(clock_->Steady());
    if (!held_back.has_value()) return;
    Log(LogLevel::kError, "an observation is lost: the spool does not take it",
        {{"check", observation.check_id},
         {"error", why.ToString()},
         {"held_back_before", Concat(*held_back)}});
  }

  // Whoever supervises the process learns from it that the loop turns, and how the agent is.
  Task<void> Pulse() {
    while (options_.on_pulse) {
      options_.on_pulse(WhyNotReady());
      const absl::Status slept = co_await clock_->SleepFor(kPulse);
      if (!slept.ok()) co_return;
    }
  }

  // A line a reason; empty when it is ready.
  std::string WhyNotReady() const {
    std::string reasons;
    if (!spool_->disk().ok()) {
      Append(reasons, "the spool in ", config_.state_dir,
             " cannot be written: ", FromAbsl(spool_->disk().message()),
             "; held in memory: ", spool_->held(), ", lost: ", spool_->lost(), "\n");
    }
    if (!runtime_->connected()) reasons += "not connected to the collector\n";
    return reasons;
  }

  HttpResponse Ready() const {
    std::string reasons = WhyNotReady();
    if (reasons.empty()) return {.body = "ready\n"};
    return {503, "text/plain; charset=utf-8", std::move(reasons)};
  }

  HttpResponse Answer(const HttpRequest& request) {
    if (request.path == "/-/reload") {
      if (request.method != "POST") return ErrorResponse(405, "use POST to reload");
      absl::Status status = Reload();
      return status.ok() ? HttpResponse{.body = "reloaded\n"}
                         : ErrorResponse(500, FromAbsl(status.message()));
    }
    if (request.method != "GET" && request.method != "HEAD") {
      return ErrorResponse(405, "only GET is served here");
    }
    if (request.path == "/-/healthy") return {.body = "healthy\n"};
    if (request.path == "/-/ready") return Ready();
    if (request.path == "/metrics") {
      return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.Render(Gauges())};
    }
    return ErrorResponse(404, "there are /-/healthy, /-/ready, /metrics and POST /-/reload");
  }

  AgentGauges Gauges() const {
    AgentGauges gauges;
    gauges.version = options_.version;
    gauges.spool_observations = spool_->count();
    gauges.spool_bytes = spool_->bytes();
    gauges.spool_dropped = spool_->dropped();
    gauges.spool_oldest = spool_->oldest();
    gauges.spool_writable = spool_->disk().ok();
    gauges.spool_held = spool_->held();
    gauges.spool_lost = spool_->lost();
    gauges.loop_lag = lag_.Worst();
    runtime_->Describe(gauges);
    return gauges;
  }

  // A bad configuration changes nothing. The same one as before connects anew, so that renewed
  // certificates are taken up.
  absl::Status Reload() {
    if (stopping_) return absl::FailedPreconditionError("the agent is stopping");
    if (handing_over_) {
      return absl::FailedPreconditionError("the agent hands over; its successor reads it");
    }
    absl::Status status = TryReload();
    metrics_.Reloaded(status.ok(), clock_->Now());
    if (status.ok()) {
      Log(LogLevel::kInfo, "configuration reloaded", {{"file", options_.config_file}});
    } else {
      Log(LogLevel::kError, "the new configuration is bad; the old one stays",
          {{"file", options_.config_file}, {"error", std::string(FromAbsl(status.message()))}});
    }
    return status;
  }

  absl::Status TryReload() {
    absl::StatusOr<AgentConfig> config = LoadAgentConfig(options_.config_file);
    if (!config.ok()) return config.status();
    if (config->source == config_.source) {
      runtime_->Reconnect();
      return absl::OkStatus();
    }
    for (const char* key : {"state_dir", "spool", "web"}) {
      const Settings* before = config_.source.Find(key);
      const Settings* after = config->source.Find(key);
      if ((before == nullptr) != (after == nullptr) || (before != nullptr && *before != *after)) {
        return absl::FailedPreconditionError(
            Concat(key, ": cannot be changed by a reload; restart the agent"));
      }
    }
    absl::StatusOr<std::unique_ptr<Runtime>> runtime = MakeRuntime(*config);
    if (!runtime.ok()) return runtime.status();
    Log(LogLevel::kInfo, "configuration changed",
        {{"keys", Join(ChangedKeys(config_.source, config->source), ", ")}});
    config_ = *std::move(config);
    runtime_->DropLink();
    ++retiring_;
    asio::co_spawn(io_, Retire(std::exchange(runtime_, *std::move(runtime))), asio::detached);
    runtime_->Start();
    return absl::OkStatus();
  }

  // What the old runtime owns must stay until its last run has ended.
  Task<void> Retire(std::unique_ptr<Runtime> old) {
    co_await old->StopRuns(kRunGrace);
    while (old->running() > 0) {
      const absl::Status slept = co_await clock_->SleepFor(kRetirePoll);
      if (!slept.ok()) break;
    }
    --retiring_;
  }

  void WaitForSignal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        Reload().IgnoreError();  // logged there
      } else if (signal == SIGUSR2) {
        BeginHandOver();
      } else if (stopping_) {
        std::_Exit(EXIT_FAILURE);
      } else {
        BeginShutdown();
      }
      WaitForSignal();
    });
  }

  std::string SchedulePath() const { return config_.state_dir + "/schedule.pb"; }

  void TakeUpSchedule() {
    absl::StatusOr<ScheduleState> state = TakeSchedule(SchedulePath(), MachineBootId());
    if (state.ok()) {
      runtime_->TakeUp(*std::move(state));
    } else if (absl::IsDataLoss(state.status())) {
      Log(LogLevel::kWarn, "the schedule begins anew", {{"error", state.status().ToString()}});
    }
  }

  void BeginHandOver() {
    if (stopping_ || options_.successor == nullptr || std::exchange(handing_over_, true)) return;
    asio::co_spawn(io_, HandOver(), asio::detached);
  }

  Task<void> HandOver() {
    const absl::Status ready = co_await PrepareHandOver();
    if (stopping_) co_return;
    if (ready.ok()) {
      Log(LogLevel::kInfo, "agent hands over", {{"waiting", Concat(spool_->count())}});
      io_.stop();
      co_return;
    }
    Log(LogLevel::kError, "the agent does not hand over and goes on as it is",
        {{"error", std::string(FromAbsl(ready.message()))}});
    handing_over_ = false;
    runtime_->ResumeRuns();
  }

  // Everything a successor needs is on disk when this is OK, and nothing runs.
  Task<absl::Status> PrepareHandOver() {
    absl::Status fit = co_await options_.successor->Check(*clock_);
    if (!fit.ok() || stopping_) co_return fit;
    Log(LogLevel::kInfo, "agent prepares to hand over", {{"runs", Concat(runtime_->running())}});
    co_await runtime_->WindDown(kHandOverPatience, kRunGrace);
    co_await WaitForRetired();
    if (stopping_) co_return absl::OkStatus();
    if (runtime_->running() + static_cast<size_t>(retiring_) > 0) {
      co_return absl::UnavailableError("a run did not end when it was cancelled");
    }
    if (spool_->held() > 0) spool_->Expire().IgnoreError();
    if (spool_->held() > 0) {
      co_return absl::UnavailableError(
          Concat("the spool cannot be written: ", FromAbsl(spool_->disk().message()),
                 "; what it holds in memory would be lost"));
    }
    absl::Status saved = SaveSchedule(SchedulePath(), MachineBootId(), runtime_->Schedule());
    // The connection's threads must not come back to a loop that has gone.
    if (saved.ok()) {
      co_await runtime_->DrainLink(kGoodbye);
    }
    co_return saved;
  }

  void BeginShutdown() {
    if (std::exchange(stopping_, true)) return;
    Log(LogLevel::kInfo, "agent stops",
        {{"runs", Concat(runtime_->running())}, {"waiting", Concat(spool_->count())}});
    asio::co_spawn(io_, Shutdown(), asio::detached);
  }

  Task<void> Shutdown() {
    co_await runtime_->StopRuns(kRunGrace);
    co_await runtime_->DrainLink(kDrainLimit);
    if (spool_->held() > 0) spool_->Expire().IgnoreError();  // the last chance to write them down
    co_await WaitForRetired();
    const ScheduleState schedule = WithoutRestraint(runtime_->Schedule(), clock_->Steady());
    absl::Status kept = SaveSchedule(SchedulePath(), MachineBootId(), schedule);
    if (!kept.ok()) {
      Log(LogLevel::kWarn, "the schedule is not kept for the next start",
          {{"error", kept.ToString()}});
    }
    io_.stop();
  }

  Task<void> WaitForRetired() {
    const absl::Duration end = clock_->Steady() + kRunGrace;
    while (retiring_ > 0 && clock_->Steady() < end) {
      const absl::Status slept = co_await clock_->SleepFor(kShutdownPoll);
      if (!slept.ok()) co_return;
    }
  }

  const AgentOptions options_;
  AgentConfig config_;
  const std::string boot_id_ = RandomId();
  // Destroyed last but for what is above, with the coroutines that still wait in it.
  asio::io_context io_{1};
  asio::signal_set signals_{io_};
  std::unique_ptr<EventClock> clock_ = MakeSystemEventClock();
  LoopLagMeter lag_{*clock_};
  AgentMetrics metrics_;
  UnknownReplies unknown_replies_;
  LogBudget refusal_lines_{kRefusalLinesAMinute};
  std::optional<LockFile> lock_;  // of the state directory, until all that is in it is closed
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<HttpServer> http_;
  int retiring_ = 0;  // old runtimes that have not ended yet
  bool stopping_ = false;
  bool handing_over_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Agent>> Agent::Make(AgentOptions options, AgentConfig config) {
  auto agent = std::make_unique<EventLoopAgent>(std::move(options), std::move(config));
  if (absl::Status status = agent->Open(); !status.ok()) return status;
  return agent;
}

}  // namespace postwatch::agent
