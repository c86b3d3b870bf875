// Alert text: what a person reads first.
#pragma once

#include <string>

#include "collector/model/alert.h"

namespace postwatch::collector {

// "[SEV2] alpha.test access: tcp_refused, 3/3 regions", one line of at most 110 bytes, UTF-8 not
// cut in two: fits a pager.
std::string AlertTitle(const Alert& alert);

// Several lines: what, since when, whose fault and how sure, what else it could be, what to look
// at. What servers said is put on one line each, so that it cannot pass for a line of ours, and is
// untrusted otherwise: sinks escape for their own markup.
std::string AlertBody(const Alert& alert);

// "eu FAIL us FAIL ap ok": one word a region.
std::string ScopeLine(const Verdict& verdict);

}  // namespace postwatch::collector
