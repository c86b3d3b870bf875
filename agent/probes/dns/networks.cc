#include "agent/probes/dns/networks.h"

#include <string>

#include "common/domain/ip_bytes.h"

namespace postwatch::agent {
namespace {

constexpr int kAnnouncedV4 = 24, kAnnouncedV6 = 48;

}  // namespace

bool InOneNetwork(std::string_view a, std::string_view b) {
  const std::string first = IpBytes(a);
  const std::string second = IpBytes(b);
  if (first.empty()) return false;
  return SharesPrefix(first, second, first.size() == 4 ? kAnnouncedV4 : kAnnouncedV6);
}

}  // namespace postwatch::agent
