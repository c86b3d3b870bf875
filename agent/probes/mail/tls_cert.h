// TLS cert: what every TLS endpoint of a domain presents, for how long yet, and whether clients
// take it.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/mail/tls_cert_settings.h.
// Steps: dns, then those of VisitTls for each endpoint: the MX hosts on port 25, and the
// submission, IMAP and POP3 servers of the domain's SRV records or of the settings; at most 16. No
// login. Fails when a submission, IMAP or POP3 endpoint presents what clients refuse: expired (with
// the depth: the server's own or the chain's), another name, self-signed, no trusted root, a
// missing intermediate, a weak key; or when it speaks old versions or ciphers only, which a second
// handshake that takes anything tells from a broken one. On port 25 the same are findings: senders
// take what they get (RFC 7672 section 2.2). A certificate near its end is a finding (AgeOf), and
// so is one that demands an OCSP response which does not come with it (tls_handshake_failed). An
// endpoint that does not answer is for others to tell; without any that does, the run is not
// tested.
absl::StatusOr<std::unique_ptr<Probe>> MakeTlsCert(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
