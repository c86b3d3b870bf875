#include "agent/schedule/scheduler.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <map>
#include <set>
#include <utility>

#include "agent/schedule/restraint.h"
#include "agent/schedule/timetable.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

namespace asio = boost::asio;

// A wait that was overtaken by an earlier one ends within this time, so that few ever pile up.
constexpr absl::Duration kLongestWait = absl::Minutes(1);
// How often the credentials of checks that are held for theirs are looked at.
constexpr absl::Duration kLookAgain = absl::Seconds(5);
constexpr absl::Duration kStopPoll = absl::Milliseconds(20);
constexpr absl::Duration kUnwindLimit = absl::Seconds(2);
// Runs that take longer are waited for, not with, when all are to end.
constexpr absl::Duration kBrisk = absl::Seconds(1);

// A check and its probe; a run keeps it alive when the assignment drops it.
struct Active {
  CheckSpec spec;
  std::unique_ptr<Probe> probe;
  Restraint restraint;
  std::string credential;                          // mark of what the last run logged in with
  absl::Duration took = absl::InfiniteDuration();  // the last run
};

struct Running {
  std::unique_ptr<asio::cancellation_signal> signal;
  std::shared_ptr<Active> active;
  absl::Duration started;
};

enum class Starting { kAll, kBrisk, kNone };

}  // namespace

// Shared with the runs and waits, which find it stopped when they end late.
class Scheduler::Core : public std::enable_shared_from_this<Scheduler::Core> {
 public:
  Core(asio::any_io_executor executor, EventClock& clock, SchedulerOptions options,
       SchedulerActions actions)
      : executor_(std::move(executor)),
        clock_(clock),
        actions_(std::move(actions)),
        timetable_(options.agent, options.concurrency) {}

  void TakeUp(ScheduleState state) {
    share_ = state.share;
    requests_ = std::move(state.requests);
    for (const CheckPlace& place : state.checks) {
      if (place.rejections + place.throttles > 0) places_.insert_or_assign(place.check_id, place);
    }
    timetable_.TakeUp(std::move(state));
  }

  ScheduleState State() const {
    ScheduleState state = timetable_.State();
    for (CheckPlace& place : state.checks) {
      const auto it = active_.find(place.check_id);
      if (it == active_.end()) continue;
      place.rejections = it->second->restraint.rejections();
      place.throttles = it->second->restraint.throttles();
    }
    return state;
  }

  void Assign(std::vector<CheckSpec> checks) {
    std::map<std::string, std::shared_ptr<Active>, std::less<>> next;
    std::map<std::string, std::string> problems;
    std::vector<CheckSpec> runnable;
    for (CheckSpec& spec : checks) {
      if (next.contains(spec.id)) {
        problems.emplace(spec.id, "is assigned twice; the first one runs");
        continue;
      }
      std::shared_ptr<Active> active = Keep(spec);
      if (active == nullptr) active = Make(spec, problems);
      if (active == nullptr) continue;
      next.insert_or_assign(spec.id, std::move(active));
      runnable.push_back(std::move(spec));
    }
    active_ = std::move(next);
    problems_ = std::move(problems);
    timetable_.Assign(runnable, clock_.Steady());
    places_.clear();
    for (const auto& [id, active] : active_) Watch(id);
    for (const DueRun& due : std::exchange(requests_, {})) {
      timetable_.Request(due.run_request, due.check_id, clock_.Steady());
    }
    Dispatch();
  }

  void RunNow(const std::string& request, const std::vector<std::string>& check_ids) {
    for (const std::string& id : check_ids) {
      if (!timetable_.Request(request, id, clock_.Steady())) {
        Log(LogLevel::kDebug, "a run-now request is not followed",
            {{"request", request}, {"check", id}});
      }
    }
    Dispatch();
  }

  void SetShare(FleetShare share) {
    share_ = share;
    timetable_.SetShare(share, clock_.Steady());
    Dispatch();
  }

  void StartOnly(Starting what) { starting_ = what; }
  bool ended() const { return starting_ == Starting::kNone; }

  void Resume() {
    starting_ = Starting::kAll;
    asio::post(executor_, [core = shared_from_this()] { core->Dispatch(); });
  }

  void Cancel() {
    starting_ = Starting::kNone;
    ++epoch_;
    for (auto& [id, run] : runs_) run.signal->emit(asio::cancellation_type::terminal);
  }

  // Whether a run is under way that takes long, as far as can be told.
  bool IsSlow() const {
    const absl::Duration now = clock_.Steady();
    return std::any_of(runs_.begin(), runs_.end(), [now](const auto& entry) {
      const Running& run = entry.second;
      return run.active->took > kBrisk || now - run.started > kBrisk;
    });
  }

