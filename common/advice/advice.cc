#include "common/advice/advice.h"

#include <array>
#include <utility>

namespace postwatch {
namespace {

using enum FailureClass;

constexpr auto kFixes = std::to_array<std::pair<FailureClass, std::string_view>>({
    {kAgentTrustStoreStale,
     "Renew the root certificates of this machine (Debian: ca-certificates), or look for a proxy "
     "that opens TLS."},
    {kDnsHijack, "Use a resolver that tells what does not exist: this one answers for every name."},
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
    {kDnsRefused,
     "A resolver that refuses this client: use another with --resolver. A name server that does: "
     "load the zone there."},
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
    {kTlsMissingIntermediate,
     "Serve the intermediate certificate too (the full chain file), or give a root of your own "
     "with "
     "--ca-file."},
    {kTlsDaneMismatch,
     "Publish the TLSA record of the key that is served, or serve the one that is published; keep "
     "the old record for its TTL when the key changes."},
    {kTlsMtastsMismatch,
     "Serve certificates that verify for the names of the MX hosts, or set the policy to testing "
     "until they do."},
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
    {kDnsMxImplicit,
     "Publish an MX record, even if it names the same host: senders differ in what they do "
     "without."},
    {kDnsNsLame, "Load the zone on that server, or take it out of the delegation at the parent."},
    {kDnsNsUnreachable,
     "Start or reach that name server; until then part of the resolvers wait for it."},
    {kDnsNsMismatch,
     "Make the NS records of the zone and those at the registrar the same, glue addresses too."},
    {kDnsSerialSkew,
     "Look at zone transfers (NOTIFY, AXFR, TSIG keys, firewalls) of the server that is behind."},
    {kDnsPropagating, "Wait for the TTL to run out."},
    {kDnsRrsigExpiring,
     "Let the signer run again: once they expire, validating resolvers answer SERVFAIL."},
    {kDnsDsWithoutDnskey,
     "Publish the matching DNSKEY again, or have the parent's DS replaced; caches keep it for its "
     "TTL."},
    {kDnsDrift, "If nobody meant to change it, roll it back; else declare the new one."},
    {kSpfMissing,
     "Publish one, such as \"v=spf1 mx -all\", that names every server that sends for the domain."},
    {kSpfMultiple, "Merge them into one record."},
    {kSpfSyntax, "Correct the term it names."},
    {kSpfTooManyLookups,
     "Drop includes of services that no longer send, or replace some by their addresses."},
    {kSpfVoidLookups, "Drop the mechanisms whose names do not exist."},
    {kSpfIncludeBroken, "Correct or drop the include it names."},
    {kSpfPassAll, "End the record with -all or ~all."},
    {kSpfSenderNotCovered, "Add the address, or the include of the service that sends from it."},
    {kDkimMissing, "Publish the public key at the selector's name."},
    {kDkimRevoked, "Sign with another selector, or publish the key again."},
    {kDkimWeak, "Make an RSA key of 2048 bits, or an Ed25519 one, and let SHA-256 sign."},
    {kDkimSyntax, "Correct the tag it names."},
    {kDmarcMissing, "Publish one at _dmarc, starting with \"v=DMARC1; p=none; rua=mailto:...\"."},
    {kDmarcMultiple, "Keep one record and delete the others."},
    {kDmarcSyntax, "Correct the tag it names."},
    {kDmarcPolicyWeakened, "If nobody meant to weaken it, roll it back."},
    {kDmarcRuaUnauthorised,
     "Have that domain publish <this domain>._report._dmarc, or send reports elsewhere."},
    {kMtastsSyntax, "Correct the line it names."},
    {kMtastsPolicyUnreachable,
     "Serve it at https://mta-sts.<domain>/.well-known/mta-sts.txt without redirects."},
    {kMtastsCertBad, "Serve a valid certificate for mta-sts.<domain>."},
    {kMtastsMxMismatch,
     "Add the host to the policy and give it a new id; in mode enforce, senders refuse to deliver "
     "to it."},
    {kMtastsIdNotBumped, "Change the id of the record, so that senders fetch the new policy."},
    {kMtastsMaxageShort, "Use a max_age of weeks: a short one protects nobody."},
    {kTlsrptMissing, "Publish one at _smtp._tls, to hear when senders cannot use TLS."},
    {kTlsrptSyntax, "Correct the tag it names."},
    {kDaneInsecure, "Sign the zone of the MX host, or drop the records."},
    {kDaneUnusable, "Use usage 3 (or 2), selector 1, matching type 1."},
    {kDaneLookupServfail,
     "Mend the zone of the MX host; a failed lookup cannot be told from an attack."},
    {kDnsblListed,
     "Find out why (the list's own page tells), mend that, then ask to be taken off."},
    {kDnsblQueryRefused, "Ask through a resolver of your own, or register with the list."},
    {kDnsblDead, "Drop it from the configuration, here and in the mail server."},
    {kDnsblListsWorld, "Drop it from the configuration, here and in the mail server, at once."},
    {kPtrMissing, "Have the owner of the address publish a PTR record."},
    {kFcrdnsMismatch, "Make PTR and address records name each other."},
    {kPtrGeneric, "Publish a PTR record that names the mail server."},
    {kCaaSyntax, "Correct it: authorities refuse to issue when they cannot read a critical one."},
    {kCaaForbids, "Add the authority, or the next renewal fails."},
    {kDomainExpiring,
     "Renew it; check the payment method and the owner's address at the registrar."},
    {kDomainExpired, "Renew it now: it can still be redeemed for some weeks."},
    {kDomainHold,
     "Ask the registrar why (unpaid, unverified owner, abuse) and have the hold lifted."},
    {kDomainLockMissing, "Set clientTransferProhibited at the registrar."},
    {kRegistrarChanged, "If nobody meant to move it, this may be theft: call the registrar now."},
    {kNameserverChanged,
     "If nobody meant to change them, this may be theft: call the registrar now."},
    {kRdapUnavailable, "Nothing to do: it is asked again later."},
    {kTlsCertExpiring,
     "Renew it and reload every daemon that serves it; see why renewal did not happen by itself."},
    {kSmtpOpenRelay,
     "Restrict relaying to logged-in users and own networks, now: blocklists find it within "
     "hours."},
    {kSmtpSecondaryUnready,
     "Give it the same recipients, TLS and filters as the primary, and a queue of days."},
    {kSmtpRoleRejected,
     "Deliver postmaster@ (RFC 5321 section 4.5.1) and abuse@ (RFC 2142) to somebody."},
    {kSmtpRblQueryError,
     "The server's own resolver is refused by the list: its admin must give it another or drop the "
     "list."},
    {kDeliveryHopSlow, "Look at the queue of the host that it names."},
    {kSaslServerUnverified,
     "Somebody may stand in between: do not log in until this is understood."},
    {kPop3AuthPolicy,
     "Turn POP3 on for the account, or use what the provider wants instead: an application "
     "password, OAuth or IMAP."},
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

}  // namespace postwatch
