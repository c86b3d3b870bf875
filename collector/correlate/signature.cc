#include "collector/correlate/signature.h"

#include <cmath>

#include "common/model/component.h"

namespace postwatch::collector {
namespace {

constexpr double kImpossible = 5e-4;

struct KindEntry {
  std::string_view name;
  double prior;
};

// In order of Kind.
constexpr std::array<KindEntry, kKinds> kKindTable = {{
    {component::kAgent, 2e-3},     {component::kIsp, 5e-4},
    {component::kPath, 4e-4},      {component::kResolver, 7e-4},
    {component::kAnchor, 5e-4},    {component::kListed, 2e-4},
    {component::kBlocklist, 1e-4}, {component::kMx, 2.5e-4},
    {component::kSite, 2e-4},      {component::kService, 3e-4},
    {component::kProvider, 1e-4},  {component::kDataCentre, 5e-5},
    {component::kZone, 1e-4},      {component::kNameServer, 2e-4},
    {component::kDnsHoster, 5e-5}, {component::kCertificate, 1e-4},
    {component::kAuth, 1e-4},      {component::kAccount, 2e-4},
    {component::kMailbox, 2e-4},   {component::kQueue, 3e-4},
    {component::kPublished, 1e-4}, {"", 1e-9},
}};

using Mix = std::array<double, kFamilies>;

struct Share {
  Family family;
  double share;
};

template <size_t N>
constexpr Mix MakeMix(const Share (&shares)[N]) {
  Mix mix{};
  for (double& share : mix) share = kImpossible;
  mix[static_cast<size_t>(Family::kNone)] = 0;
  for (const Share& s : shares) mix[static_cast<size_t>(s.family)] = s.share;
  return mix;
}

// Nothing gets through, nothing comes back. A broken agent may say anything, which the last rows
// of each mix allow for.
constexpr Mix kCutOff = MakeMix({{Family::kSilent, .80},
                                 {Family::kReset, .08},
                                 {Family::kRefused, .04},
                                 {Family::kDelivery, .03},
                                 {Family::kAgent, .01},
                                 {Family::kTls, .01}});
constexpr Mix kCutOffNames = MakeMix({{Family::kLookupSilent, .85},
                                      {Family::kLookupFailed, .10},
                                      {Family::kSilent, .03},
                                      {Family::kRefused, .005},
                                      {Family::kRecords, .005}});
constexpr Mix kBrokenAgent = MakeMix({{Family::kSilent, .60},
                                      {Family::kAgent, .10},
                                      {Family::kReset, .08},
                                      {Family::kRefused, .05},
                                      {Family::kDelivery, .03},
                                      {Family::kTls, .02},
                                      {Family::kServer, .02},
                                      {Family::kCertificate, .01},
                                      {Family::kLogin, .01},
                                      {Family::kLoginTemp, .01},
                                      {Family::kMailbox, .01},
                                      {Family::kRecipient, .01},
                                      {Family::kReputation, .01},
                                      {Family::kPolicy, .01},
                                      {Family::kStore, .01}});
constexpr Mix kBrokenAgentNames = MakeMix({{Family::kLookupSilent, .80},
                                           {Family::kLookupFailed, .10},
                                           {Family::kRecords, .03},
                                           {Family::kSilent, .03}});
constexpr Mix kResolverMix = MakeMix({{Family::kLookupSilent, .60},
                                      {Family::kLookupFailed, .34},
                                      {Family::kAgent, .02},
                                      {Family::kRecords, .01}});
// A server or all of them: down, overloaded, misconfigured.
constexpr Mix kDown = MakeMix({{Family::kSilent, .42},
                               {Family::kRefused, .18},
                               {Family::kServer, .14},
                               {Family::kReset, .10},
                               {Family::kTls, .04},
                               {Family::kPolicy, .02},
                               {Family::kReputation, .015},
                               {Family::kRecipient, .015},
                               {Family::kLoginTemp, .015},
                               {Family::kStore, .015},
                               {Family::kLogin, .008},
                               {Family::kMailbox, .006},
                               {Family::kDelivery, .01},
                               {Family::kGreylist, .01}});
constexpr Mix kDownLetters = MakeMix({{Family::kSilent, .36},
                                      {Family::kRefused, .16},
                                      {Family::kServer, .14},
                                      {Family::kDelivery, .12},
                                      {Family::kReset, .09},
                                      {Family::kTls, .04},
                                      {Family::kPolicy, .02},
                                      {Family::kReputation, .015},
                                      {Family::kRecipient, .015},
                                      {Family::kLoginTemp, .015},
                                      {Family::kStore, .015},
                                      {Family::kLogin, .008},
                                      {Family::kMailbox, .006}});
constexpr Mix kDownNames = MakeMix({{Family::kLookupSilent, .70}, {Family::kLookupFailed, .29}});
constexpr Mix kZoneMix =
    MakeMix({{Family::kLookupFailed, .45}, {Family::kRecords, .28}, {Family::kLookupSilent, .25}});
constexpr Mix kServerOfNames =
    MakeMix({{Family::kLookupSilent, .70}, {Family::kLookupFailed, .27}, {Family::kRecords, .02}});
constexpr Mix kHosterMix =
    MakeMix({{Family::kLookupSilent, .60}, {Family::kLookupFailed, .37}, {Family::kRecords, .01}});
constexpr Mix kCertificateMix =
    MakeMix({{Family::kCertificate, .93}, {Family::kTls, .04}, {Family::kReset, .005}});
constexpr Mix kAuthMix = MakeMix({{Family::kLogin, .68},
                                  {Family::kLoginTemp, .14},
                                  {Family::kServer, .08},
                                  {Family::kSilent, .02},
                                  {Family::kReset, .02},
                                  {Family::kPolicy, .01},
                                  {Family::kRefused, .005},
                                  {Family::kTls, .005}});
constexpr Mix kAccountMix = MakeMix({{Family::kLogin, .92},
                                     {Family::kLoginTemp, .03},
                                     {Family::kPolicy, .01},
                                     {Family::kReset, .01},
                                     {Family::kServer, .01}});
constexpr Mix kMailboxMix = MakeMix({{Family::kMailbox, .88},
                                     {Family::kRecipient, .01},
                                     {Family::kStore, .03},
                                     {Family::kServer, .02},
                                     {Family::kDelivery, .01},
                                     {Family::kPolicy, .01}});
constexpr Mix kListedMix = MakeMix({{Family::kReputation, .86},
                                    {Family::kPolicy, .05},
                                    {Family::kServer, .03},
                                    {Family::kGreylist, .02},
                                    {Family::kRefused, .01},
                                    {Family::kReset, .01}});
constexpr Mix kQueueMix = MakeMix({{Family::kDelivery, .91},
                                   {Family::kServer, .03},
                                   {Family::kSilent, .02},
                                   {Family::kPolicy, .01},
                                   {Family::kReset, .005}});

constexpr Mix kPublishedMix = MakeMix({{Family::kRecords, .86},
                                       {Family::kCertificate, .06},
                                       {Family::kPolicy, .05},
                                       {Family::kLookupFailed, .01}});

// Null where the component has no part in what the check looks at.
const Mix* MixOf(Kind kind, Plane plane) {
  const bool names = plane == Plane::kNames;
  switch (kind) {
    case Kind::kAgent:
      return names ? &kBrokenAgentNames : &kBrokenAgent;
    case Kind::kIsp:
    case Kind::kPath:
      return names ? &kCutOffNames : &kCutOff;
    case Kind::kResolver:
      return &kResolverMix;
    case Kind::kAnchor:
      return plane == Plane::kControl ? &kDown : nullptr;
    case Kind::kListed:
    case Kind::kBlocklist:
      return names ? nullptr : &kListedMix;
    case Kind::kMx:
    case Kind::kSite:
    case Kind::kService:
    case Kind::kDataCentre:
      return names ? nullptr : plane == Plane::kLetters ? &kDownLetters : &kDown;
    case Kind::kProvider:
      return names ? &kDownNames : plane == Plane::kLetters ? &kDownLetters : &kDown;
    case Kind::kZone:
      return &kZoneMix;
    case Kind::kNameServer:
      return &kServerOfNames;
    case Kind::kDnsHoster:
      return &kHosterMix;
    case Kind::kCertificate:
      return &kCertificateMix;
    case Kind::kAuth:
      return &kAuthMix;
    case Kind::kAccount:
      return &kAccountMix;
    case Kind::kMailbox:
      return &kMailboxMix;
    case Kind::kQueue:
      return plane == Plane::kLetters ? &kQueueMix : nullptr;
    case Kind::kPublished:
      return &kPublishedMix;
    case Kind::kOther:
      break;
  }
  return nullptr;
}

constexpr Mix kNoiseControl = MakeMix({{Family::kSilent, .86},
                                       {Family::kReset, .08},
                                       {Family::kRefused, .04},
                                       {Family::kAgent, .002}});
constexpr Mix kNoiseNames =
    MakeMix({{Family::kLookupSilent, .82}, {Family::kLookupFailed, .16}, {Family::kRecords, .01}});
constexpr Mix kNoiseMail = MakeMix({{Family::kSilent, .64},
                                    {Family::kReset, .13},
                                    {Family::kServer, .12},
                                    {Family::kRefused, .04},
                                    {Family::kTls, .02},
                                    {Family::kLookupSilent, .02},
                                    {Family::kGreylist, .02},
                                    {Family::kLoginTemp, .01},
                                    {Family::kPolicy, .005},
                                    {Family::kReputation, .005},
                                    {Family::kStore, .003},
                                    {Family::kLogin, .003},
                                    {Family::kRecipient, .002}});
constexpr Mix kNoiseLetters = MakeMix({{Family::kDelivery, .40},
                                       {Family::kSilent, .36},
                                       {Family::kServer, .10},
                                       {Family::kReset, .06},
                                       {Family::kRefused, .02},
                                       {Family::kTls, .02},
                                       {Family::kGreylist, .02},
                                       {Family::kLoginTemp, .01},
                                       {Family::kPolicy, .005},
                                       {Family::kReputation, .005},
                                       {Family::kLogin, .003},
                                       {Family::kStore, .003}});

const Mix& NoiseOf(Plane plane) {
  switch (plane) {
    case Plane::kControl:
      return kNoiseControl;
    case Plane::kNames:
      return kNoiseNames;
    case Plane::kMail:
      return kNoiseMail;
    case Plane::kLetters:
      break;
  }
  return kNoiseLetters;
}

struct Range {
  FailureClass first, last;
  Family family;
};

// The first range that holds the class decides; what none holds is of the server.
constexpr auto kRanges = std::to_array<Range>({
    {FailureClass::kUnspecified, FailureClass::kUnspecified, Family::kNone},
    {FailureClass::kAgentNoNetwork, FailureClass::kAgentTrustStoreStale, Family::kAgent},
    {FailureClass::kNetUnreachable, FailureClass::kNetUnreachable, Family::kSilent},
    {FailureClass::kTcpRefused, FailureClass::kTcpRefused, Family::kRefused},
    {FailureClass::kTcpTimeout, FailureClass::kTcpTimeout, Family::kSilent},
    {FailureClass::kTcpReset, FailureClass::kConnClosedEarly, Family::kReset},
    {FailureClass::kReadTimeout, FailureClass::kReadTimeout, Family::kSilent},
    {FailureClass::kDnsNxdomain, FailureClass::kDnsNodata, Family::kRecords},
    {FailureClass::kDnsServfail, FailureClass::kDnsServfail, Family::kLookupFailed},
    {FailureClass::kDnsDnssecBogus, FailureClass::kDnsDnssecBogus, Family::kRecords},
    {FailureClass::kDnsRefused, FailureClass::kDnsRefused, Family::kLookupFailed},
    {FailureClass::kDnsTimeout, FailureClass::kDnsTruncatedNoTcp, Family::kLookupSilent},
    {FailureClass::kDnsMalformed, FailureClass::kDnsFormerr, Family::kLookupFailed},
    {FailureClass::kDnsNullMx, FailureClass::kDnsMxMismatch, Family::kRecords},
    {FailureClass::kDnsStale, FailureClass::kDnsHijack, Family::kLookupFailed},
    {FailureClass::kTlsTimeout, FailureClass::kTlsTimeout, Family::kSilent},
    {FailureClass::kTlsNotOffered, FailureClass::kTlsCipher, Family::kTls},
    {FailureClass::kTlsCertExpired, FailureClass::kTlsMtastsMismatch, Family::kCertificate},
    {FailureClass::kTlsPlaintextInjection, FailureClass::kTlsPlaintextInjection, Family::kTls},
    {FailureClass::kSmtpBannerRefusedTemp, FailureClass::kSmtpBannerRefusedPerm,
     Family::kReputation},
    {FailureClass::kSmtpAuthFailed, FailureClass::kSmtpAuthFailed, Family::kLogin},
    {FailureClass::kSmtpAuthTemp, FailureClass::kSmtpAuthTemp, Family::kLoginTemp},
    {FailureClass::kSmtpAuthMethod, FailureClass::kSmtpTokenExpired, Family::kLogin},
    {FailureClass::kOauthTokenEndpoint, FailureClass::kOauthTokenEndpoint, Family::kLoginTemp},
    {FailureClass::kSmtpThrottledTemp, FailureClass::kSmtpThrottledPerm, Family::kReputation},
    {FailureClass::kSmtpGreylisted, FailureClass::kSmtpGreylisted, Family::kGreylist},
    {FailureClass::kSmtpTarpitted, FailureClass::kSmtpBlocklistedPerm, Family::kReputation},
    {FailureClass::kSmtpPolicyTemp, FailureClass::kSmtpSenderRejectedPerm, Family::kPolicy},
    {FailureClass::kSmtpMailboxUnknownTemp, FailureClass::kSmtpMailboxUnknownPerm,
     Family::kRecipient},
    {FailureClass::kSmtpMailboxFullTemp, FailureClass::kSmtpMailboxFullPerm, Family::kMailbox},
    {FailureClass::kSmtpSize, FailureClass::kSmtpLoop, Family::kPolicy},
    {FailureClass::kImapAuthFailed, FailureClass::kImapAuthFailed, Family::kLogin},
    {FailureClass::kImapAuthBackend, FailureClass::kImapAuthBackend, Family::kLoginTemp},
    {FailureClass::kImapAuthPolicy, FailureClass::kImapAuthPolicy, Family::kLogin},
    {FailureClass::kImapTooManyConnections, FailureClass::kImapThrottled, Family::kReputation},
    {FailureClass::kImapSelectFailed, FailureClass::kImapInuse, Family::kStore},
    {FailureClass::kImapStoreCorruption, FailureClass::kImapUidvalidityChanged, Family::kStore},
    {FailureClass::kImapQuotaWarn, FailureClass::kImapOverquota, Family::kMailbox},
    {FailureClass::kImapDeleteFailed, FailureClass::kImapDeleteFailed, Family::kStore},
    {FailureClass::kPop3AuthFailed, FailureClass::kPop3AuthFailed, Family::kLogin},
    {FailureClass::kPop3InUse, FailureClass::kPop3InUse, Family::kStore},
    {FailureClass::kPop3LoginDelay, FailureClass::kPop3LoginDelay, Family::kReputation},
    {FailureClass::kPop3DeleteFailed, FailureClass::kPop3DeleteFailed, Family::kStore},
    {FailureClass::kDelivered, FailureClass::kForgedOrForeign, Family::kDelivery},
    {FailureClass::kDaneLookupServfail, FailureClass::kDaneLookupServfail, Family::kLookupFailed},
    {FailureClass::kDnsMxImplicit, FailureClass::kNameserverChanged, Family::kRecords},
    {FailureClass::kTlsCertExpiring, FailureClass::kTlsCertExpiring, Family::kCertificate},
    {FailureClass::kSmtpOpenRelay, FailureClass::kSmtpRoleRejected, Family::kPolicy},
    {FailureClass::kSaslServerUnverified, FailureClass::kPop3AuthPolicy, Family::kLogin},
});

}  // namespace

Plane PlaneOf(Leg leg) {
  switch (leg) {
    case Leg::kControl:
      return Plane::kControl;
    case Leg::kDns:
    case Leg::kRegistration:
      return Plane::kNames;
    case Leg::kDelivery:
      return Plane::kLetters;
    default:
      return Plane::kMail;
  }
}

Family FamilyOf(FailureClass klass) {
  for (const Range& range : kRanges) {
    if (klass >= range.first && klass <= range.last) return range.family;
  }
  return Family::kServer;
}

bool NamesItsCause(Family family) {
  return family == Family::kRecords || family == Family::kCertificate || family == Family::kLogin ||
         family == Family::kMailbox || family == Family::kRecipient ||
         family == Family::kReputation;
}

Kind KindOf(std::string_view name) {
  for (size_t i = 0; i + 1 < kKinds; ++i) {
    if (kKindTable[i].name == name) return static_cast<Kind>(i);
  }
  return Kind::kOther;
}

bool IsReal(Kind kind) { return kind >= Kind::kListed && kind < Kind::kOther; }

bool IsLocal(Kind kind) { return kind < Kind::kListed; }

bool IsOfOneAgent(Kind kind) { return kind == Kind::kListed || kind == Kind::kBlocklist; }

double Expected(Kind kind, Plane plane, Family family) {
  const Mix* mix = MixOf(kind, plane);
  return mix == nullptr ? 0 : (*mix)[static_cast<size_t>(family)];
}

bool CanCause(Kind kind, Plane plane, Family family) {
  return Expected(kind, plane, family) > kImpossible * 2;
}

double NoiseMix(Plane plane, Family family) { return NoiseOf(plane)[static_cast<size_t>(family)]; }

double LogPrior(Kind kind) { return std::log(kKindTable[static_cast<size_t>(kind)].prior); }

}  // namespace postwatch::collector