  std::vector<std::string> problems() const {
    std::vector<std::string> lines;
    for (const auto& [id, why] : problems_) lines.push_back(Concat(id, ": ", why));
    return lines;
  }

  size_t checks() const { return active_.size(); }
  size_t running() const { return runs_.size(); }
  EventClock& clock() { return clock_; }

 private:
  std::shared_ptr<Active> Keep(const CheckSpec& spec) {
    const auto it = active_.find(spec.id);
    return it != active_.end() && it->second->spec == spec ? it->second : nullptr;
  }

  std::shared_ptr<Active> Make(const CheckSpec& spec,
                               std::map<std::string, std::string>& problems) {
    absl::StatusOr<std::unique_ptr<Probe>> probe = actions_.make(spec);
    if (probe.ok()) {
      auto active = std::make_shared<Active>(Active{spec, *std::move(probe), Restraint(), ""});
      if (const auto place = places_.find(spec.id); place != places_.end()) {
        active->restraint = Restraint(place->second.rejections, place->second.throttles);
        active->credential = actions_.credential_mark(spec);
      }
      return active;
    }
    const std::string why(FromAbsl(probe.status().message()));
    const auto known = problems_.find(spec.id);
    if (known == problems_.end() || known->second != why) {
      Log(LogLevel::kError, "a check cannot be made and does not run",
          {{"check", spec.id}, {"kind", spec.kind}, {"error", why}});
    }
    problems.emplace(spec.id, why);
    return nullptr;
  }

  // Whoever mended a password should not have to wait for the end of the hold.
  void ReleaseRenewed(absl::Duration now) {
    if (rejected_.empty() || now < look_at_) return;
    look_at_ = now + kLookAgain;
    std::erase_if(rejected_, [this, now](const std::string& id) {
      const auto it = active_.find(id);
      if (it == active_.end()) return true;
      Active& active = *it->second;
      if (actions_.credential_mark(active.spec) == active.credential) return false;
      Log(LogLevel::kInfo, "a rejected credential has changed; trying it now", {{"check", id}});
      active.restraint = Restraint();
      timetable_.Release(id, now);
      return true;
    });
  }

  // Starts what is due and sees to it that we wake for the next slot.
  void Dispatch() {
    if (ended()) return;
    const absl::Duration now = clock_.Steady();
    ReleaseRenewed(now);
    Timetable::MayStart may_start;
    if (starting_ == Starting::kBrisk) {
      may_start = [this](const std::string& id) {
        return active_.find(id)->second->took <= kBrisk;
      };
    }
    for (DueRun& due : timetable_.TakeDue(now, may_start)) Start(std::move(due));
    const absl::Duration longest = rejected_.empty() ? kLongestWait : kLookAgain;
    const absl::Duration next = std::min(timetable_.NextSlot(now), now + longest);
    if (wake_at_ > now && wake_at_ <= next) return;
    wake_at_ = next;
    ++wake_generation_;
    asio::co_spawn(executor_, WakeAfter(shared_from_this(), next - now, wake_generation_),
                   asio::detached);
  }

  static Task<void> WakeAfter(std::shared_ptr<Core> core, absl::Duration wait,
                              uint64_t generation) {
    const absl::Status slept = co_await core->clock_.SleepFor(wait);
    if (slept.ok() && core->wake_generation_ == generation) core->Dispatch();
  }

  void Start(DueRun due) {
    const std::string id = due.check_id;
    auto signal = std::make_unique<asio::cancellation_signal>();
    asio::cancellation_slot slot = signal->slot();
    const std::shared_ptr<Active> active = active_.find(id)->second;
    runs_.insert_or_assign(id, Running{std::move(signal), active, clock_.Steady()});
    asio::co_spawn(executor_, Run(shared_from_this(), active, std::move(due), epoch_),
                   asio::bind_cancellation_slot(slot, [core = shared_from_this(), active, id,
                                                       epoch = epoch_](std::exception_ptr error) {
                     core->AfterRun(*active, id, error != nullptr, core->epoch_ != epoch);
                   }));
  }

  // What ends in another epoch than it was begun in was cancelled, and reports nothing.
  static Task<void> Run(std::shared_ptr<Core> core, std::shared_ptr<Active> active, DueRun due,
                        uint64_t epoch) {
    active->credential = core->actions_.credential_mark(active->spec);
    const absl::Duration started = core->clock_.Steady();
    std::vector<Observation> seen =
        co_await core->actions_.run(*active->probe, active->spec, core->clock_);
    if (core->epoch_ != epoch || seen.empty()) co_return;
    active->took = core->clock_.Steady() - started;
    seen.front().run_request = due.run_request;
    core->hold_[due.check_id] =
        active->restraint.After(seen.front(), active->spec.interval, core->share_);
    core->actions_.report(std::move(seen));
  }

