#include "common/domain/dkim_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/domain/tag_list.h"

namespace postwatch {
namespace {

constexpr size_t kMaxKeyBytes = 4096;  // an RSA key of 16 384 bits has about half of it
constexpr size_t kEd25519Bytes = 32;   // RFC 8463 section 4.2
constexpr int kEd25519Bits = 256;
constexpr size_t kMaxQuoted = 60;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
std::vector<std::string> ColonList(const TagList& tags, std::string_view name) {
  std::vector<std::string> items;
  const std::string* value = tags.Find(name);
  if (value == nullptr) return items;
  for (const std::string_view item : Split(*value, ':')) {
    if (!Trim(item).empty()) items.push_back(AsciiLower(Trim(item)));
  }
  return items;
}

bool Contains(const std::vector<std::string>& items, std::string_view item) {
  return std::ranges::find(items, item) != items.end();
}

absl::Status NoKey(std::string_view why) { return absl::InvalidArgumentError(Concat("p= ", why)); }

// White space may be anywhere in it (RFC 6376 section 3.2).
absl::StatusOr<std::string> DecodeKey(std::string_view base64) {
  std::string packed;
  for (const char c : base64) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') packed += c;
  }
  const size_t odd =
      packed.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
  if (odd != packed.npos) {
    return NoKey(Concat("is not base64: '", packed.substr(odd, 1), "' at character ", odd + 1));
  }
  std::string bytes;
  if (!absl::Base64Unescape(packed, &bytes)) return NoKey("is not whole base64");
  if (bytes.size() > kMaxKeyBytes) return NoKey("is longer than any key");
  return bytes;
}

// A SubjectPublicKeyInfo, or the bare RSAPublicKey that RFC 6376 names and verifiers take too.
absl::StatusOr<int> RsaBits(std::string_view bytes) {
  const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto size = static_cast<long>(bytes.size());
  const unsigned char* at = begin;
  std::unique_ptr<EVP_PKEY, FreeKey> key(d2i_PUBKEY(nullptr, &at, size));
  at = begin;
  if (key == nullptr) key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  ERR_clear_error();
  if (key != nullptr && EVP_PKEY_base_id(key.get()) == EVP_PKEY_RSA) {
    return EVP_PKEY_bits(key.get());
  }
  if (key != nullptr) return NoKey("holds a key that is not RSA");
  return NoKey(Concat("is no RSA key; its ", bytes.size(), " bytes are cut off or damaged"));
}

absl::StatusOr<int> KeyBits(DkimKey::Algorithm algorithm, std::string_view base64) {
  const absl::StatusOr<std::string> bytes = DecodeKey(base64);
  if (!bytes.ok()) return bytes.status();
  if (algorithm == DkimKey::Algorithm::kRsa) return RsaBits(*bytes);
  if (bytes->size() == kEd25519Bytes) return kEd25519Bits;
  return NoKey(Concat("has ", bytes->size(), " bytes, an Ed25519 key has ", kEd25519Bytes));
}

// v=, if there, is the first and DKIM1; k= is one we know.
absl::Status CheckKind(const TagList& tags, DkimKey& key) {
  const std::string* version = tags.Find("v");
  if (version != nullptr && *version != "DKIM1") {
    return absl::InvalidArgumentError(
        Concat("v=", Truncate(*version, kMaxQuoted), " is not v=DKIM1"));
  }
  if (version != nullptr && tags.tags().front().first != "v") {
    return absl::InvalidArgumentError("v=DKIM1 is not the first tag");
  }
  const std::string* kind = tags.Find("k");
  if (kind == nullptr || *kind == "rsa") return absl::OkStatus();
  if (*kind != "ed25519") {
    return absl::InvalidArgumentError(
        Concat("k=", Truncate(*kind, kMaxQuoted), " is no kind of key that is known"));
  }
  key.algorithm = DkimKey::Algorithm::kEd25519;
  return absl::OkStatus();
}

}  // namespace

bool DkimKey::for_email() const {
  return services.empty() || Contains(services, "*") || Contains(services, "email");
}

std::string DkimKey::weakness() const {
  if (revoked) return "";
  if (algorithm == Algorithm::kRsa && bits < kMinDkimRsaBits) {
    return Concat("an RSA key of ", bits, " bits, under ", kMinDkimRsaBits);
  }
  if (!hashes.empty() && !Contains(hashes, "sha256")) {
    return Concat("h=", Join(hashes, ":"), " leaves out sha256");
  }
  return "";
}

bool LooksLikeDkimKey(std::string_view text) {
  if (StartsWithIgnoreCase(Trim(text), "v=DKIM")) return true;
  const absl::StatusOr<TagList> tags = TagList::Parse(text);
  if (tags.ok()) return tags->Find("p") != nullptr;
  return text.find("p=") != text.npos;
}

absl::StatusOr<DkimKey> ParseDkimKey(std::string_view text) {
  const absl::StatusOr<TagList> tags = TagList::Parse(text);
  if (!tags.ok()) return tags.status();
  DkimKey key;
  absl::Status known = CheckKind(*tags, key);
  if (!known.ok()) return known;
  key.hashes = ColonList(*tags, "h");
  key.services = ColonList(*tags, "s");
  const std::vector<std::string> flags = ColonList(*tags, "t");
  key.testing = Contains(flags, "y");
  key.strict_domain = Contains(flags, "s");
  const std::string* value = tags->Find("p");
  if (value == nullptr) return absl::InvalidArgumentError("there is no p=");
  key.revoked = value->empty();
  if (key.revoked) return key;
  const absl::StatusOr<int> bits = KeyBits(key.algorithm, *value);
  if (!bits.ok()) return bits.status();
  key.bits = *bits;
  return key;
}

}  // namespace postwatch
