#include "common/base/boot_id.h"

#include <fstream>

namespace postwatch {

std::string MachineBootId() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

}  // namespace postwatch
