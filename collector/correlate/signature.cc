#include "collector/correlate/signature.h"

#include <array>
#include <cmath>

#include "common/model/component.h"

namespace postwatch::collector {
namespace {

constexpr size_t kKinds = static_cast<size_t>(Kind::kOther) + 1;
constexpr size_t kFamilies = static_cast<size_t>(Family::kDelivery) + 1;

struct KindEntry {
  std::string_view name;
  double prior;
};

// In order of Kind. A lone front end or MX host is told from its service only where others of the
// same service work; the larger one is named otherwise, hence the order of the priors.
constexpr std::array<KindEntry, kKinds> kKindTable = {{
    {component::kAgent, 4e-4},
    {component::kIsp, 3e-4},
    {component::kPath, 4e-4},
    {component::kResolver, 4e-4},
    {component::kListed, 2e-4},
    {component::kMx, 2e-4},
    {component::kSite, 1e-4},
    {component::kService, 3e-4},
    {component::kProvider, 2.5e-4},
    {component::kZone, 2e-4},
    {component::kNameServer, 1e-4},
    {component::kCertificate, 2e-4},
    {component::kAuth, 1e-4},
    {component::kAccount, 2e-4},
    {component::kMailbox, 2e-4},
    {component::kQueue, 3e-4},
    {"", 1e-9},
}};

using Row = std::array<double, kKinds>;

// Rows in order of Family, columns in order of Kind.
constexpr std::array<Row, kFamilies> kSupport = {{
    // agent isp path resolver listed | mx site svc provider zone ns cert auth acct mbox queue | -
    Row{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},             // none
    Row{1, .3, 0, .3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},           // agent
    Row{1, 1, 1, 0, .1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0},            // reach
    Row{.5, .3, .1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0},          // lookup
    Row{0, 0, 0, .1, 0, 0, 0, 0, 0, 1, .3, 0, 0, 0, 0, 0, 0},           // records
    Row{.1, .02, .05, 0, 0, .1, .1, .05, .02, 0, 0, 1, 0, 0, 0, 0, 0},  // certificate
    Row{.1, .1, .3, 0, 0, 1, 1, 1, .5, 0, 0, .3, 0, 0, 0, 0, 0},        // tls
    Row{0, 0, 0, 0, .1, 0, 0, .05, .05, 0, 0, 0, 1, 1, 0, 0, 0},        // login
    Row{0, 0, 0, 0, .1, 0, .1, .3, .1, 0, 0, 0, 1, .2, 0, 0, 0},        // login temp
    Row{0, 0, 0, 0, 0, 0, 0, .02, 0, 0, 0, 0, 0, .1, 1, 0, 0},          // mailbox
    Row{0, 0, 0, 0, 0, .5, 0, 1, .3, 0, 0, 0, 0, .1, .4, 0, 0},         // recipient
    Row{0, .2, .1, 0, 1, .2, 0, .4, .2, 0, 0, 0, 0, 0, 0, 0, 0},        // reputation
    Row{0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},             // greylist
    Row{0, 0, .05, 0, .2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0},          // server
    Row{0, 0, 0, 0, .5, .3, 0, .5, .2, 0, 0, 0, 0, .2, 0, 0, 0},        // policy
    Row{0, 0, 0, 0, 0, 0, 0, .8, .2, 0, 0, 0, 0, .1, .8, 0, 0},         // store
    Row{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .1, 1, 0},            // delivery
}};

constexpr double kNamedNoise = 0.1;  // nothing random looks like an expired certificate
constexpr double kGreylistNoise = 3e-2;

struct Range {
  FailureClass first, last;
  Family family;
};

// The first range that holds the class decides; what none holds is of the server.
constexpr auto kRanges = std::to_array<Range>({
    {FailureClass::kUnspecified, FailureClass::kUnspecified, Family::kNone},
    {FailureClass::kAgentNoNetwork, FailureClass::kAgentTrustStoreStale, Family::kAgent},
    {FailureClass::kNetUnreachable, FailureClass::kReadTimeout, Family::kReach},
    {FailureClass::kDnsNxdomain, FailureClass::kDnsNodata, Family::kRecords},
    {FailureClass::kDnsServfail, FailureClass::kDnsServfail, Family::kLookup},
    {FailureClass::kDnsDnssecBogus, FailureClass::kDnsDnssecBogus, Family::kRecords},
    {FailureClass::kDnsRefused, FailureClass::kDnsFormerr, Family::kLookup},
    {FailureClass::kDnsNullMx, FailureClass::kDnsMxMismatch, Family::kRecords},
    {FailureClass::kDnsStale, FailureClass::kDnsHijack, Family::kLookup},
    {FailureClass::kTlsTimeout, FailureClass::kTlsTimeout, Family::kReach},
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
});

size_t Index(Kind kind) { return static_cast<size_t>(kind); }

}  // namespace

Family FamilyOf(FailureClass klass) {
  for (const Range& range : kRanges) {
    if (klass >= range.first && klass <= range.last) return range.family;
  }
  return Family::kServer;
}

bool NamesItsCause(Family family) {
  return family == Family::kRecords || family == Family::kCertificate || family == Family::kLogin ||
         family == Family::kMailbox || family == Family::kRecipient;
}

Kind KindOf(std::string_view name) {
  for (size_t i = 0; i + 1 < kKinds; ++i) {
    if (kKindTable[i].name == name) return static_cast<Kind>(i);
  }
  return Kind::kOther;
}

bool IsReal(Kind kind) { return kind >= Kind::kMx && kind < Kind::kOther; }

bool IsLocal(Kind kind) { return kind <= Kind::kListed; }

bool IsSeenByFewChecks(Kind kind) {
  return kind == Kind::kZone || kind == Kind::kNameServer || kind == Kind::kCertificate ||
         kind == Kind::kMailbox || kind == Kind::kQueue;
}

double Support(Kind kind, Family family) {
  return kSupport[static_cast<size_t>(family)][Index(kind)];
}

double NoiseOf(Family family, double rate) {
  if (family == Family::kGreylist) return kGreylistNoise;
  return NamesItsCause(family) ? rate * kNamedNoise : rate;
}

double LogPrior(Kind kind) { return std::log(kKindTable[Index(kind)].prior); }

}  // namespace postwatch::collector
