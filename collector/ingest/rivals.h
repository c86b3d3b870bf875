// Rivals: tells when two processes speak as one agent in turns: somebody else may have its key.
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace postwatch::collector {

// An agent that starts anew has another boot id, and the one before never comes back. When it does,
// twice within ten minutes, both live. 4096 agents are told apart. Not thread-safe.
class Rivals {
 public:
  // A process said that it is `agent`, from `from` ("192.0.2.1:4711"). `now` is a steady clock.
  void Came(const std::string& agent, const std::string& boot_id, const std::string& from,
            absl::Duration now);

  // What people must know of it; "" when there is nothing.
  std::string Problem(const std::string& agent, absl::Duration now) const;

 private:
  struct Process {
    std::string boot_id;
    std::string from;
  };
  struct Line {
    Process last, before;
    int returns = 0;
    absl::Duration returned, came;
  };
  absl::flat_hash_map<std::string, Line> lines_;
};

}  // namespace postwatch::collector
