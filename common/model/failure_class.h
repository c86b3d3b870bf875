// FailureClass: every way in which mail can fail, by one name used in all output
// (mail-domain.md 2.3).
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace postwatch {

// Numbers are the wire format (postwatch.v1.FailureClass); append only.
enum class FailureClass {
  kUnspecified = 0,
  kAgentNoNetwork = 1,
  kAgentResolverDown = 2,
  kAgentClockBad = 3,
  kAgentOverloaded = 4,
  kAgentPort25Blocked = 5,
  kAgentTrustStoreStale = 6,
  kNetUnreachable = 7,
  kTcpRefused = 8,
  kTcpTimeout = 9,
  kTcpReset = 10,
  kConnClosedEarly = 11,
  kReadTimeout = 12,
  kDnsNxdomain = 13,
  kDnsNodata = 14,
  kDnsServfail = 15,
  kDnsDnssecBogus = 16,
  kDnsRefused = 17,
  kDnsTimeout = 18,
  kDnsTruncatedNoTcp = 19,
  kDnsMalformed = 20,
  kDnsLoop = 21,
  kDnsNotimp = 22,
  kDnsFormerr = 23,
  kDnsNullMx = 24,
  kDnsMxCname = 25,
  kDnsMxNoAddress = 26,
  kDnsMxPrivate = 27,
  kDnsMxMismatch = 28,
  kDnsStale = 29,
  kDnsHijack = 30,
  kTlsNotOffered = 31,
  kTlsStarttlsRefused = 32,
  kTlsHandshakeFailed = 33,
  kTlsVersion = 34,
  kTlsCipher = 35,
  kTlsTimeout = 36,
  kTlsCertExpired = 37,
  kTlsCertNotYetValid = 38,
  kTlsNameMismatch = 39,
  kTlsSelfSigned = 40,
  kTlsUntrustedRoot = 41,
  kTlsMissingIntermediate = 42,
  kTlsRevoked = 43,
  kTlsWeakKey = 44,
  kTlsDaneMismatch = 45,
  kTlsMtastsMismatch = 46,
  kTlsPlaintextInjection = 47,
  kSmtpBannerRefusedTemp = 48,
  kSmtpBannerRefusedPerm = 49,
  kSmtpProtocol = 50,
  kSmtpShutdown = 51,
  kSmtpAuthFailed = 52,
  kSmtpAuthTemp = 53,
  kSmtpAuthMethod = 54,
  kSmtpAuthAccount = 55,
  kSmtpAuthRequired = 56,
  kSmtpTokenExpired = 57,
  kOauthTokenEndpoint = 58,
  kSmtpThrottledTemp = 59,
  kSmtpThrottledPerm = 60,
  kSmtpGreylisted = 61,
  kSmtpTarpitted = 62,
  kSmtpBlocklistedTemp = 63,
  kSmtpBlocklistedPerm = 64,
  kSmtpPolicyTemp = 65,
  kSmtpPolicyPerm = 66,
  kSmtpRelayDeniedTemp = 67,
  kSmtpRelayDeniedPerm = 68,
  kSmtpSenderRejectedTemp = 69,
  kSmtpSenderRejectedPerm = 70,
  kSmtpMailboxUnknownTemp = 71,
  kSmtpMailboxUnknownPerm = 72,
  kSmtpMailboxFullTemp = 73,
  kSmtpMailboxFullPerm = 74,
  kSmtpSystemFull = 75,
  kSmtpSize = 76,
  kSmtpContentTemp = 77,
  kSmtpContentPerm = 78,
  kSmtpLoop = 79,
  kSmtpRoutingTemp = 80,
  kSmtpRoutingPerm = 81,
  kSmtpServerTemp = 82,
  kSmtpServerPerm = 83,
  kSmtpAcceptUnknown = 84,
  kSmtpUnclassified4xx = 85,
  kSmtpUnclassified5xx = 86,
  kImapGreetingBye = 87,
  kImapGreetingPreauth = 88,
  kImapProtocol = 89,
  kImapAuthFailed = 90,
  kImapAuthBackend = 91,
  kImapAuthPolicy = 92,
  kImapTooManyConnections = 93,
  kImapThrottled = 94,
  kImapSelectFailed = 95,
  kImapInuse = 96,
  kImapServerError = 97,
  kImapStoreCorruption = 98,
  kImapUidvalidityChanged = 99,
  kImapIdleStalled = 100,
  kImapQuotaWarn = 101,
  kImapOverquota = 102,
  kImapSessionExpired = 103,
  kImapDeleteFailed = 104,
  kPop3AuthFailed = 105,
  kPop3SysTemp = 106,
  kPop3SysPerm = 107,
  kPop3InUse = 108,
  kPop3LoginDelay = 109,
  kPop3Protocol = 110,
  kPop3DeleteFailed = 111,
  kDelivered = 112,
  kDeliveredSlow = 113,
  kDeliveryDelayed = 114,
  kDeliveredLate = 115,
  kDeliveryLost = 116,
  kBounce = 117,
  kDelayNotice = 118,
  kSpamFoldered = 119,
  kQuarantinedSuspected = 120,
  kDuplicate = 121,
  kCorruptedBody = 122,
  kCorruptedHeader = 123,
  kRewritten = 124,
  kAuthResultFail = 125,
  kMisrouted = 126,
  kForgedOrForeign = 127,
};

// Whose fault it is until more is known.
enum class FaultDomain { kNone, kLocal, kNetwork, kDns, kProvider, kOwn, kThirdParty };

struct FailureClassEntry {
  FailureClass klass;
  std::string_view name;  // "dns_servfail": the only spelling, in every output
  FaultDomain prior;
  std::string_view meaning;  // one clause for people
};

// All classes, in order of their numbers, kUnspecified excepted.
std::span<const FailureClassEntry> AllFailureClasses();

// "unspecified" for kUnspecified and for numbers of a newer version.
std::string_view FailureClassName(FailureClass klass);
std::string_view FailureClassMeaning(FailureClass klass);
FaultDomain FailureClassPrior(FailureClass klass);
std::optional<FailureClass> ParseFailureClass(std::string_view name);

// "local", "network", "dns", "provider", "own", "third_party", "none".
std::string_view FaultDomainName(FaultDomain domain);

}  // namespace postwatch
