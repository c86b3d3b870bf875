#include "common/mail/sasl.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/mail/sasl_oauth.h"
#include "common/mail/sasl_scram.h"

namespace postwatch {
namespace {

constexpr std::string_view kCancel = "*";

constexpr std::array<std::string_view, 4> kPasswordMechanisms = {"SCRAM-SHA-256", "SCRAM-SHA-1",
                                                                 "PLAIN", "LOGIN"};
constexpr std::array<std::string_view, 2> kTokenMechanisms = {"OAUTHBEARER", "XOAUTH2"};

// RFC 4616.
class PlainExchange : public SaslExchange {
 public:
  PlainExchange(std::string username, Secret password)
      : SaslExchange("PLAIN", username, password.Reveal()),
        username_(std::move(username)),
        password_(std::move(password)) {}

 private:
  std::optional<std::string> First() override {
    std::string message(1, '\0');
    message += username_;
    message += '\0';
    message += password_.Reveal();
    return message;
  }
  // The server has all there is.
  std::optional<std::string> Next(std::string_view) override { return std::nullopt; }

  const std::string username_;
  const Secret password_;
};

// Never standardised: the server asks for the name, then for the password, in words of its own.
class LoginExchange : public SaslExchange {
 public:
  LoginExchange(std::string username, Secret password)
      : SaslExchange("LOGIN", username, password.Reveal()),
        username_(std::move(username)),
        password_(std::move(password)) {}

 private:
  std::optional<std::string> First() override { return std::nullopt; }
  std::optional<std::string> Next(std::string_view) override {
    switch (asked_++) {
      case 0:
        return username_;
      case 1:
        return std::string(password_.Reveal());
      default:
        return std::nullopt;
    }
  }

  const std::string username_;
  const Secret password_;
  int asked_ = 0;
};

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::any_of(words.begin(), words.end(), [word](const std::string& candidate) {
    return EqualsIgnoreCase(candidate, word);
  });
}

}  // namespace

std::string SaslExchange::Encode(std::string response) {
  std::string line = Base64(response);
  scrubber_.AddForm(line);
  WipeBytes(response);
  return line;
}

std::optional<std::string> SaslExchange::Initial(size_t max_bytes) {
  begun_ = true;
  std::optional<std::string> first = First();
  if (!first.has_value()) return std::nullopt;
  std::string line = Encode(*std::move(first));
  const bool fits = std::max<size_t>(line.size(), 1) <= max_bytes;
  first_ = line;
  waiting_ = !fits;
  if (waiting_) return std::nullopt;
  return line.empty() ? "=" : line;
}

std::string SaslExchange::Answer(std::string_view challenge) {
  if (!begun_) Initial(0);
  // What could not stand on the command's line is asked for; some servers ask for it even so.
  std::optional<std::string> first = std::exchange(first_, std::nullopt);
  if (first.has_value() && (waiting_ || Trim(challenge).empty())) return *std::move(first);
  // Servers that ask in plain words are understood too where the words do not matter (LOGIN).
  std::string decoded;
  if (!absl::Base64Unescape(ToAbsl(Trim(challenge)), &decoded)) decoded = challenge;
  std::optional<std::string> response = Next(decoded);
  if (!response.has_value()) return std::string(kCancel);
  return Encode(*std::move(response));
}

std::span<const std::string_view> SaslMechanisms(bool bearer) {
  if (bearer) return kTokenMechanisms;
  return kPasswordMechanisms;
}

std::string_view ChooseSaslMechanism(const std::vector<std::string>& offered,
                                     const std::vector<std::string>& allowed, bool bearer) {
  for (const std::string_view mechanism : SaslMechanisms(bearer)) {
    if (!Contains(offered, mechanism)) continue;
    if (allowed.empty() || Contains(allowed, mechanism)) return mechanism;
  }
  return "";
}

absl::Status CheckSaslCredential(std::string_view username, std::string_view secret) {
  // 0x01 separates the parts of what the OAuth mechanisms send.
  constexpr std::string_view kForbidden("\r\n\0\x01", 4);
  const bool bad_name = username.find_first_of(kForbidden) != username.npos;
  if (!bad_name && secret.find_first_of(kForbidden) == secret.npos) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Concat(bad_name ? "the user name" : "the password",
             " holds CR, LF, NUL or 0x01; nothing was sent, correct it"));
}

std::string EscapedSaslName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '=') {
      out += "=3D";
    } else if (c == ',') {
      out += "=2C";
    } else {
      out += c;
    }
  }
  return out;
}

absl::StatusOr<std::unique_ptr<SaslExchange>> MakeSaslExchange(std::string_view mechanism,
                                                               const SaslCredential& credential,
                                                               std::string nonce) {
  absl::Status fit = CheckSaslCredential(credential.username, credential.secret.Reveal());
  if (!fit.ok()) return fit;
  const std::string& name = credential.username;
  Secret secret = credential.secret.Clone();
  if (mechanism == "SCRAM-SHA-256") {
    return MakeScramExchange(ScramHash::kSha256, name, std::move(secret), std::move(nonce));
  }
  if (mechanism == "SCRAM-SHA-1") {
    return MakeScramExchange(ScramHash::kSha1, name, std::move(secret), std::move(nonce));
  }
  if (mechanism == "PLAIN") return std::make_unique<PlainExchange>(name, std::move(secret));
  if (mechanism == "LOGIN") return std::make_unique<LoginExchange>(name, std::move(secret));
  if (mechanism == "OAUTHBEARER") {
    return MakeOauthBearerExchange(name, std::move(secret), credential.host, credential.port);
  }
  if (mechanism == "XOAUTH2") return MakeXoauth2Exchange(name, std::move(secret));
  return absl::UnimplementedError(Concat("no SASL mechanism '", mechanism, "'"));
}

}  // namespace postwatch
