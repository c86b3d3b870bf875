// Signature: which failures each kind of component can cause in what a check looks at, and how
// likely it is to be at fault.
#pragma once

#include <array>
#include <string_view>

#include "common/model/check_spec.h"
#include "common/model/failure_class.h"

namespace postwatch::collector {

// Failures that point the same way.
enum class Family : uint8_t {
  kNone,          // a pass
  kAgent,         // the agent itself says it is unwell
  kSilent,        // timed out, unreachable
  kRefused,       // an active refusal of the connection
  kReset,         // cut off
  kLookupSilent,  // a name server that does not answer
  kLookupFailed,  // one that answers that it cannot
  kRecords,       // the DNS answer itself is wrong: names its cause
  kCertificate,   // names its cause
  kTls,
  kLogin,       // the credential is rejected: names its cause
  kLoginTemp,   // the authentication backend is unwell
  kMailbox,     // full: names its cause
  kRecipient,   // a known user is rejected
  kReputation,  // about the client's address, not the service
  kGreylist,    // first contact; never a fault
  kServer,      // the server says that it is unwell, for now
  kPolicy,
  kStore,
  kDelivery,  // not arrived, late, bounced, in the wrong folder
};
inline constexpr size_t kFamilies = static_cast<size_t>(Family::kDelivery) + 1;

Family FamilyOf(FailureClass klass);

// Whether such a failure does not happen by chance: two vantages with it leave nothing to wait for.
bool NamesItsCause(Family family);

// What a check looks at; noise and faults look different in each.
enum class Plane : uint8_t { kControl, kNames, kMail, kLetters };
inline constexpr size_t kPlanes = 4;
// Of a check of that leg.
Plane PlaneOf(Leg leg);

enum class Kind : uint8_t {
  kAgent,
  kIsp,
  kPath,
  kResolver,
  kAnchor,
  kListed,
  kBlocklist,
  kMx,
  kSite,
  kService,
  kProvider,
  kDataCentre,
  kZone,
  kNameServer,
  kDnsHoster,
  kCertificate,
  kAuth,
  kAccount,
  kMailbox,
  kQueue,
  kPublished,
  kOther,  // never blamed
};
inline constexpr size_t kKinds = static_cast<size_t>(Kind::kOther) + 1;

// By a component's kind name (common/model/component.h).
Kind KindOf(std::string_view name);

// A fault that somebody is to be told of, as against one of an agent, its network, its resolver or
// its path.
bool IsReal(Kind kind);
bool IsLocal(Kind kind);

// Whether one agent alone can see it, as it concerns that agent's own address.
bool IsOfOneAgent(Kind kind);

// The share of the fault's failures that are of this family, before any was seen. 0 where the
// component has nothing to do with it.
double Expected(Kind kind, Plane plane, Family family);

// Whether the fault can cause it at all; what it cannot, no number of such failures makes its own.
bool CanCause(Kind kind, Plane plane, Family family);

// The share of failures without a cause that are of this family.
double NoiseMix(Plane plane, Family family);

// log(probability that a component of this kind is at fault at a given time).
double LogPrior(Kind kind);

}  // namespace postwatch::collector
