#include "cli/advice.h"

#include <array>
#include <utility>

namespace postwatch::cli {
namespace {

using enum FailureClass;

constexpr auto kFixes = std::to_array<std::pair<FailureClass, std::string_view>>({
    {kNetUnreachable,
     "Check the route from here, and whether this machine has the address family at all."},
    {kTcpRefused, "Start the service, or open the port: the host answers but nothing listens."},
    {kTcpTimeout, "Check firewalls and routes on the way; many clouds block outgoing port 25."},
    {kReadTimeout,
     "The server accepts connections but does not speak: look at its load and its limits."},
    {kDnsNxdomain, "Check the registration and the delegation: the name does not exist."},
    {kDnsNodata, "Publish MX records, or the null MX (\"0 .\") if the domain takes no mail."},
    {kDnsServfail,
     "Ask each authoritative server directly; one may be down, lame or without the zone."},
    {kDnsDnssecBogus,
     "Compare the DS at the parent with the DNSKEY and the age of the signatures; do not just "
     "delete the DS, caches keep it."},
    {kDnsRefused, "The resolver refuses this client: use another with --resolver."},
    {kDnsTimeout,
     "The DNS server does not answer from here: check it, or use another with --resolver."},
    {kDnsTruncatedNoTcp, "Open TCP port 53: large answers need it."},
    {kDnsMxCname,
     "Point the MX at a name with address records, not at an alias (RFC 2181 section 10.3)."},
    {kDnsMxNoAddress, "Publish an address for the MX host, or remove it from the MX set."},
    {kDnsMxPrivate,
     "The MX host resolves to an address that nobody outside can reach: publish a public one."},
    {kDnsMxMismatch,
     "Compare with the expected MX set; if nobody meant to change it, roll it back."},
    {kTlsNotOffered,
     "Turn on STARTTLS on the server (Postfix: smtpd_tls_security_level = may, with a "
     "certificate)."},
    {kTlsCertExpired, "Renew the certificate and reload every daemon that serves it."},
    {kTlsCertNotYetValid,
     "Check the clock here and on the server; otherwise the certificate was put live too early."},
    {kTlsNameMismatch,
     "Serve a certificate that covers this host name, or publish the name it covers."},
    {kTlsSelfSigned, "Serve a certificate of a public authority, or give yours with --ca-file."},
    {kTlsUntrustedRoot, "Serve a chain that ends in a trusted root, or give yours with --ca-file."},
    {kTlsMissingIntermediate, "Serve the intermediate certificate too (the full chain file)."},
    {kSmtpBannerRefusedTemp,
     "The server refuses this client before EHLO: look at its reply, and at the reputation of this "
     "address."},
    {kSmtpBannerRefusedPerm,
     "The server refuses this client before EHLO: look at its reply, and at the reputation of this "
     "address."},
    {kSmtpAuthFailed, "Check user name and password; do not retry in a loop, accounts get locked."},
    {kSmtpAuthTemp,
     "The server's authentication backend does not work: see its log (Dovecot's auth socket, LDAP, "
     "...)."},
    {kSmtpAuthMethod,
     "The server wants another mechanism; large providers ended password login in favour of "
     "OAuth."},
    {kSmtpGreylisted,
     "Nothing: a retry after some minutes passes. Allow-list the probe's address to measure "
     "without it."},
    {kSmtpBlocklistedTemp,
     "Find the list in the reply and ask for removal once the cause is gone."},
    {kSmtpBlocklistedPerm,
     "Find the list in the reply and ask for removal once the cause is gone."},
    {kSmtpMailboxUnknownPerm,
     "If this mailbox exists, the server rejects valid recipients: treat it as an outage now, "
     "senders get bounces."},
    {kSmtpMailboxFullTemp, "Free space in the mailbox or raise its quota."},
    {kSmtpMailboxFullPerm, "Free space in the mailbox or raise its quota."},
    {kSmtpSystemFull, "Free disk space on the server."},
    {kSmtpServerTemp, "See the server's log at this time: it defers mail for a reason of its own."},
    {kImapAuthFailed, "Check user name and password; do not retry in a loop, accounts get locked."},
    {kImapAuthBackend, "The server's authentication backend does not work: see its log."},
    {kImapTooManyConnections,
     "Other clients hold the account's connections; use a mailbox of its own for probes."},
    {kImapOverquota, "Free space in the mailbox or raise its quota."},
    {kDeliveryDelayed,
     "Look at the server's queue (postqueue -p) and its filters: the message was accepted and has "
     "not arrived."},
    {kSpamFoldered,
     "Read the Authentication-Results of the message in Junk; fix SPF, DKIM or DMARC."},
    {kBounce, "Read the diagnostic in the bounce; it names the server that refused and why."},
});

std::string_view FixForDomain(FaultDomain domain) {
  switch (domain) {
    case FaultDomain::kLocal:
      return "Check the network, resolver and clock of this machine first.";
    case FaultDomain::kNetwork:
      return "Check the path between here and the server from a second place.";
    case FaultDomain::kDns:
      return "Check the zone at each of its authoritative servers.";
    case FaultDomain::kProvider:
      return "See the server's log at this time, or ask whoever runs it.";
    case FaultDomain::kOwn:
      return "Check the configuration and the credentials of this account or domain.";
    case FaultDomain::kThirdParty:
      return "Look at the third party that the reply names.";
    case FaultDomain::kNone:
      return "Nothing to do.";
  }
  return "Nothing to do.";
}

}  // namespace

std::string_view FixFor(FailureClass klass) {
  for (const auto& [known, fix] : kFixes) {
    if (known == klass) return fix;
  }
  return FixForDomain(FailureClassPrior(klass));
}

}  // namespace postwatch::cli
