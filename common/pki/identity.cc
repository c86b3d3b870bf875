#include "common/pki/identity.h"

#include <vector>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/pki/certificate_names.h"
#include "common/pki/openssl_ptr.h"
#include "common/pki/serial.h"

namespace postwatch {
namespace {

constexpr std::string_view kCollectorUri = "spiffe://postwatch/collector";
constexpr std::string_view kAgentPrefix = "spiffe://postwatch/agent/";
constexpr size_t kShownBytes = 200;
// Between the machine of the authority, which says when an agent was enrolled, and the collector,
// which issues. A later time is of somebody else's serial number.
constexpr absl::Duration kMostClockSkew = absl::Hours(24);

// "." and ".." are path segments with a meaning, which some reader might act on.
bool IsSegment(std::string_view text) { return IsName(text) && text != "." && text != ".."; }

absl::Status NotAnIdentity(std::string_view uri) {
  return absl::InvalidArgumentError(Concat("'", Truncate(uri, kShownBytes),
                                           "' is no Postwatch identity; it must be ", kCollectorUri,
                                           " or ", kAgentPrefix, "<region>/<name>"));
}

}  // namespace

absl::StatusOr<std::string> IdentityUri(const PeerIdentity& identity) {
  if (identity.role == PeerRole::kCollector) {
    if (!identity.region.empty() || !identity.name.empty()) {
      return absl::InvalidArgumentError("a collector's identity has neither region nor name");
    }
    return std::string(kCollectorUri);
  }
  for (const std::string& part : {identity.region, identity.name}) {
    if (!IsSegment(part)) {
      return absl::InvalidArgumentError(
          Concat("'", Truncate(part, kShownBytes),
                 "' cannot be the region or name of an agent: use 1 to 63 of a-z, 0-9, '.', '-' "
                 "and '_'"));
    }
  }
  return Concat(kAgentPrefix, identity.region, "/", identity.name);
}

absl::StatusOr<PeerIdentity> ParseIdentityUri(std::string_view uri) {
  if (uri == kCollectorUri) return PeerIdentity{PeerRole::kCollector, "", ""};
  if (!uri.starts_with(kAgentPrefix)) return NotAnIdentity(uri);
  const std::vector<std::string_view> parts = Split(uri.substr(kAgentPrefix.size()), '/');
  if (parts.size() != 2 || !IsSegment(parts[0]) || !IsSegment(parts[1])) return NotAnIdentity(uri);
  return PeerIdentity{PeerRole::kAgent, std::string(parts[0]), std::string(parts[1])};
}

absl::StatusOr<IdentityCertificate> ParseIdentityCertificate(std::string_view pem) {
  const CertificatePtr certificate = ReadCertificate(pem);
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(Concat("no certificate in the PEM text: ", OpensslError()));
  }
  const std::vector<std::string> uris = NamesOf(certificate.get()).uris;
  if (uris.size() != 1) {
    return absl::InvalidArgumentError(
        Concat("the certificate has ", uris.size(),
               " URIs in its subjectAltName where an identity is exactly one; issue it with "
               "'postwatch ca'"));
  }
  absl::StatusOr<PeerIdentity> identity = ParseIdentityUri(uris.front());
  if (!identity.ok()) return identity.status();
  absl::StatusOr<absl::Time> not_before = NotBefore(certificate.get());
  if (!not_before.ok()) return not_before.status();
  absl::StatusOr<absl::Time> not_after = NotAfter(certificate.get());
  if (!not_after.ok()) return not_after.status();
  const Serial serial = ReadSerial(X509_get0_serialNumber(certificate.get()));
  const bool ours = serial.enrolled && *serial.enrolled <= *not_before + kBackdate + kMostClockSkew;
  return IdentityCertificate{*std::move(identity), *not_before, *not_after, serial.hex,
                             ours ? *serial.enrolled : *not_before};
}

}  // namespace postwatch
