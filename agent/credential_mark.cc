#include "agent/credential_mark.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <utility>

#include "common/base/ids.h"

namespace postwatch::agent {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr std::string_view kUnreadable = "?";

std::string TextAt(const Settings& settings, std::string_view key) {
  const Settings* found = settings.Find(key);
  return found == nullptr ? "" : found->scalar();
}

}  // namespace

CredentialMark::CredentialMark(ReadSecret read)
    : read_(std::move(read)), key_(RandomBytes(kKeyBytes)) {}

std::string CredentialMark::Of(const CheckSpec& spec) const {
  std::string mark;
  if (const Settings* mailbox = spec.settings.Find("mailbox")) Add(*mailbox, mark);
  return mark;
}

// A secret is named by a map with `file` or `env`, wherever it stands.
void CredentialMark::Add(const Settings& settings, std::string& mark) const {
  for (const auto& [key, entry] : settings.entries()) {
    const SecretReference reference{TextAt(entry, "file"), TextAt(entry, "env")};
    if (reference.file.empty() && reference.env.empty()) {
      Add(entry, mark);
      continue;
    }
    const absl::StatusOr<Secret> secret = read_(reference);
    if (!secret.ok()) {
      mark += kUnreadable;
      continue;
    }
    const std::string_view bytes = secret->Reveal();
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size);
    mark.append(reinterpret_cast<const char*>(digest.data()), size);
  }
}

}  // namespace postwatch::agent
