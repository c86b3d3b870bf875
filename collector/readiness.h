// Readiness: whether the collector does its work, and if it does not, why and what to do.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "collector/store_trouble.h"
#include "common/base/clock.h"
#include "common/pki/certificate_life.h"

namespace postwatch::collector {

// Ready: the engine ticks, the store has proven that it can be written, and agents can believe the
// certificate that is shown to them. Thread-safe: who asks must learn that the loop hangs.
class Readiness {
 public:
  // Both must outlive this.
  Readiness(const StoreTrouble& trouble, const Clock& clock);

  void Ticked();
  // CertificateWatch::own.
  void SetCertificate(absl::StatusOr<CertificateLife> own);

  // Unavailable with a line for each reason when it is not ready.
  absl::Status status() const;

 private:
  std::string EngineProblem() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  std::string CertificateProblem() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const StoreTrouble& trouble_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  absl::Duration ticked_ ABSL_GUARDED_BY(mutex_);
  absl::StatusOr<CertificateLife> certificate_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace postwatch::collector
