// First config: a collector.yaml for one domain, with what was found of it in the comments.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "cli/init/domain_portrait.h"

namespace postwatch::cli {

struct FirstConfigOptions {
  std::optional<std::string> mailbox;  // its address
  std::string tls_folder;              // with ca.pem, cert.pem and key.pem
  std::string store;
};

// A whole file. It turns on by its settings what holds for the domain now, and leaves what nobody
// but its owner can know as comments. What servers said stands in comments only, a bounded part of
// it on one line each, but for host names.
std::string FirstConfig(const DomainPortrait& portrait, const FirstConfigOptions& options,
                        absl::Time now);

}  // namespace postwatch::cli
