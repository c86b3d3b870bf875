#include <string>

#include "common/base/text.h"
#include "common/net/dialer.h"

namespace postwatch {

std::string AddressText(const Address& address) {
  const bool v6 = address.ip.find(':') != std::string::npos;
  return v6 ? Concat("[", address.ip, "]:", address.port) : Concat(address.ip, ":", address.port);
}

}  // namespace postwatch
