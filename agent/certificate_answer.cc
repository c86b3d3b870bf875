#include "agent/certificate_answer.h"

#include "common/base/text.h"
#include "common/pki/authorities.h"
#include "common/pki/ca.h"

namespace postwatch::agent {
namespace {

absl::Time After(const IdentityCertificate& certificate, double part) {
  return certificate.not_before + (certificate.not_after - certificate.not_before) * part;
}

}  // namespace

absl::Status CheckAnswer(const EnrolmentAnswer& answer, const Secret& key, const PeerIdentity& own,
                         absl::Time now) {
  const auto bad = [](std::string_view what) {
    return absl::FailedPreconditionError(Concat("the collector issued ", what));
  };
  const absl::StatusOr<IdentityCertificate> issued = ParseIdentityCertificate(answer.certificate);
  if (!issued.ok()) {
    return bad(Concat("no identity: ", FromAbsl(issued.status().message())));
  }
  if (issued->identity != own) return bad("the certificate of somebody else");
  if (!KeyFits({answer.certificate, key.Clone()})) return bad("a certificate for another key");
  const absl::Status trusted = CheckIssuedBy(answer.certificate, answer.authorities, now);
  if (trusted.ok()) return absl::OkStatus();
  return bad(Concat("a certificate that is no good here: ", FromAbsl(trusted.message()),
                    "; is this machine's clock right?"));
}

absl::Time RenewAt(const IdentityCertificate& certificate) { return After(certificate, 2.0 / 3); }

absl::Time ReconnectAt(const IdentityCertificate& certificate) {
  return After(certificate, 11.0 / 12);
}

absl::Time WorryAt(const IdentityCertificate& certificate) { return After(certificate, 5.0 / 6); }

}  // namespace postwatch::agent
