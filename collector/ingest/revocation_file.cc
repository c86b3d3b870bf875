#include "collector/ingest/revocation_file.h"

#include <utility>

#include "common/base/text.h"
#include "common/pki/pem_files.h"

namespace postwatch::collector {

absl::StatusOr<std::optional<RevocationList>> RevocationFile::Look() {
  const absl::StatusOr<std::string> crl = ReadPemFile(crl_, kMaxRevocationBytes);
  const absl::StatusOr<std::string> ca = ReadPemFile(ca_);
  const absl::Status read = crl.ok() ? ca.status() : crl.status();
  std::string now = read.ok() ? Concat(*crl, *ca) : std::string(FromAbsl(read.message()));
  if (now == seen_) return std::nullopt;
  seen_ = std::move(now);
  if (!read.ok()) return read;
  absl::StatusOr<RevocationList> list = RevocationList::Parse(*crl, *ca);
  if (list.ok()) return *std::move(list);
  return absl::Status(list.status().code(), Concat(crl_, ": ", FromAbsl(list.status().message()),
                                                   " (the authorities are those of ", ca_, ")"));
}

}  // namespace postwatch::collector
