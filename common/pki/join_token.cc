#include "common/pki/join_token.h"

#include <openssl/evp.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/pki/certificate_names.h"
#include "common/pki/openssl_ptr.h"

namespace postwatch {
namespace {

constexpr std::string_view kVersion = "pw1";
constexpr size_t kIdDigits = 32;
constexpr size_t kTimeDigits = 11;
constexpr size_t kMaxSignatureBytes = 80;  // DER of two numbers of 32 bytes

using DigestPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Encode(std::string_view bytes) { return absl::WebSafeBase64Escape(ToAbsl(bytes)); }

// Only the one way to write it that Encode has.
bool Decode(std::string_view text, std::string* bytes) {
  return absl::WebSafeBase64Unescape(ToAbsl(text), bytes) && Encode(*bytes) == text;
}

bool Verifies(EVP_PKEY* key, std::string_view text, std::string_view signature) {
  const DigestPtr digest(EVP_MD_CTX_new());
  const bool good = digest != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
                    EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                    EVP_DigestVerify(digest.get(), Bytes(signature), signature.size(), Bytes(text),
                                     text.size()) == 1;
  OpensslError();
  return good;
}

absl::StatusOr<std::string> SignText(EVP_PKEY* key, std::string_view text) {
  const DigestPtr digest(EVP_MD_CTX_new());
  std::string signature(kMaxSignatureBytes, '\0');
  size_t size = signature.size();
  if (digest == nullptr ||
      EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Bytes(text), text.size()) != 1) {
    return absl::InternalError(Concat("cannot sign a token: ", OpensslError()));
  }
  signature.resize(size);
  return signature;
}

absl::Status NoToken() {
  return absl::InvalidArgumentError(
      "this is no join token; `postwatch ca token agent REGION NAME` makes one, to be given whole");
}

std::optional<absl::Time> ReadTime(std::string_view digits) {
  if (digits.empty() || digits.size() > kTimeDigits || digits.front() == '0') return std::nullopt;
  if (digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  return absl::FromUnixSeconds(*ParseInteger(digits));
}

absl::StatusOr<JoinToken> ReadPayload(std::string_view payload) {
  const std::vector<std::string_view> parts = Split(payload, '/');
  if (parts.size() != 5) return NoToken();
  JoinToken token{{PeerRole::kAgent, std::string(parts[0]), std::string(parts[1])},
                  std::string(parts[2])};
  const std::optional<absl::Time> made = ReadTime(parts[3]);
  const std::optional<absl::Time> expires = ReadTime(parts[4]);
  if (!IdentityUri(token.identity).ok() || !made || !expires || *expires <= *made ||
      *expires - *made > kMaxJoinTokenLifetime) {
    return NoToken();
  }
  if (token.id.size() != kIdDigits ||
      token.id.find_first_not_of("0123456789abcdef") != token.id.npos) {
    return NoToken();
  }
  token.made = *made;
  token.expires = *expires;
  return token;
}

}  // namespace

absl::StatusOr<std::string> MakeJoinToken(const IssuedCertificate& authority,
                                          const PeerIdentity& identity, absl::Time now,
                                          absl::Duration lifetime) {
  if (identity.role != PeerRole::kAgent) {
    return absl::InvalidArgumentError("only agents join by a token");
  }
  absl::Status named = IdentityUri(identity).status();
  if (!named.ok()) return named;
  if (lifetime < absl::Seconds(1) || lifetime > kMaxJoinTokenLifetime) {
    return absl::InvalidArgumentError(
        Concat("a token's lifetime must be 1s to 168h, not ", absl::FormatDuration(lifetime)));
  }
  const CertificatePtr certificate = ReadCertificate(authority.certificate);
  const KeyPtr key = ReadPrivateKey(authority.key);
  if (certificate == nullptr || key == nullptr ||
      X509_check_private_key(certificate.get(), key.get()) != 1) {
    return absl::InvalidArgumentError(
        Concat("the authority's certificate and key do not belong together: ", OpensslError()));
  }
  const std::string payload =
      Concat(identity.region, "/", identity.name, "/", RandomId(), "/", absl::ToUnixSeconds(now),
             "/", absl::ToUnixSeconds(now + lifetime));
  std::string text = Concat(kVersion, ".", Encode(payload));
  const absl::StatusOr<std::string> signature = SignText(key.get(), text);
  if (!signature.ok()) return signature.status();
  Append(text, ".", Encode(*signature));
  return text;
}

absl::StatusOr<JoinToken> ReadJoinToken(std::string_view text) {
  if (text.size() > kMaxJoinTokenBytes) return NoToken();
  const std::vector<std::string_view> parts = Split(text, '.');
  std::string payload;
  if (parts.size() != 3 || parts[0] != kVersion || !Decode(parts[1], &payload)) return NoToken();
  return ReadPayload(payload);
}

absl::StatusOr<JoinToken> VerifyJoinToken(std::string_view text, std::string_view authorities,
                                          absl::Time now) {
  absl::StatusOr<JoinToken> token = ReadJoinToken(text);
  if (!token.ok()) return token;
  const size_t dot = text.rfind('.');
  std::string signature;
  if (!Decode(text.substr(dot + 1), &signature) || signature.empty()) return NoToken();
  bool good = false;
  for (const CertificatePtr& authority : ReadCertificates(authorities)) {
    const absl::StatusOr<absl::Time> end = NotAfter(authority.get());
    if (!end.ok() || *end <= now) continue;
    good = good || Verifies(X509_get0_pubkey(authority.get()), text.substr(0, dot), signature);
  }
  if (!good) {
    return absl::UnauthenticatedError(
        "the token was not made by this collector's authority, or was changed on its way");
  }
  if (token->expires <= now) {
    return absl::UnauthenticatedError(
        Concat("the token expired ",
               absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", token->expires, absl::UTCTimeZone()),
               "; make a new one with `postwatch ca token`"));
  }
  return token;
}

}  // namespace postwatch
