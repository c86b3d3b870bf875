// FleetShare: one agent's part of what the fleet as a whole may do.
#pragma once

namespace postwatch {

// Agents that run the same checks share what a mail server or an account bears.
struct FleetShare {
  int agents = 1;    // of the fleet, this one included
  int position = 0;  // of this one, in order of names; below `agents`

  bool operator==(const FleetShare&) const = default;
};

}  // namespace postwatch
