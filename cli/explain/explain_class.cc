#include "cli/explain/explain_class.h"

#include <algorithm>
#include <array>

#include "cli/paragraphs.h"
#include "common/advice/advice.h"
#include "common/advice/severity.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"

namespace postwatch::cli {
namespace {

// Where classes whose names start so show up; the first line that fits counts. Kinds that this
// program does not have are left out.
struct Places {
  std::string_view start;
  std::string_view kinds;
};

constexpr auto kPlaces = std::to_array<Places>({
    {"agent_", "witness"},
    {"dns_null_mx", "dns.mx smtp.mx"},
    {"dns_mx_", "dns.mx smtp.mx"},
    {"dns_ns_", "dns.delegation"},
    {"dns_serial_", "dns.delegation"},
    {"dns_propagating", "dns.delegation dns.records"},
    {"dns_drift", "dns.records dns.delegation"},
    {"dns_rrsig_", "dns.dnssec"},
    {"dns_ds_", "dns.dnssec"},
    {"dns_dnssec_", "dns.dnssec dns.mx dns.delegation"},
    {"dns_", "dns.mx dns.delegation dns.dnssec dns.spf dns.dkim dns.dmarc dns.mtasts dns.ptr"},
    {"dnsbl_", "dns.dnsbl"},
    {"spf_", "dns.spf"},
    {"dkim_", "dns.dkim"},
    {"dmarc_", "dns.dmarc"},
    {"mtasts_", "dns.mtasts"},
    {"tls_mtasts_", "dns.mtasts"},
    {"tlsrpt_", "dns.tlsrpt"},
    {"dane_", "dns.tlsa"},
    {"tls_dane_", "dns.tlsa"},
    {"ptr_", "dns.ptr"},
    {"fcrdns_", "dns.ptr"},
    {"caa_", "dns.caa"},
    {"tls_cert_", "tls.cert smtp.mx smtp.submit imap.access pop3.access"},
    {"tls_", "tls.cert smtp.mx smtp.submit imap.access pop3.access"},
    {"domain_", "reg.rdap"},
    {"registrar_", "reg.rdap"},
    {"nameserver_", "reg.rdap"},
    {"rdap_", "reg.rdap"},
    {"smtp_open_relay", "smtp.relay"},
    {"smtp_role_", "smtp.mx"},
    {"smtp_secondary_", "smtp.secondary"},
    {"smtp_auth_", "smtp.submit roundtrip"},
    {"sasl_", "smtp.submit imap.access pop3.access"},
    {"oauth_", "smtp.submit imap.access pop3.access"},
    {"smtp_", "smtp.mx smtp.submit roundtrip"},
    {"imap_store_", "imap.canary imap.access"},
    {"imap_idle_", "roundtrip"},
    {"imap_uidvalidity_", "imap.canary roundtrip"},
    {"imap_quota_", "imap.quota imap.access"},
    {"imap_overquota", "imap.quota imap.access"},
    {"imap_", "imap.access roundtrip"},
    {"pop3_", "pop3.access"},
    {"net_", "smtp.mx smtp.submit imap.access pop3.access"},
    {"tcp_", "smtp.mx smtp.submit imap.access pop3.access"},
    {"conn_", "smtp.mx smtp.submit imap.access pop3.access"},
    {"read_", "smtp.mx smtp.submit imap.access pop3.access"},
    {"", "roundtrip"},
});

// What a sending server does with mail that meets it; "" where the name does not tell.
std::string_view FateOf(std::string_view name) {
  if (name.ends_with("_temp") || name == "smtp_greylisted") {
    return "Senders keep the mail and try again for hours or days, then return it.";
  }
  if (name.ends_with("_perm")) return "Senders return the mail at once (a bounce).";
  return "";
}

std::string_view HowBad(FindingSeverity severity) {
  switch (severity) {
    case FindingSeverity::kInfo:
      return "as a note";
    case FindingSeverity::kWarning:
      return "as a warning";
    case FindingSeverity::kCritical:
      return "as critical";
  }
  return "as critical";
}

}  // namespace

std::string_view UsualCulprit(FaultDomain domain) {
  switch (domain) {
    case FaultDomain::kNone:
      return "nobody's: this is no fault";
    case FaultDomain::kLocal:
      return "this side's: the machine that checks, its network, resolver or clock";
    case FaultDomain::kNetwork:
      return "the network's, somewhere between here and the server";
    case FaultDomain::kDns:
      return "that of the domain's DNS: its zone, its name servers or their registration";
    case FaultDomain::kProvider:
      return "that of whoever runs the mail server";
    case FaultDomain::kOwn:
      return "the domain's or the account's own: its settings, credentials or content";
    case FaultDomain::kThirdParty:
      return "that of a third party, such as a blocklist or a registrar";
  }
  return "unknown";
}

std::vector<std::string_view> KindsThatReport(FailureClass klass) {
  const std::string_view name = FailureClassName(klass);
  const auto place = std::ranges::find_if(
      kPlaces, [name](const Places& places) { return name.starts_with(places.start); });
  std::vector<std::string_view> kinds;
  for (const std::string_view kind : Split(place->kinds, ' ')) {
    if (FindCheckKind(kind) != nullptr) kinds.push_back(kind);
  }
  return kinds;
}

std::string ExplainKind(std::string_view name) {
  const CheckKind* kind = FindCheckKind(name);
  if (kind == nullptr) return "";
  std::vector<std::string_view> classes;
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    const std::vector<std::string_view> kinds = KindsThatReport(entry.klass);
    if (std::ranges::find(kinds, name) != kinds.end()) classes.push_back(entry.name);
  }
  std::string out = Paragraph("", Concat(name, " checks that ", kind->meaning, "."));
  out += '\n';
  if (kind->needs_mailbox) out += Paragraph("needs         ", "a mailbox.");
  if (!classes.empty()) out += Paragraph("may report    ", Concat(Join(classes, ", "), "."));
  return out;
}

std::string ExplainClass(FailureClass klass) {
  const std::string_view name = FailureClassName(klass);
  const std::string fate(FateOf(name));
  std::string out = Paragraph("", Concat(name, ": ", FailureClassMeaning(klass), "."));
  out += '\n';
  out += Paragraph("whose fault   ", Concat(UsualCulprit(FailureClassPrior(klass)), "."));
  if (!fate.empty()) out += Paragraph("what happens  ", fate);
  out += Paragraph("what to do    ", FixFor(klass));
  const std::vector<std::string_view> kinds = KindsThatReport(klass);
  const std::string where = kinds.empty() ? "" : Concat("in ", Join(kinds, ", "), "; ");
  out += Paragraph("shows up      ",
                   Concat(where, "`postwatch check` counts it ", HowBad(SeverityOf(klass)),
                          " beside other results, and as critical when a check fails of it."));
  return out;
}

}  // namespace postwatch::cli
