#include "common/wire/grpc_log.h"

#include <grpc/support/log.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/log_budget.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr int kLinesAMinute = 10;
constexpr size_t kMaxPeer = 64;

struct Budget {
  absl::Mutex mutex;
  LogBudget lines ABSL_GUARDED_BY(mutex){kLinesAMinute};
};

// On any of gRPC's threads.
void Forward(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  static Budget& budget = *new Budget;  // gRPC's threads may outlive main
  std::optional<uint64_t> held_back;
  {
    const absl::MutexLock lock(&budget.mutex);
    held_back = budget.lines.Take(SystemClock().Steady());
  }
  if (!held_back.has_value()) return;
  std::string_view file = args->file;
  file = file.substr(file.rfind('/') + 1);
  const std::string at = Concat(file, ":", args->line);
  std::string peer = PeerNamedIn(args->message);
  if (peer.empty()) peer = "unknown";
  const std::string more = Concat(*held_back);
  if (*held_back > 0) {
    Log(LogLevel::kWarn, "grpc",
        {{"text", args->message}, {"peer", peer}, {"at", at}, {"held_back_before", more}});
  } else {
    Log(LogLevel::kWarn, "grpc", {{"text", args->message}, {"peer", peer}, {"at", at}});
  }
}

}  // namespace

std::string PeerNamedIn(std::string_view text) {
  for (const std::string_view scheme : {"ipv4:", "ipv6:"}) {
    const size_t at = text.find(scheme);
    if (at == text.npos) continue;
    std::string peer(text.substr(at + scheme.size(), kMaxPeer));
    peer.resize(std::min(peer.size(), peer.find_first_not_of("0123456789abcdefABCDEF.:[]%")));
    for (const auto& [code, sign] : {std::pair("%5B", "["), std::pair("%5D", "]")}) {
      if (const size_t found = peer.find(code); found != peer.npos) peer.replace(found, 3, sign);
    }
    while (peer.ends_with(':') || peer.ends_with('.')) peer.pop_back();
    return peer;
  }
  return "";
}

void SendGrpcLogToOurs() {
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
  gpr_set_log_function(Forward);
}

}  // namespace postwatch
