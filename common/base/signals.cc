#include "common/base/signals.h"

#include <csignal>

namespace postwatch {
namespace {

void Change(int how, std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  pthread_sigmask(how, &set, nullptr);
}

}  // namespace

void HoldSignals(std::initializer_list<int> numbers) { Change(SIG_BLOCK, numbers); }

void ReleaseSignals(std::initializer_list<int> numbers) { Change(SIG_UNBLOCK, numbers); }

}  // namespace postwatch
