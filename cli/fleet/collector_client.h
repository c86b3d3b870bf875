// CollectorClient: one request to a collector's HTTP API.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/flags.h"

namespace postwatch::cli {

// Of --collector, else the default; without the slash at its end that browsers show.
std::string CollectorUrl(const Flags& flags);

enum class CollectorMethod { kGet, kPost, kDelete };

// The body of the answer. kPost sends none. NotFound when it answers 404; Unavailable when it does
// not answer within ten seconds, or with anything but 200. Both say what the collector says about
// it.
absl::StatusOr<std::string> AskCollector(CollectorMethod method, const std::string& url);

// The text of {"error": text}; empty when the body is something else.
std::string ErrorTextOf(std::string_view body);

}  // namespace postwatch::cli
