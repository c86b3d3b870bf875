#include "collector/certificate_watch.h"

#include <algorithm>
#include <vector>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/pki/authorities.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(10);
constexpr absl::Duration kOwnNotice = absl::Hours(24 * 7);
constexpr absl::Duration kAuthorityNotice = absl::Hours(24 * 30);

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

}  // namespace

CertificateWatch::CertificateWatch(PemPaths files, const Clock& clock)
    : files_(std::move(files)), clock_(clock), own_(CertificateLife()) {}

void CertificateWatch::Tick() {
  if (looked_ && clock_.Steady() - *looked_ < kLookEvery) return;
  Look();
  looked_ = clock_.Steady();
}

void CertificateWatch::Look() {
  const absl::StatusOr<PemBundle> pem = LoadPemBundle(files_);
  if (!pem.ok()) {
    if (failed_before_ || !looked_) own_ = pem.status();
    failed_before_ = true;
    return;
  }
  failed_before_ = false;
  // LoadPemBundle has found one at least.
  own_ = CertificateLives(pem->certificate).front();
  WarnOfEnd(files_.certificate, "the collector's", *own_, kOwnNotice);
  const std::vector<std::string> hashes = AuthorityHashes(pem->ca);
  const std::vector<CertificateLife> lives = CertificateLives(pem->ca);
  authorities_.clear();
  for (size_t i = 0; i < std::min(hashes.size(), lives.size()); ++i) {
    // One key may have several certificates: it is trusted until the last of them ends.
    absl::Time& end = authorities_.try_emplace(hashes[i], lives[i].not_after).first->second;
    end = std::max(end, lives[i].not_after);
    WarnOfEnd(files_.ca, Concat("the authority ", hashes[i]), lives[i], kAuthorityNotice);
  }
  std::erase_if(warned_, [this](const auto& told) { return told.second <= clock_.Now(); });
}

void CertificateWatch::WarnOfEnd(const std::string& file, const std::string& whose,
                                 const CertificateLife& life, absl::Duration at_latest) {
  const absl::Time now = clock_.Now();
  const absl::Duration notice = std::min((life.not_after - life.not_before) / 6, at_latest);
  if (now >= life.not_after || now < life.not_after - notice) return;
  if (warned_[whose] == life.not_after) return;
  warned_[whose] = life.not_after;
  Log(LogLevel::kWarn, "a certificate ends soon; see docs/identity.md",
      {{"whose", whose}, {"file", file}, {"ends", TimeText(life.not_after)}});
}

}  // namespace postwatch::collector
