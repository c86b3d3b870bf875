// Vantage: where an agent stands; what it shares with others is shared fate.
#pragma once

#include <string>

namespace postwatch {

struct Vantage {
  std::string agent;     // IsName
  std::string region;    // IsName
  std::string zone;      // may be empty
  std::string network;   // ASN or name; equal networks are one witness
  std::string resolver;  // "ip:port"

  bool operator==(const Vantage&) const = default;
};

}  // namespace postwatch
