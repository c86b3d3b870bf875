// Hand-over: how a running agent becomes the program that has taken the place of its own on disk.
#pragma once

#include <csignal>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/net/event_clock.h"
#include "common/net/task.h"

namespace postwatch::agent {

// The signals that the agent knows. Between one program and the next nobody waits for them: they
// are held for that time (HoldSignals), so that none ends the process.
inline constexpr std::initializer_list<int> kAgentSignals = {SIGHUP, SIGINT, SIGTERM, SIGUSR2};

// One process, two programs: the process id stays, and with it the supervisor's idea of us.
class Successor {
 public:
  // Of the running process: `program` is the path of its file, `arguments` and `environment` are
  // those that main was given (what this program adds to its own environment is not for another),
  // and `config_file` is what the successor has to be able to read.
  Successor(std::string program, std::vector<std::string> arguments,
            std::vector<std::string> environment, std::string config_file);

  // Has the program that is at that path now check the configuration, in a process of its own, for
  // at most 20 s. Errors have its words.
  Task<absl::Status> Check(EventClock& clock) const;

  // Replaces this process's program; arguments and environment are those of before, open files are
  // not. Returns only when it fails, and holds kAgentSignals then. Nothing that must be closed in
  // order may be open.
  absl::Status Become() const;

 private:
  const std::string program_;
  const std::vector<std::string> arguments_;
  const std::vector<std::string> environment_;
  const std::string config_file_;
};

// The path of the file that this process runs, also when it has been replaced since; empty when the
// system does not tell.
std::string OwnProgram();

}  // namespace postwatch::agent
