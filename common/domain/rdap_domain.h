// RdapDomain: what a registry says of a domain (RFC 9083), and where registries are asked
// (RFC 9224).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace postwatch {

struct RdapDomain {
  std::string name;                   // canonical; "" where the registry does not repeat it
  std::optional<absl::Time> expires;  // nothing where the registry does not tell
  std::optional<absl::Time> changed;
  std::vector<std::string> status;       // as RFC 8056 writes them: "client hold"; at most 32
  std::vector<std::string> nameservers;  // canonical, sorted; at most 32
  std::string registrar;                 // its name, "" where there is none
  std::string registrar_id;              // the IANA's number for it
  std::optional<bool> signed_delegation;

  // Whether it has this status, written in any way: "client hold", "clientHold".
  bool Has(std::string_view status) const;
};

// InvalidArgument says that it is no JSON, or no domain. Whatever else is missing or of another
// shape is left out: registries differ. Nested at most 32 deep.
absl::StatusOr<RdapDomain> ParseRdapDomain(std::string_view json);

// The base URLs under which the registry of `domain` answers, by the longest suffix that the
// bootstrap file has; none for a registry without RDAP. InvalidArgument for what is no such file.
absl::StatusOr<std::vector<std::string>> FindRdapServers(std::string_view bootstrap_json,
                                                         std::string_view domain);

}  // namespace postwatch
