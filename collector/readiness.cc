#include "collector/readiness.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kTickWithin = absl::Seconds(10);

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

}  // namespace

Readiness::Readiness(const StoreTrouble& trouble, const Clock& clock)
    : trouble_(trouble),
      clock_(clock),
      ticked_(clock.Steady()),
      certificate_(CertificateLife{absl::InfinitePast(), absl::InfiniteFuture()}) {}

void Readiness::Ticked() {
  absl::MutexLock lock(&mutex_);
  ticked_ = clock_.Steady();
}

void Readiness::SetCertificate(absl::StatusOr<CertificateLife> own) {
  absl::MutexLock lock(&mutex_);
  certificate_ = std::move(own);
}

absl::Status Readiness::status() const {
  std::vector<std::string> reasons;
  {
    absl::MutexLock lock(&mutex_);
    reasons = {EngineProblem(), CertificateProblem()};
  }
  reasons.emplace_back(FromAbsl(trouble_.status().message()));
  std::erase(reasons, "");
  if (reasons.empty()) return absl::OkStatus();
  return absl::UnavailableError(Join(reasons, "\n"));
}

std::string Readiness::EngineProblem() const {
  const absl::Duration since = clock_.Steady() - ticked_;
  if (since <= kTickWithin) return "";
  return Concat("the engine has not ticked for ", absl::ToInt64Seconds(since),
                " s: restart the collector; nothing that agents handed in is lost");
}

std::string Readiness::CertificateProblem() const {
  if (!certificate_.ok()) {
    return Concat("the certificate files are no good, and those of before are still shown: ",
                  FromAbsl(certificate_.status().message()));
  }
  const absl::Time now = clock_.Now();
  if (now < certificate_->not_before) {
    return Concat("agents do not believe the collector's certificate: it is not valid before ",
                  TimeText(certificate_->not_before), "; is the clock right?");
  }
  if (now < certificate_->not_after) return "";
  return Concat("agents do not believe the collector's certificate: it ended ",
                TimeText(certificate_->not_after),
                "; put another one in its place (`postwatch ca issue collector`), no restart is "
                "needed");
}

}  // namespace postwatch::collector
