// CertificateWatch: how long the collector's own certificate and its authorities are good for.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/pki/certificate_life.h"
#include "common/pki/pem_files.h"

namespace postwatch::collector {

// On the loop.
class CertificateWatch {
 public:
  // `clock` must outlive this.
  CertificateWatch(PemPaths files, const Clock& clock);

  // Looks at the files at first, then every ten seconds. Says once in the log of each certificate
  // that it ends soon: a week before its end (an authority's: thirty days), or in the last sixth of
  // a shorter life.
  void Tick();

  // Of the certificate in the file; or why the files are no good: agents are shown those of before
  // then. Files that are being replaced do not fit for a moment: what is wrong counts when it is
  // seen twice.
  const absl::StatusOr<CertificateLife>& own() const { return own_; }
  // When each authority's certificate ends, by its hash (AuthorityHashes).
  const std::map<std::string, absl::Time>& authorities() const { return authorities_; }

 private:
  void Look();
  void WarnOfEnd(const std::string& file, const std::string& whose, const CertificateLife& life,
                 absl::Duration at_latest);

  const PemPaths files_;
  const Clock& clock_;
  absl::StatusOr<CertificateLife> own_;
  std::map<std::string, absl::Time> authorities_;
  std::map<std::string, absl::Time> warned_;  // of which end, by whose
  std::optional<absl::Duration> looked_;
  bool failed_before_ = false;
};

}  // namespace postwatch::collector
