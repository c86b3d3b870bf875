#include <algorithm>
#include <array>

#include "agent/probes/dns_mx.h"
#include "agent/probes/imap_access.h"
#include "agent/probes/probe.h"
#include "agent/probes/roundtrip.h"
#include "agent/probes/smtp_mx.h"
#include "agent/probes/smtp_submit.h"
#include "agent/probes/witness.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr std::array<ProbeKind, 6> kProbes = {{
    {"witness", "neutral servers answer, so that the agent's own faults are told apart",
     Leg::kControl, MakeWitness},
    {"dns.mx", "the domain's mail servers can be found in the DNS", Leg::kDns, MakeDnsMx},
    {"smtp.mx", "the domain's mail servers take connections on port 25", Leg::kInbound, MakeSmtpMx},
    {"smtp.submit", "the account can log in and hand in mail", Leg::kSubmission, MakeSmtpSubmit},
    {"imap.access", "the account can log in and read its mail", Leg::kAccess, MakeImapAccess},
    {"roundtrip", "a letter to the own mailbox arrives, whole and in time", Leg::kDelivery,
     MakeRoundtrip},
}};

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
