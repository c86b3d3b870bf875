#include "agent/probes/failure_mapping.h"

#include <openssl/x509_vfy.h>

#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/mail/backoff_hint.h"

namespace postwatch::agent {
namespace {

struct StepTimeout {
  std::string_view step;
  FailureClass klass;
};

constexpr std::array<StepTimeout, 11> kStepTimeouts = {{
    {"dns", FailureClass::kDnsTimeout},
    {"addresses", FailureClass::kDnsTimeout},
    {"resolver", FailureClass::kDnsTimeout},
    {"servers", FailureClass::kDnsTimeout},
    {"records", FailureClass::kDnsTimeout},
    {"names", FailureClass::kDnsTimeout},
    {"keys", FailureClass::kDnsTimeout},
    {"signatures", FailureClass::kDnsTimeout},
    {"connect", FailureClass::kTcpTimeout},
    {"tls", FailureClass::kTlsTimeout},
    {"delivery", FailureClass::kDeliveryDelayed},
}};

struct VerifyError {
  long error;
  FailureClass klass;
};

constexpr auto kVerifyErrors = std::to_array<VerifyError>({
    {X509_V_ERR_CERT_HAS_EXPIRED, FailureClass::kTlsCertExpired},
    {X509_V_ERR_CERT_NOT_YET_VALID, FailureClass::kTlsCertNotYetValid},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, FailureClass::kTlsSelfSigned},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, FailureClass::kTlsUntrustedRoot},
    {X509_V_ERR_CERT_UNTRUSTED, FailureClass::kTlsUntrustedRoot},
    {X509_V_ERR_CERT_REJECTED, FailureClass::kTlsUntrustedRoot},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, FailureClass::kTlsMissingIntermediate},
    {X509_V_ERR_CERT_REVOKED, FailureClass::kTlsRevoked},
    {X509_V_ERR_EE_KEY_TOO_SMALL, FailureClass::kTlsWeakKey},
    {X509_V_ERR_CA_KEY_TOO_SMALL, FailureClass::kTlsWeakKey},
    {X509_V_ERR_CA_MD_TOO_WEAK, FailureClass::kTlsWeakKey},
    {X509_V_ERR_HOSTNAME_MISMATCH, FailureClass::kTlsNameMismatch},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, FailureClass::kTlsNameMismatch},
});

constexpr uint16_t kFirstBogusEde = 6;
constexpr uint16_t kLastBogusEde = 12;

bool SaysBogus(const DnsMessage& message) {
  for (const ExtendedError& error : message.extended_errors) {
    if (error.code >= kFirstBogusEde && error.code <= kLastBogusEde) return true;
  }
  return false;
}

bool IsServFail(const DnsReply& reply) {
  return reply.transport == DnsTransport::kReplied && reply.message.rcode == Rcode::kServFail;
}

FailureClass RcodeClass(const DnsMessage& message) {
  switch (message.rcode) {
    case Rcode::kNxDomain:
      return FailureClass::kDnsNxdomain;
    case Rcode::kRefused:
      return FailureClass::kDnsRefused;
    case Rcode::kNotImp:
      return FailureClass::kDnsNotimp;
    case Rcode::kFormErr:
      return FailureClass::kDnsFormerr;
    default:
      return SaysBogus(message) ? FailureClass::kDnsDnssecBogus : FailureClass::kDnsServfail;
  }
}

std::string_view TransportText(DnsTransport transport) {
  switch (transport) {
    case DnsTransport::kReplied:
      return "replied";
    case DnsTransport::kTimeout:
      return "no answer";
    case DnsTransport::kUnreachable:
      return "the server cannot be reached";
    case DnsTransport::kMalformed:
      return "the answer is malformed";
    case DnsTransport::kTruncatedNoTcp:
      return "the answer is truncated and TCP does not work";
    case DnsTransport::kCancelled:
      return "cancelled";
  }
  return "";
}

// What the schedule goes by (agent/schedule/restraint.h).
void RecordBackoff(StepRecorder& run, const Fault& fault) {
  if (!fault.reply) return;
  const std::optional<int64_t> seconds = BackoffSeconds(fault.reply->text);
  if (seconds) run.Fact("backoff.seconds", Concat(*seconds));
}

}  // namespace

