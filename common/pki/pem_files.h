// PemFiles: certificates and keys on disk.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/pki/ca.h"

namespace postwatch {

// What mutual TLS needs, as PEM texts.
struct PemBundle {
  std::string ca;
  std::string certificate;  // the leaf first, then intermediates if any
  Secret key;
};

struct PemPaths {
  std::string ca;
  std::string certificate;
  std::string key;
};

inline constexpr size_t kMaxPemBytes = 1 << 20;
// Of a list of revocations, with as many entries as one may have.
inline constexpr size_t kMaxRevocationBytes = 16 << 20;

// The text of a PEM file, at most `most` bytes. Errors name the file: NotFound, PermissionDenied,
// ...
absl::StatusOr<std::string> ReadPemFile(const std::string& path, size_t most = kMaxPemBytes);

// Reads the three files and checks that they are what they should be and that the key belongs to
// the certificate. Errors name the file: NotFound, PermissionDenied or InvalidArgument.
absl::StatusOr<PemBundle> LoadPemBundle(const PemPaths& paths);

// A certificate and its key, checked in the same way: the authority, to sign with.
absl::StatusOr<IssuedCertificate> LoadIssuedCertificate(const std::string& certificate_path,
                                                        const std::string& key_path);

// Who may read a file beside its owner.
enum class Readers { kNobody, kEverybody };  // modes 0600 and 0644

enum class Overwrite { kRefuse, kReplace };

// Writes a file, which appears whole or not at all and is on the disk when this returns.
// AlreadyExists when it is there and may not be replaced.
absl::Status WritePemFile(const std::string& path, std::string_view text, Readers readers,
                          Overwrite overwrite);

// Writes both files, the key first and readable by its owner alone (0600), the certificate 0644.
// Each appears whole or not at all, and is on the disk when this returns. AlreadyExists, before
// anything is written, if one of them exists and may not be replaced.
absl::Status WriteIssuedCertificate(const IssuedCertificate& issued,
                                    const std::string& certificate_path,
                                    const std::string& key_path, Overwrite overwrite);

}  // namespace postwatch
