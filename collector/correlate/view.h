// View: everything that is known at one moment, to look at.
#pragma once

#include "collector/correlate/catalog.h"
#include "collector/correlate/evidence.h"
#include "collector/correlate/failure_log.h"
#include "collector/correlate/suspicion.h"
#include "collector/correlate/witness.h"

namespace postwatch::collector {

struct View {
  const Catalog& catalog;
  const FailureLog& log;
  const Evidence& evidence;
  const Suspicions& suspicions;
  const Witness& witness;
  double now = 0;  // seconds since 1970

  const FailureRecord& Failure(FailureId id) const { return log.At(id); }
  const AgentEntry& AgentOf(const Reading& reading) const { return catalog.AgentOf(reading.agent); }
  const CheckEntry& CheckOf(const Reading& reading) const {
    return evidence.CheckOf(evidence.At(reading.cell));
  }
};

}  // namespace postwatch::collector
