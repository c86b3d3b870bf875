// Same fault: whether what is suspected now is what an incident was opened for, seen better, grown,
// or a part of it. One fault, one incident.
#pragma once

#include "collector/correlate/incident_book.h"

namespace postwatch::collector {

// How much of the world a component is; 0 where that does not compare.
int Breadth(Kind kind);

// Whether the incident explains the failure.
bool Accounts(const OpenIncident& open, const Reading& reading, const Catalog& catalog);

// Whether it explains most of what the old one was opened for.
bool TakesOver(const Proposal& proposal, const OpenIncident& old, const View& view);

// Whether much of what it explains runs through what is blamed already.
bool Joins(const Proposal& proposal, const OpenIncident& open, const View& view);

// Whether it is a larger thing that what is blamed so far is part of: a host, then its site, then
// its provider.
bool Outgrows(const Proposal& proposal, const OpenIncident& old, const View& view);

// What began at the same time is behind it too, whatever the labels say: beside something that
// others share, and among the servers of one provider.
bool SharesOnset(const Proposal& proposal, const OpenIncident& open);

// Whether it is about servers of the same provider: what fails there again, soon after it was over,
// is the same trouble.
bool IsNearby(const Proposal& proposal, const OpenIncident& over);

}  // namespace postwatch::collector
