// Reading: what one run says, in small numbers: when, from where, what it crossed, how it ended.
#pragma once

#include <cstdint>

#include "collector/correlate/signature.h"

namespace postwatch::collector {

using ComponentId = uint32_t;
using RouteId = uint32_t;  // a set of components
using AgentId = uint32_t;
using CellId = uint32_t;    // one check as one agent runs it against one endpoint
using TargetId = uint32_t;  // what is watched: a domain, a neutral party
using FailureId = uint64_t;

inline constexpr ComponentId kNoComponent = ~ComponentId{0};
inline constexpr TargetId kNoTarget = ~TargetId{0};
inline constexpr FailureId kNoFailure = ~FailureId{0};

// Times are seconds since 1970 by the collector's clock.
struct Reading {
  double began = 0, ended = 0, received = 0;
  AgentId agent = 0;
  CellId cell = 0;
  TargetId target = 0;
  RouteId route = 0;
  Plane plane = Plane::kMail;
  Family family = Family::kNone;  // kNone: it passed
  bool confirmation = false;      // asked for by us
  bool newcomer = false;          // the agent is too new to this target for a 4xx to mean anything

  bool failed() const { return family != Family::kNone; }
};

}  // namespace postwatch::collector
