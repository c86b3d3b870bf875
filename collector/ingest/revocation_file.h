// RevocationFile: the list of revocations on disk, looked at again and again.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/pki/revocation_list.h"

namespace postwatch::collector {

// Not thread-safe.
class RevocationFile {
 public:
  // PEM files: the CRLs, and the authorities of which one must have signed each.
  RevocationFile(std::string crl, std::string ca) : crl_(std::move(crl)), ca_(std::move(ca)) {}

  // The list, when the files are not as they were at the last call; nothing when they are. The
  // error names the file; it comes once for one state of the files.
  absl::StatusOr<std::optional<RevocationList>> Look();

 private:
  const std::string crl_;
  const std::string ca_;
  std::string seen_;  // both texts, or the error
};

}  // namespace postwatch::collector
