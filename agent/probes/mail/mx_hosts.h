// MX hosts: the doors of a domain's mail servers, every address of every host, and how to open one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/probes/mail/mail_session.h"

namespace postwatch::agent {

struct MxHost {
  std::string name;
  uint16_t preference = 0;
  HostAddresses addresses;
  std::optional<Fault> fault;         // why it has no address to try
  std::vector<ComponentRef> touched;  // what its addresses depend on
};

// One address of one host.
struct MxDoor {
  size_t host = 0;  // index into the hosts
  std::string ip;

  bool v6() const { return ip.find(':') != ip.npos; }
};

// What a run demands of TLS on port 25. Senders take what they can get (RFC 7672 section 2.2), so
// that what is missing is a finding unless it is `required`.
struct MxTlsDemand {
  bool required = false;
  std::string floor = "1.2";  // the least version that is no finding
  bool silent = false;        // no findings: smtp.mx has them
};

// The MX hosts of one run, and what it learnt at them: an address that did not take the connection
// is not dialed again, and no finding about TLS is told twice for a host. Lives in the frame of
// Probe::Run, as does the context.
class MxRound {
 public:
  MxRound(const RunContext& context, MxTlsDemand tls);

  // Fills hosts(): the domain's MX set, best first, at most 10, or `only` when that is not empty.
  // Each is resolved; what it depends on is kept with it and not touched. Unless `allow_private`,
  // private addresses are left out. The fault is that of the MX set itself.
  Task<std::optional<Fault>> FindHosts(std::string only, bool allow_private);

  const std::vector<MxHost>& hosts() const { return hosts_; }

  // At most 16 addresses, host after host, IPv4 before IPv6. When there are more, each host and
  // family keeps its first before any keeps its second.
  std::vector<MxDoor> Doors() const;

  // Touches mx:<host> and what its addresses depend on.
  void TouchHost(const MxHost& host) const;

  // Steps `connect` to `ehlo2` at port 25 of one address. A banner or EHLO that refuses is what the
  // server said, and nothing about TLS. Records the fact tls.<host>.<ip>.
  Task<std::optional<Fault>> Open(const MxDoor& door, SmtpSession& session);

 private:
  Task<void> Resolve(MxHost& host, bool allow_private);
  Task<std::optional<Fault>> Secure(const MxDoor& door, SmtpSession& session);
  std::optional<Fault> JudgeTls(const MxDoor& door, const TlsFacts& facts);
  std::optional<Fault> Demand(const MxDoor& door, Fault fault);

  const RunContext& context_;
  const MxTlsDemand tls_;
  std::vector<MxHost> hosts_;
  std::map<std::string, Fault> dead_;  // by address
  std::set<std::string> told_;         // "<class> <host>" of findings
};

// Steps `reset` and `quit`: leaves politely; whatever the server says to that does not matter.
Task<void> LeaveSmtp(const RunContext& context, SmtpSession& session, bool reset);

// "mx.<host>.<ip>", the host cut so that the whole fits a fact's key.
std::string DoorKey(std::string_view prefix, std::string_view host, std::string_view ip);

}  // namespace postwatch::agent
