// What ThreadSanitizer must be told: Debian's Abseil is not built with it, so it sees none of the
// order that absl::Mutex and its kin make, in our code and in gRPC's. These definitions stand
// before those of the shared library and hand on to them. Part of the tests of that preset only.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

// Clang looks for locks that these functions, being the locks, do not take.
#pragma clang diagnostic ignored "-Wthread-safety-analysis"

namespace {

// Whoever unlocks a mutex looks, still within it, at the conditions others wait for. That is after
// we have said "released", so these reads must not be seen.
class ConditionsUnseen {
 public:
  ConditionsUnseen() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~ConditionsUnseen() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
  ConditionsUnseen(const ConditionsUnseen&) = delete;
  ConditionsUnseen& operator=(const ConditionsUnseen&) = delete;
};

// The library's own definition of one of the functions below.
template <class Function>
Function Next(const char* symbol) {
  void* found = dlsym(RTLD_NEXT, symbol);
  if (found == nullptr) {
    std::fprintf(stderr, "absl_order: %s is not in the Abseil that is linked\n", symbol);
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

template <class... Arguments>
using Call = void (*)(Arguments...);

}  // namespace

#define POSTWATCH_ABSL "_ZN4absl7debian3"

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto next = Next<Call<Mutex*>>(POSTWATCH_ABSL "5Mutex4LockEv");
  next(this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  static const auto next = Next<Call<Mutex*>>(POSTWATCH_ABSL "5Mutex6UnlockEv");
  __tsan_release(this);
  const ConditionsUnseen unseen;
  next(this);
}

bool Mutex::TryLock() {
  static const auto next = Next<bool (*)(Mutex*)>(POSTWATCH_ABSL "5Mutex7TryLockEv");
  const bool locked = next(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::ReaderLock() {
  static const auto next = Next<Call<Mutex*>>(POSTWATCH_ABSL "5Mutex10ReaderLockEv");
  next(this);
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  static const auto next = Next<Call<Mutex*>>(POSTWATCH_ABSL "5Mutex12ReaderUnlockEv");
  __tsan_release(this);
  const ConditionsUnseen unseen;
  next(this);
}

void Mutex::Await(const Condition& condition) {
  static const auto next =
      Next<Call<Mutex*, const Condition&>>(POSTWATCH_ABSL "5Mutex5AwaitERKNS0_9ConditionE");
  __tsan_release(this);
  const ConditionsUnseen unseen;
  next(this, condition);
  __tsan_acquire(this);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  static const auto next = Next<bool (*)(Mutex*, const Condition&, Duration)>(
      POSTWATCH_ABSL "5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  __tsan_release(this);
  const ConditionsUnseen unseen;
  const bool held = next(this, condition, timeout);
  __tsan_acquire(this);
  return held;
}

void CondVar::Wait(Mutex* mutex) {
  static const auto next =
      Next<Call<CondVar*, Mutex*>>(POSTWATCH_ABSL "7CondVar4WaitEPNS0_5MutexE");
  __tsan_release(mutex);
  const ConditionsUnseen unseen;
  next(this, mutex);
  __tsan_acquire(mutex);
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static const auto next = Next<bool (*)(CondVar*, Mutex*, Time)>(
      POSTWATCH_ABSL "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  __tsan_release(mutex);
  const ConditionsUnseen unseen;
  const bool timed_out = next(this, mutex, deadline);
  __tsan_acquire(mutex);
  return timed_out;
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static const auto next = Next<bool (*)(CondVar*, Mutex*, Duration)>(
      POSTWATCH_ABSL "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  __tsan_release(mutex);
  const ConditionsUnseen unseen;
  const bool timed_out = next(this, mutex, timeout);
  __tsan_acquire(mutex);
  return timed_out;
}

void Notification::Notify() {
  static const auto next = Next<Call<Notification*>>(POSTWATCH_ABSL "12Notification6NotifyEv");
  __tsan_release(this);
  next(this);
}

void Notification::WaitForNotification() const {
  static const auto next =
      Next<Call<const Notification*>>("_ZNK4absl7debian312Notification19WaitForNotificationEv");
  next(this);
  __tsan_acquire(const_cast<Notification*>(this));
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  static const auto next = Next<bool (*)(const Notification*, Duration)>(
      "_ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE");
  const bool notified = next(this, timeout);
  __tsan_acquire(const_cast<Notification*>(this));
  return notified;
}

ABSL_NAMESPACE_END
}  // namespace absl
