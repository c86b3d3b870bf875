// OneShot: runs the checks of one domain once, from here, with the agent's own probes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/check/job_pool.h"
#include "cli/check/report.h"
#include "common/dns/resolver.h"
#include "common/model/settings.h"

namespace postwatch::cli {

struct OneShotOptions {
  std::string domain;
  std::optional<Settings> mailbox;  // turns on the checks that need credentials
  std::vector<Address> resolvers;   // the first serves all checks; DNS is checked by each
  std::string ca_file;              // trusted instead of the system's roots
  std::vector<std::string> only;    // check kinds; empty = all that apply
  absl::Duration timeout = absl::Seconds(60);         // of all checks together
  std::function<void(const PoolProgress&)> progress;  // for a person who waits; may be empty
};

// Checks run side by side. SIGINT and SIGTERM end the run early: the report then has what is known
// and is marked as interrupted. InvalidArgument: an unknown kind in `only`, a bad mailbox file.
// NotFound: no resolver to ask. A mail server that fails is in the report, not here.
absl::StatusOr<Report> RunOneShot(const OneShotOptions& options);

// The check kinds `only` may name.
std::vector<std::string> OneShotKinds();

}  // namespace postwatch::cli
