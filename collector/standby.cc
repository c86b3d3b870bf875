#include "collector/standby.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <utility>

#include "collector/lease_holder.h"
#include "collector/metrics.h"
#include "collector/relay.h"
#include "collector/store/open_store.h"
#include "common/base/log.h"
#include "common/base/signals.h"
#include "common/base/text.h"
#include "common/http/server.h"

namespace postwatch::collector {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick(500);

class Standby {
 public:
  Standby(const CollectorConfig& config, const StandbyOptions& options, Lease& lease,
          LeaseState seen)
      : options_(options),
        lease_(lease),
        seen_(std::move(seen)),
        http_listen_(config.http_listen),
        http_hosts_(config.http_hosts),
        timer_(loop_),
        signals_(loop_, SIGTERM, SIGINT, SIGHUP),
        relay_(loop_.get_executor()) {}

  // The state of the lease once it is ours.
  absl::StatusOr<LeaseState> Wait() {
    auto http = StartHttpServer(loop_.get_executor(), http_listen_,
                                [this](HttpRequest request, HttpReply reply) {
                                  Answer(std::move(request), std::move(reply));
                                },
                                {.hosts = http_hosts_});
    if (!http.ok()) return http.status();
    Log(LogLevel::kInfo, "standing by: another collector acts on this store",
        {{"acts", seen_.holder}, {"health", Concat("http://", (*http)->address(), "/-/ready")}});
    WaitForTick();
    WaitForSignal();
    ReleaseSignals({SIGHUP, SIGINT, SIGTERM});
    loop_.run();
    HoldSignals({SIGHUP, SIGINT, SIGTERM});  // until the collector waits for them
    if (seen_.ours) return seen_;
    return absl::CancelledError("asked to end while standing by");
  }

 private:
  void WaitForTick() {
    timer_.expires_after(kTick);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) Ask();
    });
  }

  // Away from the loop, so that a store that hangs does not keep HTTP waiting.
  void Ask() {
    asio::post(asking_,
               [this] { asio::post(loop_, [this, state = lease_.Acquire()] { Heard(state); }); });
  }

  void Heard(const absl::StatusOr<LeaseState>& state) {
    if (state.ok()) {
      seen_ = *state;
      ready_ = absl::OkStatus();
    } else {
      StoreSilent(state.status());
    }
    if (options_.on_tick) {
      options_.on_tick(ready_.ok() ? Concat("stands by; \"", seen_.holder, "\" acts")
                                   : FromAbsl(ready_.message()));
    }
    if (seen_.ours) {
      loop_.stop();
    } else {
      WaitForTick();
    }
  }

  void StoreSilent(const absl::Status& why) {
    const std::string text = std::string(FromAbsl(why.message()));
    if (ready_.ok()) {
      Log(LogLevel::kError, "standing by, but the store does not answer; asking again",
          {{"error", text}});
    }
    ready_ = absl::UnavailableError(Concat("stands by, but the store does not answer: ", text));
  }

  void WaitForSignal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        Log(LogLevel::kInfo, "the configuration is read again when this collector takes over");
        return WaitForSignal();
      }
      loop_.stop();
    });
  }

  void Answer(HttpRequest request, HttpReply reply) {
    if (request.path == "/-/healthy") return reply({.body = "healthy\n"});
    if (request.path == "/-/ready") return reply(Readiness());
    if (request.path == "/metrics") return reply(Metrics());
    if (request.path == "/-/reload") {
      return reply(ErrorResponse(
          503, "this collector stands by; it reads its configuration when it takes over"));
    }
    const std::string acts = HttpOfLeaseHolder(seen_.holder);
    if (!acts.empty()) return relay_.Pass(std::move(request), acts, std::move(reply));
    reply(ErrorResponse(503, Concat("this collector stands by; \"", seen_.holder,
                                    "\" acts, and has no listen.advertise to be reached at")));
  }

  HttpResponse Readiness() const {
    if (ready_.ok()) return {.body = "ready: stands by\n"};
    return {.status = 503, .body = Concat("not ready: ", FromAbsl(ready_.message()), "\n")};
  }

  HttpResponse Metrics() const {
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = RenderStandbyMetrics(options_.version)};
  }

  const StandbyOptions& options_;
  Lease& lease_;
  LeaseState seen_;
  absl::Status ready_;
  const std::string http_listen_;
  const std::vector<std::string> http_hosts_;
  asio::io_context loop_{1};
  asio::steady_timer timer_;
  asio::signal_set signals_;
  Relay relay_;
  asio::thread_pool asking_{1};  // last: what it does ends before all else goes
};

}  // namespace

absl::StatusOr<Tenure> AwaitTenure(const CollectorConfig& config, const StandbyOptions& options,
                                   const Clock& clock) {
  absl::StatusOr<SharedStore> shared =
      OpenSharedStore(config.store, {.password = config.store_password},
                      {.holder = DescribeLeaseHolder(config.http_advertise)}, clock);
  if (!shared.ok()) return shared.status();
  absl::StatusOr<LeaseState> state = shared->lease->Acquire();
  if (!state.ok()) return ExplainStoreFailure(config.store, state.status());
  const bool waited = !state->ours;
  if (waited) state = Standby(config, options, *shared->lease, *std::move(state)).Wait();
  if (!state.ok()) {
    shared->lease->Release().IgnoreError();  // it may have become ours while we were told to end
    return state.status();
  }
  if (waited) Log(LogLevel::kInfo, "taking over", {{"epoch", Concat(state->epoch)}});
  return Tenure{std::move(shared->store),
                std::make_unique<LeaseKeeper>(std::move(shared->lease), *state, clock), waited};
}

}  // namespace postwatch::collector
