// CaVerbs: what `postwatch ca` can do, one table a source file.
#pragma once

#include <span>
#include <string_view>

#include "common/base/flags.h"

namespace postwatch::cli {

struct CaVerb {
  std::string_view name;
  std::string_view usage;  // lines, each "postwatch ca ..." without "usage: "
  std::span<const FlagSpec> flags;
  int (*run)(const Flags& flags);
};

std::span<const CaVerb> AuthorityVerbs();    // init, rotate
std::span<const CaVerb> CertificateVerbs();  // issue, renew
std::span<const CaVerb> TrustVerbs();        // token, revoke

}  // namespace postwatch::cli
