#include "collector/lease_holder.h"

#include <unistd.h>

#include <array>

#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr std::string_view kAt = " at ";

}  // namespace

std::string DescribeLeaseHolder(std::string_view http) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const std::string process = Concat(host.data(), " pid ", ::getpid(), " id ", RandomId());
  return http.empty() ? process : Concat(process, kAt, http);
}

std::string HttpOfLeaseHolder(std::string_view text) {
  const size_t at = text.rfind(kAt);
  return at == text.npos ? "" : std::string(text.substr(at + kAt.size()));
}

}  // namespace postwatch::collector
