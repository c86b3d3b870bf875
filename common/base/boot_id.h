// Boot id: tells one start of the machine from the next.
#pragma once

#include <string>

namespace postwatch {

// The kernel's, new with every boot; "" where it cannot be read.
std::string MachineBootId();

}  // namespace postwatch
