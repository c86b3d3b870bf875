// Failure mapping: from what a connection, a server or a DNS reply showed to a failure class.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "agent/probes/step_recorder.h"
#include "common/dns/resolver.h"
#include "common/mail/pop3_rules.h"
#include "common/mail/reply_classifier.h"
#include "common/model/observation.h"
#include "common/net/stream.h"

namespace postwatch::agent {

// Why a part of a run cannot go on. kUnspecified means that nothing can be said about the target
// (our own mistake, or a cancellation); `detail` is then the reason.
struct Fault {
  FailureClass klass = FailureClass::kUnspecified;
  std::string detail;
  std::optional<Reply> reply;
};

// Ends the run with the fault: Fail, or NotTested when the class is kUnspecified, and when a server
// merely ended a session whose time was up (imap_session_expired).
void Decide(StepRecorder& run, const Fault& fault);
// Notes it beside the main result; an unspecified one is dropped.
void Mention(StepRecorder& run, const Fault& fault);

// What a timeout means at this step: dns_timeout, tcp_timeout, tls_timeout, delivery_delayed or
// read_timeout.
FailureClass TimeoutClass(std::string_view step);

FailureClass NetFailureClass(NetError error, std::string_view step);

// Of a handshake that showed an unverified peer: by OpenSSL's error, its depth and the name.
FailureClass TlsFailureClass(const TlsFacts& facts);
Fault TlsFault(const TlsFacts& facts, std::string_view host);

// The class of that name; kUnspecified for a name there is none for.
FailureClass NamedFailureClass(std::string_view name);

// From the error status of a stream or a mail client. `stream` may be null; its TLS facts tell why
// a peer was not trusted. `protocol_class` is for replies that are none (smtp_protocol,
// imap_protocol).
Fault FaultFromStatus(const absl::Status& status, std::string_view step, const Stream* stream,
                      FailureClass protocol_class);

Fault FaultFromSmtp(SmtpStage stage, const SmtpReply& reply);
Fault FaultFromImap(ImapStage stage, const ImapStatus& status);
Fault FaultFromPop3(Pop3Stage stage, const Pop3Status& status);

// Of a reply that is not NOERROR, without asking further; an EDE of 6 to 12 (RFC 8914) makes a
// SERVFAIL bogus. Nothing for a NOERROR reply, whether it holds records or not.
std::optional<FailureClass> DnsFailureClass(const DnsReply& reply);

// As DnsFailureClass, and tells a bogus zone from a dead one: a SERVFAIL that turns into an answer
// with CD=1 and stays a SERVFAIL without is dns_dnssec_bogus (RFC 4035 section 3.2.2).
Task<std::optional<Fault>> JudgeDnsReply(Resolver& resolver, DnsQuestion question, DnsReply reply);

// "MX alpha.test at 192.0.2.53:53: SERVFAIL, EDE 22 (no reachable authority)".
std::string DescribeDnsReply(const DnsQuestion& question, const DnsReply& reply);

// tls.version, tls.cipher, tls.issuer, tls.not_after, tls.sha256 and tls.verify.
void RecordTls(StepRecorder& run, const TlsFacts& facts);

}  // namespace postwatch::agent
