#include "common/mail/sasl_scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

// "n,," in base64: no channel binding, no authorisation identity.
constexpr std::string_view kGs2Header = "n,,";
constexpr std::string_view kGs2Base64 = "biws";
// Of a server's nonce, and of its salt.
constexpr size_t kMaxNonce = 1024;
constexpr size_t kMaxSalt = 1024;

const EVP_MD* DigestOf(ScramHash hash) {
  return hash == ScramHash::kSha1 ? EVP_sha1() : EVP_sha256();
}

std::string Hmac(ScramHash hash, std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  HMAC(DigestOf(hash), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string Hash(ScramHash hash, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &size, DigestOf(hash), nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

// Hi() of RFC 5802 section 2.2.
std::string SaltedPassword(ScramHash hash, std::string_view password, std::string_view salt,
                           int iterations) {
  std::string out(static_cast<size_t>(EVP_MD_get_size(DigestOf(hash))), '\0');
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                    reinterpret_cast<const unsigned char*>(salt.data()),
                    static_cast<int>(salt.size()), iterations, DigestOf(hash),
                    static_cast<int>(out.size()), reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string Xor(std::string_view a, std::string_view b) {
  std::string out(a);
  for (size_t i = 0; i < out.size() && i < b.size(); ++i) {
    out[i] = static_cast<char>(out[i] ^ b[i]);
  }
  return out;
}

// "r=<nonce>,s=<salt>,i=<count>[,...]".
struct ServerFirst {
  std::string_view nonce;
  std::string salt;
  int64_t iterations = 0;
};

std::optional<ServerFirst> ParseServerFirst(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, ',');
  if (parts.size() < 3 || !parts[0].starts_with("r=") || !parts[1].starts_with("s=") ||
      !parts[2].starts_with("i=")) {
    return std::nullopt;
  }
  ServerFirst first;
  first.nonce = parts[0].substr(2);
  const std::optional<int64_t> iterations = ParseInteger(parts[2].substr(2));
  const bool salted = absl::Base64Unescape(ToAbsl(parts[1].substr(2)), &first.salt);
  if (!iterations.has_value() || !salted || first.salt.empty() || first.salt.size() > kMaxSalt ||
      first.nonce.size() > kMaxNonce) {
    return std::nullopt;
  }
  first.iterations = *iterations;
  return first;
}

class ScramExchange : public SaslExchange {
 public:
  ScramExchange(ScramHash hash, std::string username, Secret password, std::string nonce)
      : SaslExchange(hash == ScramHash::kSha1 ? "SCRAM-SHA-1" : "SCRAM-SHA-256", username,
                     password.Reveal()),
        hash_(hash),
        password_(std::move(password)),
        nonce_(std::move(nonce)),
        first_bare_(Concat("n=", EscapedSaslName(username), ",r=", nonce_)) {}

  std::string ServerFault(bool logged_in) const override {
    if (!fault_.empty()) return fault_;
    if (!logged_in || verified_) return "";
    return "the server took the log-in without proving that it knows the password";
  }

 private:
  enum class Stage { kServerFirst, kServerFinal, kDone };

  std::optional<std::string> First() override { return Concat(kGs2Header, first_bare_); }

  std::optional<std::string> Next(std::string_view challenge) override {
    switch (stage_) {
      case Stage::kServerFirst:
        return Prove(challenge);
      case Stage::kServerFinal:
        return Verify(challenge);
      case Stage::kDone:
        return std::nullopt;
    }
    return std::nullopt;
  }

  std::optional<std::string> Blame(std::string why) {
    fault_ = std::move(why);
    stage_ = Stage::kDone;
    return std::nullopt;
  }

  std::optional<std::string> Prove(std::string_view challenge) {
    const std::optional<ServerFirst> first = ParseServerFirst(challenge);
    if (!first.has_value()) return Blame("the server's first SCRAM message is malformed");
    if (first->nonce.size() <= nonce_.size() || !first->nonce.starts_with(nonce_)) {
      return Blame("the server's SCRAM nonce does not begin with ours");
    }
    if (first->iterations < kMinScramIterations || first->iterations > kMaxScramIterations) {
      return Blame(Concat("the server asks for ", first->iterations, " SCRAM iterations; we take ",
                          kMinScramIterations, " to ", kMaxScramIterations));
    }
    const std::string without_proof = Concat("c=", kGs2Base64, ",r=", first->nonce);
    const std::string all = Concat(first_bare_, ",", challenge, ",", without_proof);
    std::string salted =
        SaltedPassword(hash_, password_.Reveal(), first->salt, static_cast<int>(first->iterations));
    std::string client_key = Hmac(hash_, salted, "Client Key");
    const std::string signature = Hmac(hash_, Hash(hash_, client_key), all);
    expected_ = Hmac(hash_, Hmac(hash_, salted, "Server Key"), all);
    const std::string proof = Base64(Xor(client_key, signature));
    WipeBytes(salted);
    WipeBytes(client_key);
    stage_ = Stage::kServerFinal;
    return Concat(without_proof, ",p=", proof);
  }

  std::optional<std::string> Verify(std::string_view challenge) {
    stage_ = Stage::kDone;
    // "e=invalid-proof": the answer to the empty line says it in the protocol's own words.
    if (challenge.starts_with("e=")) return "";
    const std::string_view value = challenge.substr(0, challenge.find(','));
    std::string signature;
    const bool signed_at_all = value.starts_with("v=") &&
                               absl::Base64Unescape(ToAbsl(value.substr(2)), &signature) &&
                               signature.size() == expected_.size();
    verified_ =
        signed_at_all && CRYPTO_memcmp(signature.data(), expected_.data(), expected_.size()) == 0;
    if (!verified_) return Blame("the server's SCRAM signature is wrong");
    return "";
  }

  const ScramHash hash_;
  const Secret password_;
  const std::string nonce_;
  const std::string first_bare_;
  Stage stage_ = Stage::kServerFirst;
  std::string expected_;  // signature of the server
  bool verified_ = false;
  std::string fault_;
};

}  // namespace

std::unique_ptr<SaslExchange> MakeScramExchange(ScramHash hash, std::string username,
                                                Secret password, std::string nonce) {
  return std::make_unique<ScramExchange>(hash, std::move(username), std::move(password),
                                         std::move(nonce));
}

}  // namespace postwatch
