// MX verdict: from what happened at each address of a domain's mail servers to the outcome of a
// run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/probes/mail/mx_hosts.h"

namespace postwatch::agent {

// For each address: Enter, the visit, Leave; then Conclude. Faults become findings as they come;
// what only a failing address depended on is taken back, unless all fail. Lives in the frame of
// Probe::Run, as do the context and the round.
class MxVerdict {
 public:
  // Notes the hosts that have no address.
  MxVerdict(const RunContext& context, const MxRound& round);

  void Enter(const MxDoor& door);
  // `fault` is never unspecified.
  void Leave(const MxDoor& door, const std::optional<Fault>& fault);

  // Decides, or leaves a pass. Records the facts mx.ok ("<hosts that work>/<hosts>"), mx.best and
  // ipv6.
  void Conclude();

 private:
  // What came of one address, or of a host that has none (then `ip` is empty).
  struct Result {
    size_t host;
    std::string ip;
    std::optional<Fault> fault;
    bool tested = true;
    size_t finding = 0;  // its index, when there is a fault

    bool is(bool v6) const { return !ip.empty() && (ip.find(':') != ip.npos) == v6; }
    bool works() const { return tested && !fault.has_value(); }
  };

  void Book(size_t host, const std::string& ip, const std::optional<Fault>& fault);
  bool HostWorks(size_t host) const;
  // Whether any address of this family is tested, and whether any works.
  bool AnyTested(bool v6) const;
  bool AnyWorks(bool v6) const;
  void NoteUnreachable();
  void NoteIpv6() const;
  void NoteBestPreference() const;
  void Fail();

  const RunContext& context_;
  const MxRound& round_;
  size_t mark_ = 0;
  std::vector<Result> results_;
  std::vector<ComponentRef> recalled_;
};

}  // namespace postwatch::agent