  void AfterRun(const Active& active, const std::string& id, bool thrown, bool cancelled) {
    if (thrown && !cancelled) {
      Log(LogLevel::kError, "a probe broke its promise and threw; its run is lost",
          {{"check", id}, {"kind", active.spec.kind}});
    }
    // Posted, because the signal belongs to the operation that is just completing.
    asio::post(executor_, [core = shared_from_this(), id, cancelled] {
      core->runs_.erase(id);
      const absl::Duration now = core->clock_.Steady();
      const auto hold = core->hold_.extract(id);
      core->timetable_.Finish(id, now, hold.empty() ? now : now + hold.mapped());
      if (cancelled) core->timetable_.Release(id, now);
      core->Watch(id);
      core->Dispatch();
    });
  }

  void Watch(const std::string& id) {
    const auto it = active_.find(id);
    const bool rejected = it != active_.end() && it->second->restraint.rejected();
    if (rejected && !it->second->credential.empty()) {
      rejected_.insert(id);
    } else {
      rejected_.erase(id);
    }
  }

  const asio::any_io_executor executor_;
  EventClock& clock_;
  const SchedulerActions actions_;
  Timetable timetable_;
  std::map<std::string, std::shared_ptr<Active>, std::less<>> active_;
  std::map<std::string, std::string> problems_;  // by check id
  std::map<std::string, absl::Duration> hold_;   // set by Run for AfterRun
  std::map<std::string, Running> runs_;
  std::set<std::string> rejected_;                      // checks whose credential was
  absl::Duration look_at_ = -absl::InfiniteDuration();  // again at these
  absl::Duration wake_at_ = -absl::InfiniteDuration();
  uint64_t wake_generation_ = 0;
  FleetShare share_;
  Starting starting_ = Starting::kAll;
  uint64_t epoch_ = 0;  // changes when the runs under way are cancelled
  // Of TakeUp, for the first Assign: what holds checks back, and the requests that wait.
  std::map<std::string, CheckPlace, std::less<>> places_;
  std::vector<DueRun> requests_;
};

Scheduler::Scheduler(asio::any_io_executor executor, EventClock& clock, SchedulerOptions options,
                     SchedulerActions actions)
    : core_(std::make_shared<Core>(std::move(executor), clock, std::move(options),
                                   std::move(actions))) {}

Scheduler::~Scheduler() { core_->Cancel(); }

void Scheduler::TakeUp(ScheduleState state) { core_->TakeUp(std::move(state)); }

ScheduleState Scheduler::State() const { return core_->State(); }

void Scheduler::Assign(std::vector<CheckSpec> checks) { core_->Assign(std::move(checks)); }

void Scheduler::SetShare(FleetShare share) { core_->SetShare(share); }

void Scheduler::RunNow(const std::string& request, const std::vector<std::string>& check_ids) {
  core_->RunNow(request, check_ids);
}

Task<void> Scheduler::Stop(absl::Duration grace) {
  const std::shared_ptr<Core> core = core_;
  EventClock& clock = core->clock();
  core->StartOnly(Starting::kNone);
  const absl::Duration end = clock.Steady() + grace;
  while (core->running() > 0 && clock.Steady() < end) {
    const absl::Status slept = co_await clock.SleepFor(kStopPoll);
    if (!slept.ok()) break;
  }
  core->Cancel();
  const absl::Duration unwound = clock.Steady() + kUnwindLimit;
  while (core->running() > 0 && clock.Steady() < unwound) {
    const absl::Status slept = co_await clock.SleepFor(kStopPoll);
    if (!slept.ok()) co_return;
  }
}

Task<void> Scheduler::WindDown(absl::Duration patience, absl::Duration grace) {
  const std::shared_ptr<Core> core = core_;
  EventClock& clock = core->clock();
  core->StartOnly(Starting::kBrisk);
  const absl::Duration end = clock.Steady() + patience;
  while (core->IsSlow() && clock.Steady() < end && !core->ended()) {
    const absl::Status slept = co_await clock.SleepFor(kStopPoll);
    if (!slept.ok()) co_return;
  }
  co_await Stop(grace);
}

void Scheduler::Resume() { core_->Resume(); }

std::vector<std::string> Scheduler::problems() const { return core_->problems(); }

size_t Scheduler::checks() const { return core_->checks(); }

size_t Scheduler::running() const { return core_->running(); }

}  // namespace postwatch::agent
