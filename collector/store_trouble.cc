#include "collector/store_trouble.h"

#include "collector/store/open_store.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kAnswerWithin = absl::Seconds(30);
constexpr int kLinesAMinute = 1;

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

std::string_view WhatToDo(const absl::Status& why) {
  return absl::IsResourceExhausted(why)
             ? "; make room for it: agents keep what they see, alerts go out, and it goes on by "
               "itself"
             : "; agents keep what they see until it can be written again";
}

}  // namespace

StoreTrouble::StoreTrouble(std::string store, const Clock& clock)
    : store_(std::move(store)),
      clock_(clock),
      last_commit_(clock.Steady()),
      lines_(kLinesAMinute) {}

void StoreTrouble::Failed(std::string_view what, const absl::Status& status) {
  std::optional<uint64_t> held_back;
  {
    absl::MutexLock lock(&mutex_);
    ++errors_;
    asked_ = absl::InfiniteDuration();
    if (!absl::IsNotFound(status)) {
      if (why_.ok()) since_ = clock_.Now();
      // That there is no room is known until there is, whatever else goes wrong.
      if (!absl::IsResourceExhausted(why_)) why_ = status;
    }
    held_back = lines_.Take(clock_.Steady());
  }
  if (!held_back) return;
  Log(LogLevel::kError, Concat(what, " failed"),
      {{"store", store_},
       {"error", std::string(FromAbsl(ExplainStoreFailure(store_, status).message()))},
       {"held_back_before", Concat(*held_back)}});
}

void StoreTrouble::Works() {
  absl::Time since;
  {
    absl::MutexLock lock(&mutex_);
    last_commit_ = clock_.Steady();
    asked_ = absl::InfiniteDuration();
    if (why_.ok()) return;
    why_ = absl::OkStatus();
    since = since_;
  }
  Log(LogLevel::kInfo, "the store can be written again",
      {{"store", store_}, {"failed_since", TimeText(since)}});
}

void StoreTrouble::Asked() {
  absl::MutexLock lock(&mutex_);
  asked_ = std::min(asked_, clock_.Steady());
}

bool StoreTrouble::full() const {
  absl::MutexLock lock(&mutex_);
  return absl::IsResourceExhausted(why_);
}

uint64_t StoreTrouble::errors() const {
  absl::MutexLock lock(&mutex_);
  return errors_;
}

absl::Duration StoreTrouble::last_commit() const {
  absl::MutexLock lock(&mutex_);
  return last_commit_;
}

absl::Status StoreTrouble::status() const {
  absl::MutexLock lock(&mutex_);
  if (!why_.ok()) {
    const absl::Status explained = ExplainStoreFailure(store_, why_);
    return absl::UnavailableError(Concat("the store ", store_, " cannot be written since ",
                                         TimeText(since_), ": ", FromAbsl(explained.message()),
                                         WhatToDo(why_)));
  }
  const absl::Duration waits = clock_.Steady() - asked_;
  if (waits <= kAnswerWithin) return absl::OkStatus();
  return absl::UnavailableError(Concat("the store ", store_, " has not answered for ",
                                       absl::ToInt64Seconds(waits),
                                       " s; look at its disk or its server"));
}

}  // namespace postwatch::collector
