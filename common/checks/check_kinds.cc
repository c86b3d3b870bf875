#include "common/checks/check_kinds.h"

#include <algorithm>
#include <array>

#include "common/checks/dns/dns_caa_settings.h"
#include "common/checks/dns/dns_delegation_settings.h"
#include "common/checks/dns/dns_dkim_settings.h"
#include "common/checks/dns/dns_dmarc_settings.h"
#include "common/checks/dns/dns_dnsbl_settings.h"
#include "common/checks/dns/dns_dnssec_settings.h"
#include "common/checks/dns/dns_mtasts_settings.h"
#include "common/checks/dns/dns_mx_settings.h"
#include "common/checks/dns/dns_ptr_settings.h"
#include "common/checks/dns/dns_records_settings.h"
#include "common/checks/dns/dns_spf_settings.h"
#include "common/checks/dns/dns_tlsa_settings.h"
#include "common/checks/dns/dns_tlsrpt_settings.h"
#include "common/checks/dns/reg_rdap_settings.h"
#include "common/checks/mail/imap_access_settings.h"
#include "common/checks/mail/imap_canary_settings.h"
#include "common/checks/mail/imap_quota_settings.h"
#include "common/checks/mail/pop3_access_settings.h"
#include "common/checks/mail/roundtrip_settings.h"
#include "common/checks/mail/smtp_mx_settings.h"
#include "common/checks/mail/smtp_relay_settings.h"
#include "common/checks/mail/smtp_secondary_settings.h"
#include "common/checks/mail/smtp_submit_settings.h"
#include "common/checks/mail/tls_cert_settings.h"
#include "common/checks/witness_settings.h"

namespace postwatch {
namespace {

template <auto Read>
void Validate(const CheckSpec& spec, Mistakes& mistakes) {
  Read(spec, mistakes);
}

constexpr absl::Duration kMinute = absl::Minutes(1);

constexpr auto kKinds = std::to_array<CheckKind>({
    {"witness", "neutral servers answer, so that the agent's own faults are told apart",
     Leg::kControl, false, absl::Seconds(30), absl::Seconds(15), Validate<ReadWitnessSettings>},
    {"dns.mx", "the domain's mail servers can be found in the DNS", Leg::kDns, false, kMinute,
     absl::Seconds(20), Validate<ReadDnsMxSettings>},
    {"dns.delegation", "the parent zone leads to name servers that all serve the domain's zone",
     Leg::kDns, false, absl::Minutes(15), kMinute, Validate<ReadDnsDelegationSettings>},
    {"dns.dnssec", "the zone's DNSSEC signatures hold, and will for a while", Leg::kDns, false,
     absl::Minutes(15), kMinute, Validate<ReadDnsDnssecSettings>},
    {"dns.ptr", "the mail servers' addresses have names that lead back to them", Leg::kDns, false,
     absl::Hours(1), kMinute, Validate<ReadDnsPtrSettings>},
    {"dns.records", "the records are what you declared", Leg::kDns, false, absl::Minutes(5),
     kMinute, Validate<ReadDnsRecordsSettings>, true},
    {"dns.spf", "the domain's SPF record works, and lets its senders send", Leg::kDns, false,
     absl::Minutes(10), kMinute, Validate<ReadDnsSpfSettings>},
    {"dns.dkim", "the domain's DKIM keys are published and of use", Leg::kDns, false,
     absl::Minutes(10), kMinute, Validate<ReadDnsDkimSettings>},
    {"dns.dmarc", "a DMARC policy protects the domain's name, and its reports can arrive",
     Leg::kDns, false, absl::Minutes(10), kMinute, Validate<ReadDnsDmarcSettings>},
    {"dns.tlsrpt", "senders that cannot use TLS are told where to report it", Leg::kDns, false,
     absl::Minutes(10), absl::Seconds(30), Validate<ReadDnsTlsrptSettings>},
    {"dns.dnsbl", "neither the domain nor its mail servers are on a blocklist", Leg::kDns, false,
     absl::Hours(1), absl::Minutes(2), Validate<ReadDnsDnsblSettings>},
    {"dns.caa", "the certificates of the mail servers can be renewed (CAA)", Leg::kDns, false,
     absl::Hours(1), kMinute, Validate<ReadDnsCaaSettings>},
    {"dns.mtasts",
     "the policy that demands TLS of senders (MTA-STS) can be had, and covers the MX hosts",
     Leg::kDns, false, absl::Minutes(10), kMinute, Validate<ReadDnsMtaStsSettings>},
    {"dns.tlsa", "the MX hosts serve what their TLSA records name (DANE)", Leg::kDns, false,
     absl::Minutes(10), kMinute, Validate<ReadDnsTlsaSettings>},
    {"reg.rdap", "the domain stays registered, with whom it should be", Leg::kRegistration, false,
     absl::Hours(6), kMinute, Validate<ReadRegRdapSettings>},
    {"smtp.mx", "the domain's mail servers take connections on port 25", Leg::kInbound, false,
     kMinute, kMinute, Validate<ReadSmtpMxSettings>},
    {"smtp.relay", "the own mail servers do not take strangers' mail for strangers", Leg::kInbound,
     false, absl::Hours(6), absl::Minutes(2), Validate<ReadSmtpRelaySettings>, true},
    {"smtp.secondary", "the own secondary MX hosts could take over from the primary", Leg::kInbound,
     false, absl::Minutes(30), absl::Minutes(2), Validate<ReadSmtpSecondarySettings>, true},
    {"tls.cert",
     "clients take the certificates of the domain's mail servers, and none is about to expire",
     Leg::kSubmission, false, absl::Minutes(15), absl::Minutes(2), Validate<ReadTlsCertSettings>},
    {"smtp.submit", "the account can log in and hand in mail", Leg::kSubmission, true, kMinute,
     kMinute, Validate<ReadSmtpSubmitSettings>},
    {"imap.access", "the account can log in and read its mail", Leg::kAccess, true, kMinute,
     kMinute, Validate<ReadImapAccessSettings>, false, "imap"},
    {"imap.quota", "the mailbox has room, and will have it for a while", Leg::kAccess, true,
     absl::Minutes(15), kMinute, Validate<ReadImapQuotaSettings>, false, "imap"},
    {"imap.canary", "a message that was put into the mailbox stays there as it was", Leg::kAccess,
     true, absl::Minutes(15), kMinute, Validate<ReadImapCanarySettings>, true, "imap"},
    {"pop3.access", "the account can log in and see its mail by POP3", Leg::kAccess, true, kMinute,
     kMinute, Validate<ReadPop3AccessSettings>, false, "pop3"},
    {"roundtrip", "a letter to the own mailbox arrives, whole and in time", Leg::kDelivery, true,
     absl::Minutes(5), absl::Minutes(2), Validate<ReadRoundtripSettings>},
});

}  // namespace

std::span<const CheckKind> CheckKinds() { return kKinds; }

bool FitsMailbox(const CheckKind& kind, const Settings& mailbox) {
  return kind.read_by.empty() || kind.read_by == ReceiveProtocolOf(mailbox);
}

const CheckKind* FindCheckKind(std::string_view name) {
  const auto kind = std::ranges::find(kKinds, name, &CheckKind::name);
  return kind == kKinds.end() ? nullptr : &*kind;
}

}  // namespace postwatch
