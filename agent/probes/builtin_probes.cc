#include <algorithm>
#include <array>

#include "agent/probes/dns/dns_caa.h"
#include "agent/probes/dns/dns_delegation.h"
#include "agent/probes/dns/dns_dkim.h"
#include "agent/probes/dns/dns_dmarc.h"
#include "agent/probes/dns/dns_dnsbl.h"
#include "agent/probes/dns/dns_dnssec.h"
#include "agent/probes/dns/dns_mtasts.h"
#include "agent/probes/dns/dns_mx.h"
#include "agent/probes/dns/dns_ptr.h"
#include "agent/probes/dns/dns_records.h"
#include "agent/probes/dns/dns_spf.h"
#include "agent/probes/dns/dns_tlsa.h"
#include "agent/probes/dns/dns_tlsrpt.h"
#include "agent/probes/dns/reg_rdap.h"
#include "agent/probes/mail/imap_access.h"
#include "agent/probes/mail/imap_quota.h"
#include "agent/probes/mail/mailbox_canary.h"
#include "agent/probes/mail/pop3_access.h"
#include "agent/probes/mail/smtp_mx.h"
#include "agent/probes/mail/smtp_relay.h"
#include "agent/probes/mail/smtp_secondary.h"
#include "agent/probes/mail/smtp_submit.h"
#include "agent/probes/mail/tls_cert.h"
#include "agent/probes/probe.h"
#include "agent/probes/roundtrip/roundtrip.h"
#include "agent/probes/witness.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr auto kProbes = std::to_array<ProbeKind>({
    {"witness", MakeWitness},
    {"dns.mx", MakeDnsMx},
    {"dns.delegation", MakeDnsDelegation},
    {"dns.dnssec", MakeDnsDnssec},
    {"dns.ptr", MakeDnsPtr},
    {"dns.records", MakeDnsRecords},
    {"dns.spf", MakeDnsSpf},
    {"dns.dkim", MakeDnsDkim},
    {"dns.dmarc", MakeDnsDmarc},
    {"dns.tlsrpt", MakeDnsTlsrpt},
    {"dns.dnsbl", MakeDnsDnsbl},
    {"dns.caa", MakeDnsCaa},
    {"dns.mtasts", MakeDnsMtaSts},
    {"dns.tlsa", MakeDnsTlsa},
    {"reg.rdap", MakeRegRdap},
    {"smtp.mx", MakeSmtpMx},
    {"smtp.relay", MakeSmtpRelay},
    {"smtp.secondary", MakeSmtpSecondary},
    {"tls.cert", MakeTlsCert},
    {"smtp.submit", MakeSmtpSubmit},
    {"imap.access", MakeImapAccess},
    {"imap.quota", MakeImapQuota},
    {"imap.canary", MakeMailboxCanary},
    {"pop3.access", MakePop3Access},
    {"roundtrip", MakeRoundtrip},
});

}  // namespace

std::span<const ProbeKind> BuiltinProbes() { return kProbes; }

absl::StatusOr<std::unique_ptr<Probe>> MakeBuiltinProbe(const CheckSpec& spec,
                                                        const ProbeDeps& deps) {
  std::vector<std::string_view> names;
  for (const ProbeKind& kind : kProbes) {
    if (kind.name == spec.kind) return kind.make(spec, deps);
    names.push_back(kind.name);
  }
  return absl::NotFoundError(Concat("check ", spec.id, ": there is no check kind '", spec.kind,
                                    "'; there are: ", Join(names, ", ")));
}

}  // namespace postwatch::agent