void Decide(StepRecorder& run, const Fault& fault) {
  if (fault.klass == FailureClass::kUnspecified) {
    run.NotTested(fault.detail);
  } else if (fault.klass == FailureClass::kImapSessionExpired) {
    run.NotTested(Concat("the session was ended in the middle, which is no fault; ", fault.detail));
  } else {
    RecordBackoff(run, fault);
    run.Fail(fault.klass, fault.detail, fault.reply);
  }
}

void Mention(StepRecorder& run, const Fault& fault) {
  if (fault.klass != FailureClass::kUnspecified) run.Find(fault.klass, fault.detail, fault.reply);
}

FailureClass TimeoutClass(std::string_view step) {
  for (const StepTimeout& entry : kStepTimeouts) {
    if (entry.step == step) return entry.klass;
  }
  return FailureClass::kReadTimeout;
}

FailureClass NetFailureClass(NetError error, std::string_view step) {
  switch (error) {
    case NetError::kUnreachable:
      return FailureClass::kNetUnreachable;
    case NetError::kRefused:
      return FailureClass::kTcpRefused;
    case NetError::kTimeout:
      return TimeoutClass(step);
    case NetError::kReset:
      return FailureClass::kTcpReset;
    case NetError::kTlsHandshake:
    case NetError::kTlsUntrusted:
      return FailureClass::kTlsHandshakeFailed;
    case NetError::kTlsVersion:
      return FailureClass::kTlsVersion;
    case NetError::kPlaintextInjection:
      return FailureClass::kTlsPlaintextInjection;
    case NetError::kCancelled:
      return FailureClass::kUnspecified;
    case NetError::kClosed:
    case NetError::kTooLong:
    case NetError::kOther:
      return FailureClass::kConnClosedEarly;
  }
  return FailureClass::kConnClosedEarly;
}

FailureClass TlsFailureClass(const TlsFacts& facts) {
  for (const VerifyError& entry : kVerifyErrors) {
    if (entry.error == facts.verify_error) return entry.klass;
  }
  switch (facts.verify_error) {
    case X509_V_OK:
      return facts.name_matches ? FailureClass::kTlsHandshakeFailed
                                : FailureClass::kTlsNameMismatch;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      // Nothing that was sent signed the leaf, or the end of what was sent is not trusted.
      return facts.verify_depth == 0 ? FailureClass::kTlsMissingIntermediate
                                     : FailureClass::kTlsUntrustedRoot;
    default:
      return FailureClass::kTlsHandshakeFailed;
  }
}

Fault TlsFault(const TlsFacts& facts, std::string_view host) {
  std::string detail = Concat("the certificate served for ", host, " does not verify: ");
  if (facts.verify_error == X509_V_OK) {
    std::vector<std::string> names;
    if (!facts.chain.empty()) names = facts.chain[0].dns_names;
    Append(detail, "it is for ", names.empty() ? "no name" : Join(names, ", "));
  } else {
    Append(detail, facts.verify_text, " at depth ", facts.verify_depth,
           facts.verify_depth == 0 ? " (the server's own)" : " (of the chain)");
  }
  return {TlsFailureClass(facts), std::move(detail), std::nullopt};
}

FailureClass NamedFailureClass(std::string_view name) {
  return ParseFailureClass(name).value_or(FailureClass::kUnspecified);
}

Fault FaultFromStatus(const absl::Status& status, std::string_view step, const Stream* stream,
                      FailureClass protocol_class) {
  const std::string detail(FromAbsl(status.message()));
  const std::optional<NetError> error = GetNetError(status);
  if (!error.has_value()) {
    const bool cancelled = absl::IsCancelled(status);
    return {cancelled ? FailureClass::kUnspecified : protocol_class, detail, std::nullopt};
  }
  if (*error == NetError::kTlsUntrusted && stream != nullptr && stream->tls() != nullptr) {
    return {TlsFailureClass(*stream->tls()), detail, std::nullopt};
  }
  if (*error == NetError::kTlsHandshake && ContainsIgnoreCase(detail, "no shared cipher")) {
    return {FailureClass::kTlsCipher, detail, std::nullopt};
  }
  if (*error == NetError::kTooLong) return {protocol_class, detail, std::nullopt};
  return {NetFailureClass(*error, step), detail, std::nullopt};
}

