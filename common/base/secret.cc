#include "common/base/secret.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxSecretBytes = 64 * 1024;

// For the reason in errno.
absl::Status Unreadable(const std::string& path) {
  const int why = errno;
  const std::string text = Concat("cannot read the secret file ", path, ": ", std::strerror(why));
  return why == EACCES ? absl::PermissionDeniedError(text) : absl::NotFoundError(text);
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Unreadable(path);
  std::string value(kMaxSecretBytes + 1, '\0');
  in.read(value.data(), static_cast<std::streamsize>(value.size()));
  if (in.bad()) return Unreadable(path);  // a directory opens, and cannot be read
  value.resize(static_cast<size_t>(in.gcount()));
  if (!value.empty() && value.back() == '\n') value.pop_back();
  if (!value.empty() && value.back() == '\r') value.pop_back();
  return value;
}

absl::StatusOr<std::string> ReadSecretVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) {
    return absl::NotFoundError(
        Concat("the environment variable ", name, ", named as a secret, is not set"));
  }
  return std::string(value);
}

}  // namespace

void WipeBytes(std::string& bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
  bytes.clear();
}

Secret::Secret(Secret&& other) noexcept : value_(other.value_) { other.Wipe(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    value_ = other.value_;
    other.Wipe();
  }
  return *this;
}

Secret::~Secret() { Wipe(); }

void Secret::Wipe() { WipeBytes(value_); }

absl::StatusOr<Secret> ResolveSecret(const SecretReference& reference) {
  const bool from_file = !reference.file.empty();
  const std::string source = from_file ? Concat("the secret file ", reference.file)
                                       : Concat("the secret variable ", reference.env);
  absl::StatusOr<std::string> value =
      from_file ? ReadSecretFile(reference.file) : ReadSecretVariable(reference.env);
  if (!value.ok()) return value.status();
  Secret secret(std::move(*value));
  const std::string_view bytes = secret.Reveal();
  if (bytes.empty()) return absl::InvalidArgumentError(Concat(source, " is empty"));
  if (bytes.size() > kMaxSecretBytes) {
    return absl::InvalidArgumentError(Concat(source, " is longer than 64 KiB"));
  }
  if (bytes.find_first_of(std::string_view("\r\n\0", 3)) != bytes.npos) {
    return absl::InvalidArgumentError(
        Concat(source, " holds a line break or NUL, which no mail protocol can carry"));
  }
  return secret;
}

}  // namespace postwatch
