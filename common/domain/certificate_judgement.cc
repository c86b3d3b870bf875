#include "common/domain/certificate_judgement.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr absl::Duration kShortLived = absl::Hours(24 * 45);
constexpr absl::Duration kEarliestWarning = absl::Hours(24 * 30);
constexpr absl::Duration kLatestWarning = absl::Hours(24 * 14);
constexpr size_t kNamesShown = 4;

std::string DateText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
}

std::string Counted(int64_t count, std::string_view what) {
  return Concat(count, " ", what, count == 1 ? "" : "s");
}

std::string SpanText(absl::Duration span) {
  const int64_t hours = absl::ToInt64Hours(span);
  return hours < 48 ? Counted(hours, "hour") : Counted(hours / 24, "day");
}

}  // namespace

CertificateAge AgeOf(const CertificateFacts& certificate, absl::Time now) {
  const absl::Duration life = certificate.not_after - certificate.not_before;
  CertificateAge age;
  age.left = certificate.not_after - now;
  if (life <= absl::ZeroDuration()) {
    age.expiring = true;
    return age;
  }
  const double fraction = std::clamp(absl::FDivDuration(age.left, life), 0.0, 1.0);
  age.percent_left = static_cast<int>(fraction * 100);
  if (life <= kShortLived) {
    age.expiring = age.left <= life / 4;
  } else {
    age.expiring =
        age.left <= kLatestWarning || (age.left <= life / 3 && age.left <= kEarliestWarning);
  }
  return age;
}

std::string LeftText(absl::Duration left) {
  return left < absl::ZeroDuration() ? Concat("over for ", SpanText(-left)) : SpanText(left);
}

std::string CertificateText(const CertificateFacts& certificate) {
  std::vector<std::string> names = certificate.dns_names;
  const bool more = names.size() > kNamesShown;
  if (more) names.resize(kNamesShown);
  return Concat(certificate.subject, " by ", certificate.issuer, ", for ",
                names.empty() ? std::string("no name") : Join(names, ", "), more ? ", ..." : "",
                ", ", certificate.key_bits, " bits, until ", DateText(certificate.not_after));
}

std::string InvalidText(const TlsFacts& facts, absl::Time now) {
  const size_t depth =
      facts.verify_depth < 0 ? facts.chain.size() : static_cast<size_t>(facts.verify_depth);
  if (depth >= facts.chain.size()) return "";
  const CertificateFacts& certificate = facts.chain[depth];
  if (certificate.not_after < now) {
    return Concat("that is ", certificate.subject, ", valid until ",
                  DateText(certificate.not_after));
  }
  if (certificate.not_before > now) {
    return Concat("that is ", certificate.subject, ", valid from ",
                  DateText(certificate.not_before));
  }
  return "";
}

std::string MissingStapleText(const TlsFacts& facts) {
  const bool demanded = !facts.chain.empty() && facts.chain.front().must_staple;
  if (!demanded || facts.stapled) return "";
  return Concat("the certificate ", facts.chain.front().subject,
                " demands an OCSP response (must-staple) and the server sends none: clients that "
                "honour that break off the handshake");
}

}  // namespace postwatch
