// Progress: how far a run of many checks is, for the person who waits.
#pragma once

#include <string>

#include "cli/check/job_pool.h"

namespace postwatch::cli {

// "12 of 20 done, 3 s: waiting for smtp.mx", on one line of a terminal.
std::string ProgressText(const PoolProgress& progress);

// "3 of 20: dns.mx pass, 12 ms" and a line break, when a check ended just now; else "".
std::string ProgressLine(const PoolProgress& progress);

}  // namespace postwatch::cli
