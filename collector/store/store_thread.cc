#include "collector/store/store_thread.h"

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

// The most sightings of one transaction: longer ones gain nothing and delay the work behind them.
constexpr size_t kMaxGroup = 8192;

absl::Status Stopped() {
  return absl::UnavailableError("the store is closed; the collector is stopping");
}

}  // namespace

StoreThread::StoreThread(std::unique_ptr<Store> store, Bounds bounds)
    : bounds_(bounds), store_(std::move(store)), thread_([this] { Loop(); }) {}

StoreThread::~StoreThread() { Stop(); }

void StoreThread::Append(std::vector<Sighting> sightings, Appended done) {
  absl::Status refused;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) {
      refused = Stopped();
    } else if (queued_sightings_ + sightings.size() > bounds_.sightings) {
      refused = absl::UnavailableError(
          Concat("append to the store: ", queued_sightings_,
                 " observations wait already; the disk is too slow for this many"));
    } else {
      queued_sightings_ += sightings.size();
      queue_.push_back(AppendJob{std::move(sightings), std::move(done)});
      return;
    }
  }
  done(refused);
}

absl::Status StoreThread::Run(Work work) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return Stopped();
  if (queued_work_ >= bounds_.work) {
    return absl::UnavailableError(
        Concat("ask the store: ", queued_work_, " requests wait already; the disk is too slow"));
  }
  ++queued_work_;
  queue_.push_back(std::move(work));
  return absl::OkStatus();
}

void StoreThread::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  store_.reset();
}

std::vector<StoreThread::Job> StoreThread::TakeNext() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &StoreThread::HasWorkOrStops));
  std::vector<Job> jobs;
  size_t grouped = 0;
  while (!queue_.empty()) {
    const AppendJob* append = std::get_if<AppendJob>(&queue_.front());
    const bool is_work = append == nullptr;
    if (is_work && !jobs.empty()) break;
    if (is_work) {
      --queued_work_;
    } else {
      grouped += append->sightings.size();
      if (grouped > kMaxGroup && !jobs.empty()) break;
      queued_sightings_ -= append->sightings.size();
    }
    jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (is_work) break;
  }
  return jobs;
}

void StoreThread::Loop() {
  while (true) {
    std::vector<Job> jobs = TakeNext();
    if (jobs.empty()) return;
    if (Work* work = std::get_if<Work>(&jobs.front())) {
      (*work)(*store_);
    } else {
      AppendTogether(std::move(jobs));
    }
  }
}

void StoreThread::AppendTogether(std::vector<Job> jobs) {
  std::vector<std::vector<Sighting>> batches;
  batches.reserve(jobs.size());
  for (Job& job : jobs) batches.push_back(std::move(std::get<AppendJob>(job).sightings));
  const absl::Status appended = store_->AppendAll(absl::MakeSpan(batches));
  for (size_t i = 0; i < jobs.size(); ++i) {
    const Appended& done = std::get<AppendJob>(jobs[i]).done;
    if (appended.ok()) {
      done(std::move(batches[i]));
    } else {
      done(appended);
    }
  }
}

}  // namespace postwatch::collector
