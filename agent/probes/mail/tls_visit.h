// TLS visit: goes to a mail server for its certificate, and leaves before any login.
#pragma once

#include <optional>
#include <string>

#include "agent/probes/mail/mail_session.h"
#include "common/checks/mail/tls_cert_settings.h"

namespace postwatch::agent {

struct TlsVisit {
  std::optional<TlsFacts> facts;  // of the handshake, verified or not
  std::optional<Fault> fault;     // why there are none
  bool offered = true;            // false: the server answers and offers no STARTTLS
  bool shook_hands = false;       // the fault is of the handshake itself
};

// Steps `connect`, those of the greeting, `starttls` where it is asked for, and `tls`. Touches
// svc:, provider:, the site and the certificate. Takes the first address that answers. With
// `diagnostic` the handshake takes whatever it gets (TlsSettings). Finds and records nothing but
// what Connect and GreetSmtp do; the record of TLS is the caller's. A visit that is not over after
// `limit` ends with the timeout of its step, so that one dead server does not use up the whole run.
Task<TlsVisit> VisitTls(const RunContext& context, TlsEndpoint endpoint, HostAddresses addresses,
                        bool diagnostic, absl::Duration limit);

// Half of what is left of a run that began at `started` (steady): however many visits take all of
// their limit, the run ends before its own.
absl::Duration VisitLimit(const RunContext& context, absl::Duration started);

}  // namespace postwatch::agent
