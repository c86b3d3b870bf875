// Signature: which failures each kind of component can cause, and how likely it is to be at fault.
#pragma once

#include <string_view>

#include "common/model/failure_class.h"

namespace postwatch::collector {

// Failures that point the same way.
enum class Family {
  kNone,
  kAgent,        // the agent itself says it is unwell
  kReach,        // refused, timed out, reset, closed
  kLookup,       // no usable DNS answer
  kRecords,      // the DNS answer itself is wrong: names its cause
  kCertificate,  // names its cause
  kTls,
  kLogin,       // the credential is rejected: names its cause
  kLoginTemp,   // the authentication backend is unwell
  kMailbox,     // full: names its cause
  kRecipient,   // a known user is rejected: names its cause
  kReputation,  // about the client's address, not the service
  kGreylist,    // first contact; never a fault
  kServer,      // the server says that it is unwell
  kPolicy,
  kStore,
  kDelivery,  // not arrived, late, bounced, in the wrong folder
};

Family FamilyOf(FailureClass klass);

// Two vantages with such a failure leave nothing to wait for.
bool NamesItsCause(Family family);

enum class Kind {
  kAgent,
  kIsp,
  kPath,
  kResolver,
  kListed,
  kMx,
  kSite,
  kService,
  kProvider,
  kZone,
  kNameServer,
  kCertificate,
  kAuth,
  kAccount,
  kMailbox,
  kQueue,
  kOther,  // never blamed
};

// By a component's kind name (common/model/component.h).
Kind KindOf(std::string_view name);

// A fault of the service, as against one of an agent, its network, its resolver or its path.
bool IsReal(Kind kind);
bool IsLocal(Kind kind);

// Whether only those checks can show the fault that have shown it somewhere: an expired certificate
// does not hurt a check that does not verify it, a full mailbox can still be read.
bool IsSeenByFewChecks(Kind kind);

// How well the fault explains the failure, 0 (it cannot cause it) to 1.
double Support(Kind kind, Family family);

// How likely one run fails this way with no fault to explain it, at an agent that fails `rate` of
// its runs for no reason.
double NoiseOf(Family family, double rate);

// log(probability that a component of this kind is at fault at a given time).
double LogPrior(Kind kind);

}  // namespace postwatch::collector
