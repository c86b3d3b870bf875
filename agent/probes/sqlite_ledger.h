// SqliteLedger: the ledger in a file of its own, so that it survives a restart of the agent.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/probes/ledger.h"
#include "common/base/clock.h"

namespace postwatch::agent {

// Opens or creates the file (":memory:" for none). A corrupt one, now or later, is set aside as
// PATH.corrupt and a new one is begun; that is logged, not an error. The clock decides what is
// older than 7 days and must outlive the ledger.
absl::StatusOr<std::unique_ptr<Ledger>> OpenSqliteLedger(const std::string& path,
                                                         const Clock& clock);

}  // namespace postwatch::agent
