#include "common/model/failure_class.h"

#include <array>

namespace postwatch {
namespace {

using enum FaultDomain;

constexpr auto kClasses = std::to_array<FailureClassEntry>({
    {FailureClass::kAgentNoNetwork, "agent_no_network", kLocal,
     "no neutral party could be reached: the agent's own network is down"},
    {FailureClass::kAgentResolverDown, "agent_resolver_down", kLocal,
     "the agent's own resolver does not answer for neutral names"},
    {FailureClass::kAgentClockBad, "agent_clock_bad", kLocal,
     "the agent's clock jumped or is off by more than a second"},
    {FailureClass::kAgentOverloaded, "agent_overloaded", kLocal,
     "the agent's event loop lags: its timings mean nothing"},
    {FailureClass::kAgentPort25Blocked, "agent_port25_blocked", kLocal,
     "outgoing port 25 is blocked where the agent stands"},
    {FailureClass::kAgentTrustStoreStale, "agent_trust_store_stale", kLocal,
     "the agent's set of trusted roots is out of date"},
    {FailureClass::kNetUnreachable, "net_unreachable", kNetwork,
     "no route to the host (ENETUNREACH, EHOSTUNREACH, ICMP)"},
    {FailureClass::kTcpRefused, "tcp_refused", kProvider,
     "the host answered SYN with RST: nothing listens, or a firewall rejects"},
    {FailureClass::kTcpTimeout, "tcp_timeout", kNetwork,
     "no answer to SYN: filter, routing, overload"},
    {FailureClass::kTcpReset, "tcp_reset", kNetwork,
     "the connection was reset in the middle of the session"},
    {FailureClass::kConnClosedEarly, "conn_closed_early", kNetwork,
     "the connection ended without 421 or BYE"},
    {FailureClass::kReadTimeout, "read_timeout", kProvider,
     "connected, then silence at the named step"},
    {FailureClass::kDnsNxdomain, "dns_nxdomain", kDns,
     "the name does not exist, says the authority"},
    {FailureClass::kDnsNodata, "dns_nodata", kDns, "the name exists, the wanted records do not"},
    {FailureClass::kDnsServfail, "dns_servfail", kDns, "the resolver could not get an answer"},
    {FailureClass::kDnsDnssecBogus, "dns_dnssec_bogus", kDns,
     "DNSSEC validation fails: an answer exists only with checking disabled"},
    {FailureClass::kDnsRefused, "dns_refused", kDns, "the server refuses to answer by policy"},
    {FailureClass::kDnsTimeout, "dns_timeout", kDns, "no answer from that server"},
    {FailureClass::kDnsTruncatedNoTcp, "dns_truncated_no_tcp", kLocal,
     "the answer was truncated and TCP port 53 does not work"},
    {FailureClass::kDnsMalformed, "dns_malformed", kDns, "the answer is not a DNS message"},
    {FailureClass::kDnsLoop, "dns_loop", kDns, "the CNAME chain does not end"},
    {FailureClass::kDnsNotimp, "dns_notimp", kDns, "the server does not implement the query"},
    {FailureClass::kDnsFormerr, "dns_formerr", kDns,
     "the server cannot read the query (EDNS-intolerant)"},
    {FailureClass::kDnsNullMx, "dns_null_mx", kOwn,
     "the domain declares that it takes no mail (RFC 7505)"},
    {FailureClass::kDnsMxCname, "dns_mx_cname", kOwn,
     "an MX points to an alias (RFC 2181 section 10.3)"},
    {FailureClass::kDnsMxNoAddress, "dns_mx_no_address", kOwn, "an MX host has no address"},
    {FailureClass::kDnsMxPrivate, "dns_mx_private", kOwn,
     "an MX host resolves to a private or loopback address"},
    {FailureClass::kDnsMxMismatch, "dns_mx_mismatch", kOwn, "the MX set is not the expected one"},
    {FailureClass::kDnsStale, "dns_stale", kDns, "a server still gives old data after its TTL"},
    {FailureClass::kDnsHijack, "dns_hijack", kLocal,
     "answers differ from everybody else's, or NXDOMAIN is rewritten"},
    {FailureClass::kTlsNotOffered, "tls_not_offered", kProvider,
     "a successful EHLO or CAPABILITY does not offer TLS where it is required"},
    {FailureClass::kTlsStarttlsRefused, "tls_starttls_refused", kProvider,
     "the server refused the STARTTLS command"},
    {FailureClass::kTlsHandshakeFailed, "tls_handshake_failed", kProvider,
     "the handshake ended in an alert"},
    {FailureClass::kTlsVersion, "tls_version", kProvider, "no protocol version in common"},
    {FailureClass::kTlsCipher, "tls_cipher", kProvider, "no cipher in common"},
    {FailureClass::kTlsTimeout, "tls_timeout", kProvider, "silence during the handshake"},
    {FailureClass::kTlsCertExpired, "tls_cert_expired", kProvider,
     "a certificate of the chain has expired; the depth tells leaf from chain"},
    {FailureClass::kTlsCertNotYetValid, "tls_cert_not_yet_valid", kProvider,
     "a certificate is not valid yet"},
    {FailureClass::kTlsNameMismatch, "tls_name_mismatch", kProvider,
     "the certificate does not cover the name"},
    {FailureClass::kTlsSelfSigned, "tls_self_signed", kProvider, "the leaf is self-signed"},
    {FailureClass::kTlsUntrustedRoot, "tls_untrusted_root", kProvider,
     "the chain ends in a root that is not trusted"},
    {FailureClass::kTlsMissingIntermediate, "tls_missing_intermediate", kProvider,
     "the server does not send a needed intermediate certificate"},
    {FailureClass::kTlsRevoked, "tls_revoked", kProvider, "a certificate has been revoked"},
    {FailureClass::kTlsWeakKey, "tls_weak_key", kProvider, "a key or signature is too weak"},
    {FailureClass::kTlsDaneMismatch, "tls_dane_mismatch", kOwn,
     "the chain does not match the TLSA records (RFC 7672)"},
    {FailureClass::kTlsMtastsMismatch, "tls_mtasts_mismatch", kOwn,
     "the host or certificate does not match the MTA-STS policy (RFC 8461)"},
    {FailureClass::kTlsPlaintextInjection, "tls_plaintext_injection", kNetwork,
     "bytes were waiting in the clear behind the STARTTLS reply"},
    {FailureClass::kSmtpBannerRefusedTemp, "smtp_banner_refused_temp", kProvider,
     "421 or 4xx instead of a banner"},
    {FailureClass::kSmtpBannerRefusedPerm, "smtp_banner_refused_perm", kProvider,
     "554 or 5xx instead of a banner"},
    {FailureClass::kSmtpProtocol, "smtp_protocol", kProvider,
     "not an SMTP reply, or one out of place"},
    {FailureClass::kSmtpShutdown, "smtp_shutdown", kProvider, "421 in the middle of a session"},
    {FailureClass::kSmtpAuthFailed, "smtp_auth_failed", kOwn,
     "the server rejects the credential (535)"},
    {FailureClass::kSmtpAuthTemp, "smtp_auth_temp", kProvider,
     "authentication fails for a temporary reason of the server's"},
    {FailureClass::kSmtpAuthMethod, "smtp_auth_method", kOwn,
     "the mechanism is not offered or not allowed any more"},
    {FailureClass::kSmtpAuthAccount, "smtp_auth_account", kOwn,
     "the account is locked, disabled or needs consent"},
    {FailureClass::kSmtpAuthRequired, "smtp_auth_required", kOwn,
     "authentication is required first (530)"},
    {FailureClass::kSmtpTokenExpired, "smtp_token_expired", kOwn,
     "the OAuth access token has expired and could not be refreshed"},
    {FailureClass::kOauthTokenEndpoint, "oauth_token_endpoint", kProvider,
     "the OAuth token endpoint does not work"},
    {FailureClass::kSmtpThrottledTemp, "smtp_throttled_temp", kProvider,
     "rate or concurrency limit, try later"},
    {FailureClass::kSmtpThrottledPerm, "smtp_throttled_perm", kOwn,
     "rate or daily limit, rejected"},
    {FailureClass::kSmtpGreylisted, "smtp_greylisted", kProvider,
     "deferred because of first contact"},
    {FailureClass::kSmtpTarpitted, "smtp_tarpitted", kProvider,
     "every reply is slow, none is an error"},
    {FailureClass::kSmtpBlocklistedTemp, "smtp_blocklisted_temp", kThirdParty,
     "deferred because of the reputation of our address or domain"},
    {FailureClass::kSmtpBlocklistedPerm, "smtp_blocklisted_perm", kThirdParty,
     "rejected because of the reputation of our address or domain"},
    {FailureClass::kSmtpPolicyTemp, "smtp_policy_temp", kOwn,
     "deferred by a policy (sender authentication, PTR, HELO, TLS required, ...)"},
    {FailureClass::kSmtpPolicyPerm, "smtp_policy_perm", kOwn,
     "rejected by a policy (sender authentication, PTR, HELO, TLS required, ...)"},
    {FailureClass::kSmtpRelayDeniedTemp, "smtp_relay_denied_temp", kOwn,
     "relaying denied, said as 4xx"},
    {FailureClass::kSmtpRelayDeniedPerm, "smtp_relay_denied_perm", kOwn, "relaying denied"},
    {FailureClass::kSmtpSenderRejectedTemp, "smtp_sender_rejected_temp", kOwn,
     "the envelope sender is deferred"},
    {FailureClass::kSmtpSenderRejectedPerm, "smtp_sender_rejected_perm", kOwn,
     "the envelope sender is rejected"},
    {FailureClass::kSmtpMailboxUnknownTemp, "smtp_mailbox_unknown_temp", kProvider,
     "the recipient is unknown, said as 4xx"},
    {FailureClass::kSmtpMailboxUnknownPerm, "smtp_mailbox_unknown_perm", kProvider,
     "the recipient is unknown; for a known-good mailbox a provider fault"},
    {FailureClass::kSmtpMailboxFullTemp, "smtp_mailbox_full_temp", kOwn,
     "the mailbox is over quota, try later"},
    {FailureClass::kSmtpMailboxFullPerm, "smtp_mailbox_full_perm", kOwn,
     "the mailbox is over quota"},
    {FailureClass::kSmtpSystemFull, "smtp_system_full", kProvider, "the server has no space"},
    {FailureClass::kSmtpSize, "smtp_size", kOwn, "the message is larger than the server takes"},
    {FailureClass::kSmtpContentTemp, "smtp_content_temp", kOwn, "deferred because of the content"},
    {FailureClass::kSmtpContentPerm, "smtp_content_perm", kOwn, "rejected because of the content"},
    {FailureClass::kSmtpLoop, "smtp_loop", kOwn, "too many hops: a mail loop"},
    {FailureClass::kSmtpRoutingTemp, "smtp_routing_temp", kProvider,
     "the server cannot route further now"},
    {FailureClass::kSmtpRoutingPerm, "smtp_routing_perm", kProvider,
     "the server cannot route further"},
    {FailureClass::kSmtpServerTemp, "smtp_server_temp", kProvider,
     "a temporary fault of the server's"},
    {FailureClass::kSmtpServerPerm, "smtp_server_perm", kProvider,
     "a permanent fault of the server's, or a 5xx that says no more"},
    {FailureClass::kSmtpAcceptUnknown, "smtp_accept_unknown", kProvider,
     "the connection was lost after the final dot: the message may have been accepted (RFC 1047)"},
    {FailureClass::kSmtpUnclassified4xx, "smtp_unclassified_4xx", kProvider,
     "a 4xx that no rule knows"},
    {FailureClass::kSmtpUnclassified5xx, "smtp_unclassified_5xx", kProvider,
     "a 5xx that no rule knows"},
    {FailureClass::kImapGreetingBye, "imap_greeting_bye", kProvider,
     "the server says BYE instead of a greeting"},
    {FailureClass::kImapGreetingPreauth, "imap_greeting_preauth", kNetwork,
     "PREAUTH on a connection that must be authenticated"},
    {FailureClass::kImapProtocol, "imap_protocol", kProvider,
     "not an IMAP response, or one out of place"},
    {FailureClass::kImapAuthFailed, "imap_auth_failed", kOwn, "the server rejects the credential"},
    {FailureClass::kImapAuthBackend, "imap_auth_backend", kProvider,
     "the authentication or user backend is not available"},
    {FailureClass::kImapAuthPolicy, "imap_auth_policy", kOwn,
     "login is not allowed (privacy required, expired, contact the administrator)"},
    {FailureClass::kImapTooManyConnections, "imap_too_many_connections", kOwn,
     "too many simultaneous connections of this user"},
    {FailureClass::kImapThrottled, "imap_throttled", kProvider,
     "commands or bandwidth are limited"},
    {FailureClass::kImapSelectFailed, "imap_select_failed", kProvider,
     "the mailbox cannot be opened"},
    {FailureClass::kImapInuse, "imap_inuse", kProvider, "the mailbox is locked by another session"},
    {FailureClass::kImapServerError, "imap_server_error", kProvider,
     "an internal error of the server's"},
    {FailureClass::kImapStoreCorruption, "imap_store_corruption", kProvider,
     "the store is damaged"},
    {FailureClass::kImapUidvalidityChanged, "imap_uidvalidity_changed", kProvider,
     "the UIDs of the mailbox start anew"},
    {FailureClass::kImapIdleStalled, "imap_idle_stalled", kProvider,
     "a message is there but IDLE never told"},
    {FailureClass::kImapQuotaWarn, "imap_quota_warn", kOwn, "the mailbox is nearly full"},
    {FailureClass::kImapOverquota, "imap_overquota", kOwn, "the mailbox is over quota"},
    {FailureClass::kImapSessionExpired, "imap_session_expired", kProvider,
     "the server ended the session because its token expired; not a fault"},
    {FailureClass::kImapDeleteFailed, "imap_delete_failed", kProvider,
     "a message is still there after its deletion"},
    {FailureClass::kPop3AuthFailed, "pop3_auth_failed", kOwn, "the server rejects the credential"},
    {FailureClass::kPop3SysTemp, "pop3_sys_temp", kProvider, "a temporary fault of the server's"},
    {FailureClass::kPop3SysPerm, "pop3_sys_perm", kProvider, "a permanent fault of the server's"},
    {FailureClass::kPop3InUse, "pop3_in_use", kProvider,
     "the maildrop is locked by another session"},
    {FailureClass::kPop3LoginDelay, "pop3_login_delay", kOwn, "logging in too often"},
    {FailureClass::kPop3Protocol, "pop3_protocol", kProvider,
     "not a POP3 response, or one out of place"},
    {FailureClass::kPop3DeleteFailed, "pop3_delete_failed", kProvider,
     "a message is still there after DELE and QUIT"},
    {FailureClass::kDelivered, "delivered", kNone,
     "seen in the inbox, verified, within the objective"},
    {FailureClass::kDeliveredSlow, "delivered_slow", kProvider,
     "seen after the warning threshold, before the deadline"},
    {FailureClass::kDeliveryDelayed, "delivery_delayed", kProvider,
     "not seen at the deadline; provisional"},
    {FailureClass::kDeliveredLate, "delivered_late", kProvider,
     "seen after the deadline; amends the earlier record"},
    {FailureClass::kDeliveryLost, "delivery_lost", kProvider,
     "not seen at the lost horizon, and no bounce"},
    {FailureClass::kBounce, "bounce", kProvider, "a delivery status notification says it failed"},
    {FailureClass::kDelayNotice, "delay_notice", kProvider,
     "a delivery status notification says it is delayed"},
    {FailureClass::kSpamFoldered, "spam_foldered", kProvider, "found in Junk"},
    {FailureClass::kQuarantinedSuspected, "quarantined_suspected", kProvider,
     "accepted, never seen, no bounce, other routes fine"},
    {FailureClass::kDuplicate, "duplicate", kProvider, "seen more than once"},
    {FailureClass::kCorruptedBody, "corrupted_body", kProvider, "the canary came back damaged"},
    {FailureClass::kCorruptedHeader, "corrupted_header", kProvider,
     "the token header came back damaged"},
    {FailureClass::kRewritten, "rewritten", kProvider, "a benign change on the way"},
    {FailureClass::kAuthResultFail, "auth_result_fail", kOwn,
     "delivered, but SPF, DKIM or DMARC did not pass at the receiver"},
    {FailureClass::kMisrouted, "misrouted", kProvider,
     "arrived by an unexpected relay or in another mailbox"},
    {FailureClass::kForgedOrForeign, "forged_or_foreign", kThirdParty,
     "a message with a token that is not ours"},
});

const FailureClassEntry* Find(FailureClass klass) {
  const auto number = static_cast<size_t>(klass);
  if (number == 0 || number > kClasses.size()) return nullptr;
  return &kClasses[number - 1];
}

}  // namespace

std::span<const FailureClassEntry> AllFailureClasses() { return kClasses; }

std::string_view FailureClassName(FailureClass klass) {
  const FailureClassEntry* entry = Find(klass);
  return entry == nullptr ? "unspecified" : entry->name;
}

std::string_view FailureClassMeaning(FailureClass klass) {
  const FailureClassEntry* entry = Find(klass);
  return entry == nullptr ? "unknown to this version" : entry->meaning;
}

FaultDomain FailureClassPrior(FailureClass klass) {
  const FailureClassEntry* entry = Find(klass);
  return entry == nullptr ? kNone : entry->prior;
}

std::optional<FailureClass> ParseFailureClass(std::string_view name) {
  for (const FailureClassEntry& entry : kClasses) {
    if (entry.name == name) return entry.klass;
  }
  return std::nullopt;
}

std::string_view FaultDomainName(FaultDomain domain) {
  switch (domain) {
    case kNone:
      return "none";
    case kLocal:
      return "local";
    case kNetwork:
      return "network";
    case kDns:
      return "dns";
    case kProvider:
      return "provider";
    case kOwn:
      return "own";
    case kThirdParty:
      return "third_party";
  }
  return "none";
}

}  // namespace postwatch
