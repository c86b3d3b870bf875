#include "common/pki/pem_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/pki/openssl_ptr.h"

namespace postwatch {
namespace {

constexpr size_t kUsualBytes = 64 << 10;  // what is made room for at first

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status FileError(int error, std::string_view doing, std::string_view path) {
  const std::string text = Concat("cannot ", doing, " ", path, ": ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(text);
  if (error == EEXIST) return absl::AlreadyExistsError(text);
  return absl::UnavailableError(text);
}

absl::Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError(errno, "write", path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(fd) != 0) return FileError(errno, "write", path);
  return absl::OkStatus();
}

// Gives the finished file its name. A hard link, unlike a rename, fails when the name is taken.
absl::Status Publish(const std::string& temporary, const std::string& path, Overwrite overwrite) {
  if (overwrite == Overwrite::kReplace) {
    if (::rename(temporary.c_str(), path.c_str()) != 0) return FileError(errno, "replace", path);
  } else if (::link(temporary.c_str(), path.c_str()) != 0) {
    return FileError(errno, "create", path);
  }
  const size_t slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, std::string_view text, mode_t mode,
                       Overwrite overwrite) {
  const std::string temporary = Concat(path, ".", RandomId(), ".tmp");
  const Descriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (file.get() < 0) return FileError(errno, "create", temporary);
  absl::Status status = WriteAll(file.get(), text, temporary);
  if (status.ok()) status = Publish(temporary, path, overwrite);
  ::unlink(temporary.c_str());  // gone already after a rename
  return status;
}

absl::Status CheckFree(const std::string& path) {
  struct stat ignored;
  if (::lstat(path.c_str(), &ignored) != 0) return absl::OkStatus();
  return absl::AlreadyExistsError(
      Concat(path, " exists already and was left alone; move it away or ask to replace it"));
}

}  // namespace

absl::StatusOr<std::string> ReadPemFile(const std::string& path, size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return FileError(errno, "open", path);
  std::string text(std::min(most, kUsualBytes) + 1, '\0');
  size_t have = 0;
  for (;;) {
    const ssize_t got = ::read(file.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(errno, "read", path);
    have += static_cast<size_t>(got);
    if (have > most) {
      return absl::InvalidArgumentError(
          Concat(path, " is larger than ", most >> 20, " MiB, no such file is"));
    }
    if (got == 0) break;
    if (have == text.size()) {
      std::string more(std::min(most, 2 * have) + 1, '\0');
      more.replace(0, have, text);
      WipeBytes(text);
      text = std::move(more);
    }
  }
  std::string exact = text.substr(0, have);
  WipeBytes(text);
  return exact;
}

absl::StatusOr<IssuedCertificate> LoadIssuedCertificate(const std::string& certificate_path,
                                                        const std::string& key_path) {
  absl::StatusOr<std::string> certificate = ReadPemFile(certificate_path);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key = ReadPemFile(key_path);
  if (!key.ok()) return key.status();
  IssuedCertificate issued{*std::move(certificate), Secret(*std::move(key))};
  const CertificatePtr parsed = ReadCertificate(issued.certificate);
  if (parsed == nullptr) {
    return absl::InvalidArgumentError(
        Concat("no PEM certificate in ", certificate_path, ": ", OpensslError()));
  }
  const KeyPtr parsed_key = ReadPrivateKey(issued.key);
  if (parsed_key == nullptr) {
    return absl::InvalidArgumentError(
        Concat("no unencrypted PEM private key in ", key_path, ": ", OpensslError()));
  }
  if (X509_check_private_key(parsed.get(), parsed_key.get()) != 1) {
    OpensslError();
    return absl::InvalidArgumentError(Concat(
        "the key in ", key_path, " does not belong to the certificate in ", certificate_path));
  }
  return issued;
}

absl::StatusOr<PemBundle> LoadPemBundle(const PemPaths& paths) {
  absl::StatusOr<std::string> ca = ReadPemFile(paths.ca);
  if (!ca.ok()) return ca.status();
  if (ReadCertificate(*ca) == nullptr) {
    return absl::InvalidArgumentError(
        Concat("no PEM certificate in ", paths.ca, ": ", OpensslError()));
  }
  absl::StatusOr<IssuedCertificate> own = LoadIssuedCertificate(paths.certificate, paths.key);
  if (!own.ok()) return own.status();
  return PemBundle{*std::move(ca), std::move(own->certificate), std::move(own->key)};
}

absl::Status WritePemFile(const std::string& path, std::string_view text, Readers readers,
                          Overwrite overwrite) {
  return WriteFile(path, text, readers == Readers::kNobody ? 0600 : 0644, overwrite);
}

absl::Status WriteIssuedCertificate(const IssuedCertificate& issued,
                                    const std::string& certificate_path,
                                    const std::string& key_path, Overwrite overwrite) {
  if (overwrite == Overwrite::kRefuse) {
    for (const std::string& path : {key_path, certificate_path}) {
      absl::Status free = CheckFree(path);
      if (!free.ok()) return free;
    }
  }
  absl::Status written = WriteFile(key_path, issued.key.Reveal(), 0600, overwrite);
  if (!written.ok()) return written;
  return WriteFile(certificate_path, issued.certificate, 0644, overwrite);
}

}  // namespace postwatch
