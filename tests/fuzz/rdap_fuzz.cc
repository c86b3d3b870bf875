// Fuzzes the readers of what registries send: domain objects and the bootstrap file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/domain/rdap_domain.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto domain = postwatch::ParseRdapDomain(text);
  if (domain.ok()) {
    if (domain->status.size() > 32 || domain->nameservers.size() > 32) std::abort();
    if (!std::ranges::is_sorted(domain->nameservers)) std::abort();
    for (const std::string& status : domain->status) {
      if (status.size() > 255 || !domain->Has(status)) std::abort();
    }
  }
  const auto servers = postwatch::FindRdapServers(text, "a.co.uk");
  if (servers.ok() && servers->size() > 4) std::abort();
  return 0;
}
