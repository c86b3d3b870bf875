#include "cli/init/providers.h"

#include <algorithm>
#include <array>

#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

// A name at or below `suffix` is theirs.
struct KnownProvider {
  std::string_view suffix, name, title;
};

constexpr auto kByMx = std::to_array<KnownProvider>({
    {"google.com", "google-workspace", "Google Workspace"},
    {"googlemail.com", "google-workspace", "Google Workspace"},
    {"mail.protection.outlook.com", "microsoft-365", "Microsoft 365"},
    {"mx.microsoft", "microsoft-365", "Microsoft 365"},
    {"messagingengine.com", "fastmail", "Fastmail"},
    {"protonmail.ch", "proton-mail", "Proton Mail"},
    {"mail.icloud.com", "icloud", "iCloud Mail"},
    {"zoho.com", "zoho-mail", "Zoho Mail"},
    {"zoho.eu", "zoho-mail", "Zoho Mail"},
    {"mx.yandex.net", "yandex", "Yandex 360"},
    {"mailbox.org", "mailbox-org", "mailbox.org"},
    {"migadu.com", "migadu", "Migadu"},
    {"mail.gandi.net", "gandi", "Gandi"},
    {"mail.ovh.net", "ovh", "OVHcloud"},
    {"kundenserver.de", "ionos", "IONOS"},
    {"ui-dns.com", "ionos", "IONOS"},
    {"emailsrvr.com", "rackspace", "Rackspace Email"},
    {"pphosted.com", "proofpoint", "Proofpoint"},
    {"ppe-hosted.com", "proofpoint", "Proofpoint Essentials"},
    {"mimecast.com", "mimecast", "Mimecast"},
    {"barracudanetworks.com", "barracuda", "Barracuda"},
    {"hornetsecurity.com", "hornetsecurity", "Hornetsecurity"},
    {"amazonaws.com", "amazon-ses", "Amazon SES"},
    {"mailgun.org", "mailgun", "Mailgun"},
});

constexpr auto kBySpf = std::to_array<KnownProvider>({
    {"google.com", "", "Google Workspace"},
    {"spf.protection.outlook.com", "", "Microsoft 365"},
    {"messagingengine.com", "", "Fastmail"},
    {"protonmail.ch", "", "Proton Mail"},
    {"amazonses.com", "", "Amazon SES"},
    {"sendgrid.net", "", "SendGrid"},
    {"mailgun.org", "", "Mailgun"},
    {"mcsv.net", "", "Mailchimp"},
    {"mandrillapp.com", "", "Mandrill"},
    {"mtasv.net", "", "Postmark"},
    {"sparkpostmail.com", "", "SparkPost"},
    {"zendesk.com", "", "Zendesk"},
    {"hubspotemail.net", "", "HubSpot"},
    {"salesforce.com", "", "Salesforce"},
    {"zoho.com", "", "Zoho"},
    {"zoho.eu", "", "Zoho"},
    {"brevo.com", "", "Brevo"},
    {"sendinblue.com", "", "Brevo"},
});

bool IsWithin(std::string_view name, std::string_view parent) {
  if (!name.ends_with(parent)) return false;
  return name.size() == parent.size() || name[name.size() - parent.size() - 1] == '.';
}

// Every host's name without its first label, where that is one name; else the longest end of whole
// labels that they share.
std::string SharedParent(const std::vector<std::string>& hosts) {
  std::string_view shared = hosts.front();
  shared.remove_prefix(std::min(shared.find('.') + 1, shared.size()));
  for (const std::string& host : hosts) {
    while (!shared.empty() && !IsWithin(host, shared)) {
      const size_t dot = shared.find('.');
      shared = dot == shared.npos ? std::string_view() : shared.substr(dot + 1);
    }
  }
  return std::string(shared);
}

}  // namespace

ProviderGuess GuessProvider(std::string_view domain, const std::vector<std::string>& mx_hosts) {
  const ProviderGuess own{.name = std::string(domain)};
  if (mx_hosts.empty()) return own;
  for (const KnownProvider& known : kByMx) {
    const auto theirs = [&](const std::string& host) { return IsWithin(host, known.suffix); };
    if (std::ranges::all_of(mx_hosts, theirs)) {
      return {std::string(known.name), std::string(known.title)};
    }
  }
  const std::string parent = SharedParent(mx_hosts);
  const bool elsewhere = !IsWithin(parent, domain) && !IsWithin(domain, parent);
  return elsewhere && IsDomainName(parent) && IsName(parent) ? ProviderGuess{.name = parent} : own;
}

std::string_view SenderBehind(std::string_view included) {
  for (const KnownProvider& known : kBySpf) {
    if (IsWithin(included, known.suffix)) return known.title;
  }
  return "";
}

}  // namespace postwatch::cli
