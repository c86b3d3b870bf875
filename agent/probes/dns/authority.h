// Authority: finds the zone of a name, who is said to serve it, and asks those servers themselves.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/probes/dns/mail_dns.h"

namespace postwatch::agent {

// The name without its first label; "." for a top-level domain.
std::string ParentName(std::string_view name);

// ns1.alpha.test and where it is.
struct NameServer {
  std::string host;                 // canonical
  std::vector<std::string> ips;     // IPv4 first; at most 4
  std::optional<Fault> unresolved;  // why there is none
};

// A name server at one of its addresses.
struct Authority {
  std::string host;
  std::string ip;
  std::unique_ptr<Resolver> resolver;

  bool is_v6() const { return ip.find(':') != ip.npos; }
  // "ns1.alpha.test (192.0.2.1)".
  std::string Text() const;
};

struct DnsAsk {
  Resolver* resolver = nullptr;  // outlives the ask
  DnsQuestion question;
};

// One reply a question, in their order, asked at once; takes as long as the slowest.
Task<std::vector<DnsReply>> AskAll(std::vector<DnsAsk> asks);

// As AskAll, with one question for all of them and no recursion (RD=0).
Task<std::vector<DnsReply>> AskAuthorities(std::vector<const Authority*> servers, std::string name,
                                           RrType type);

// The zone that `name` is in, by SOA queries at the agent's resolver with CD=1, so that a bogus
// zone is found too. The fault is of the lookup of `name` itself, or the first above it that has
// neither an SOA nor says where one is.
Task<std::optional<Fault>> FindZone(const RunContext& context, std::string name, std::string& zone);

// The NS set of `zone` as the agent's resolver has it (CD=1), sorted and canonical; at most 13.
Task<std::optional<Fault>> LookUpNameServers(const RunContext& context, std::string zone,
                                             std::vector<std::string>& hosts);

// Remembers who runs the zone that components know by this label, unless that is fresh: one or two
// queries at the agent's resolver. What cannot be learned now stays as it was.
Task<void> LearnOperator(const RunContext& context, std::string label);

// What the parent zone says of a zone.
struct Delegation {
  std::string zone;
  std::string parent;
  std::vector<std::string> hosts;  // the NS set there, sorted; at most 13
  // By host, for hosts within the zone (RFC 9471).
  std::map<std::string, std::vector<std::string>> glue;
  // Whether the resolver knows the zone. If not, its servers are dead, or it is.
  bool resolves = false;
  // Whether a server of the parent answered this agent itself. If not, silence of other servers
  // says nothing about them.
  bool parent_answered = false;
  bool parent_serves_zone = false;  // so that it cannot be told what the parent says
  std::string parent_v6;            // an address that tells whether IPv6 works at all
};

// Finds the zone of `name` and asks its parent's servers about it. Faults: the name does not exist
// for the parent (dns_nxdomain); neither the parent nor the resolver knows anything (the resolver's
// own fault).
Task<std::optional<Fault>> FindDelegation(const RunContext& context, std::string name,
                                          Delegation& found);

// The addresses of the first 13 hosts, from the agent's resolver. What it does not know comes from
// `delegation.glue`; hosts in a zone that does not resolve are looked up nowhere else.
Task<std::vector<NameServer>> LocateServers(const RunContext& context,
                                            std::vector<std::string> hosts, Delegation delegation);

// A resolver for each address, 26 at most.
std::vector<Authority> OpenAuthorities(const ProbeDeps& deps,
                                       const std::vector<NameServer>& servers);

}  // namespace postwatch::agent
