// SeenAhead: what the engine has thought through and the store has not taken yet, so that nothing
// counts twice when agents send it again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collector/model/sighting.h"

namespace postwatch::collector {

// Bounded by the number of agents: of each, one spool is known. On the loop. A batch is of one
// spool of one agent, in order.
class SeenAhead {
 public:
  // The batch is about to be thought through, but not stored: leaves what the engine has not seen.
  void See(std::vector<Sighting>& batch);
  // The batch has been stored: leaves what the engine has not seen.
  void Stored(std::vector<Sighting>& batch);

 private:
  struct Spool {
    std::string id;
    uint64_t seen = 0;  // up to this sequence number
  };

  std::map<std::string, Spool> spools_;  // by agent
};

}  // namespace postwatch::collector