Fault FaultFromSmtp(SmtpStage stage, const SmtpReply& reply) {
  const Classification found = ClassifySmtpReply(stage, reply);
  Fault fault{NamedFailureClass(found.klass),
              Concat("the server said ", reply.code, " ", reply.text), std::nullopt};
  fault.reply = Reply{reply.code, reply.enhanced, reply.text, std::string(found.rule)};
  return fault;
}

Fault FaultFromImap(ImapStage stage, const ImapStatus& status) {
  const Classification found = ClassifyImapStatus(stage, status);
  const std::string_view kind = status.kind == ImapStatus::Kind::kBad ? "BAD" : "NO";
  const std::string text =
      status.code.empty() ? status.text : Concat("[", status.code, "] ", status.text);
  Fault fault{NamedFailureClass(found.klass), Concat("the server said ", kind, " ", text),
              std::nullopt};
  fault.reply = Reply{0, "", text, std::string(found.rule)};
  return fault;
}

Fault FaultFromPop3(Pop3Stage stage, const Pop3Status& status) {
  const Classification found = ClassifyPop3(stage, status);
  const std::string text =
      status.code.empty() ? status.text : Concat("[", status.code, "] ", status.text);
  Fault fault{NamedFailureClass(found.klass), Concat("the server said -ERR ", text), std::nullopt};
  fault.reply = Reply{0, "", text, std::string(found.rule)};
  return fault;
}

std::optional<FailureClass> DnsFailureClass(const DnsReply& reply) {
  switch (reply.transport) {
    case DnsTransport::kReplied:
      if (reply.message.rcode == Rcode::kNoError) return std::nullopt;
      return RcodeClass(reply.message);
    case DnsTransport::kTimeout:
    case DnsTransport::kUnreachable:
      return FailureClass::kDnsTimeout;
    case DnsTransport::kMalformed:
      return FailureClass::kDnsMalformed;
    case DnsTransport::kTruncatedNoTcp:
      return FailureClass::kDnsTruncatedNoTcp;
    case DnsTransport::kCancelled:
      return FailureClass::kUnspecified;
  }
  return FailureClass::kDnsMalformed;
}

Task<std::optional<Fault>> JudgeDnsReply(Resolver& resolver, DnsQuestion question, DnsReply reply) {
  const std::optional<FailureClass> klass = DnsFailureClass(reply);
  if (!klass.has_value()) co_return std::nullopt;
  Fault fault{*klass, DescribeDnsReply(question, reply), std::nullopt};
  if (*klass == FailureClass::kDnsServfail && IsServFail(reply)) {
    question.checking_disabled = true;
    const DnsReply unchecked = co_await resolver.Query(question);
    question.checking_disabled = false;
    if (unchecked.transport == DnsTransport::kReplied && !IsServFail(unchecked)) {
      // Asked once more as before: a server that recovered in between is no bogus zone.
      const DnsReply again = co_await resolver.Query(question);
      if (IsServFail(again)) {
        fault.klass = FailureClass::kDnsDnssecBogus;
        fault.detail += "; answered with checking disabled";
      }
    }
  }
  co_return fault;
}

std::string DescribeDnsReply(const DnsQuestion& question, const DnsReply& reply) {
  std::string text =
      Concat(RrTypeText(question.type), " ", question.name, " at ", reply.server, ": ");
  if (reply.transport != DnsTransport::kReplied) {
    Append(text, TransportText(reply.transport));
    if (!reply.detail.empty()) Append(text, " (", reply.detail, ")");
    return text;
  }
  Append(text, RcodeText(reply.message.rcode));
  for (const ExtendedError& error : reply.message.extended_errors) {
    Append(text, ", EDE ", error.code);
    if (!error.text.empty()) Append(text, " (", error.text, ")");
  }
  return text;
}

void RecordTls(StepRecorder& run, const TlsFacts& facts) {
  run.Fact("tls.version", facts.version);
  run.Fact("tls.cipher", facts.cipher);
  if (!facts.chain.empty()) {
    const CertificateFacts& leaf = facts.chain[0];
    run.Fact("tls.issuer", leaf.issuer);
    run.Fact("tls.not_after",
             absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", leaf.not_after, absl::UTCTimeZone()));
    run.Fact("tls.sha256", leaf.sha256);
  }
  if (facts.verified) {
    run.Fact("tls.verify", "ok");
  } else {
    run.Fact("tls.verify", FailureClassName(TlsFailureClass(facts)));
  }
}

}  // namespace postwatch::agent
