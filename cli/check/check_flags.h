// Check flags: what `postwatch check` and `postwatch watch` are told alike.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/check/one_shot.h"
#include "common/advice/severity.h"
#include "common/base/flags.h"

namespace postwatch::cli {

// The flags of both, to which a verb adds its own.
std::span<const FlagSpec> SharedCheckFlags();

// Domain (the one word), --mailbox, --resolver, --ca-file, --only, --timeout. InvalidArgument says
// what is wrong with which. `progress` is left empty.
absl::StatusOr<OneShotOptions> ReadOneShotOptions(const Flags& flags);

// --fail-on.
absl::StatusOr<FindingSeverity> ReadFailOn(const Flags& flags);

// --NAME, a duration within bounds that the message names.
absl::StatusOr<absl::Duration> ReadDuration(const Flags& flags, std::string_view name,
                                            std::string_view fallback, absl::Duration least,
                                            absl::Duration most);

// "  dns.mx    the domain's mail servers can be found in the DNS" one a line, and which need a
// mailbox.
std::string CheckKindHelp();

}  // namespace postwatch::cli
