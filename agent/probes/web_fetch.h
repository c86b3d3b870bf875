// Web fetch: asks one thing of a web server for a probe, over TLS that verifies.
#pragma once

#include <optional>
#include <string>

#include "agent/probes/dns/mail_dns.h"
#include "common/http/http_exchange.h"
#include "common/http/url.h"

namespace postwatch::agent {

struct WebRequest {
  // The method, further headers and the body; authority and path come from `url`.
  HttpQuestion question;
  Url url;  // of http only where the caller allows that
  HttpLimits limits;
  // Of an answer that is no HTTP or over the limits.
  FailureClass protocol_class = FailureClass::kConnClosedEarly;
};

struct WebAnswer {
  HttpAnswer http;  // whatever its status, redirects included
  std::string ip;   // who answered
  // Of the handshake, verified or not; also set when the fault is that it did not verify.
  std::optional<TlsFacts> tls;
};

// Steps `dns`, `connect`, `tls` (https) and `http`. Touches the resolver, the zone of the host, the
// site that answered (or all that did not) and the certificate. The fault is exact: dns_*, tcp_*,
// tls_* with OpenSSL's reason, `protocol_class`. Nothing of the question's headers, its body or the
// query of its path reaches the record, nor does anything of the answer but its status.
Task<std::optional<Fault>> FetchWeb(const RunContext& context, WebRequest request,
                                    WebAnswer& answer);

}  // namespace postwatch::agent
