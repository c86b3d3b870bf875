// Component: something that can be at fault, named so that all observers name it alike.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace postwatch {

// Kinds in use; the names are those of the replay format (interfaces.md).
namespace component {
inline constexpr std::string_view kAgent = "agent";
inline constexpr std::string_view kIsp = "isp";            // an agent's network
inline constexpr std::string_view kPath = "path";          // "network>provider"
inline constexpr std::string_view kResolver = "resolver";  // "ip:port"
inline constexpr std::string_view kAnchor = "anchor";      // a neutral party
inline constexpr std::string_view kMx = "mx";              // an MX host name
inline constexpr std::string_view kSite = "site";          // a front-end address, "ip"
inline constexpr std::string_view kService = "svc";  // "provider/smtp", "/imap", "/submission"
inline constexpr std::string_view kProvider = "provider";
inline constexpr std::string_view kZone = "zone";         // a DNS zone
inline constexpr std::string_view kNameServer = "ns";     // "zone/host"
inline constexpr std::string_view kCertificate = "cert";  // host name served with it
inline constexpr std::string_view kAuth = "auth";         // a provider's authentication
inline constexpr std::string_view kAccount = "acct";      // a mailbox's login
inline constexpr std::string_view kMailbox = "mbox";      // a mailbox's store and quota
inline constexpr std::string_view kQueue = "queue";       // a provider's delivery
inline constexpr std::string_view kListed = "listed";     // "agent@provider"
inline constexpr std::string_view kBlocklist = "dnsbl";   // an agent's address, on a public list
inline constexpr std::string_view kDataCentre = "dc";     // shared by sites
inline constexpr std::string_view kDnsHoster = "hoster";  // shared by zones
// What a domain says about its mail, or lets others do, "domain/check kind".
inline constexpr std::string_view kPublished = "published";
}  // namespace component

struct ComponentRef {
  std::string kind;
  std::string name;

  std::string Text() const { return kind + ":" + name; }
  auto operator<=>(const ComponentRef&) const = default;
};

}  // namespace postwatch
