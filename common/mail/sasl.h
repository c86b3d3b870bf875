// SASL: one log-in exchange, the same for SMTP, IMAP and POP3 (RFC 4422, 4954, 3501, 5034).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/mail/peer_text.h"

namespace postwatch {

// Rounds after which a client cancels: no mechanism of ours needs as many.
inline constexpr int kMaxSaslRounds = 8;

// The client's side of one exchange, in the base64 that all three protocols put on the wire. Used
// once. What it sends, and the secret it was made from, its scrubber takes out of what the
// server says.
class SaslExchange {
 public:
  SaslExchange(std::string_view mechanism, std::string_view username, std::string_view secret)
      : mechanism_(mechanism), scrubber_(username, secret) {}
  virtual ~SaslExchange() = default;

  // "SCRAM-SHA-256".
  std::string_view mechanism() const { return mechanism_; }

  // What may follow the mechanism on the command's line, "=" when that is empty (RFC 4954 section
  // 4). Nothing when the server speaks first, or when it is longer than `max_bytes`: then the
  // server asks for it.
  std::optional<std::string> Initial(size_t max_bytes);

  // The line that answers the server's challenge; "*" cancels (RFC 4954 section 4).
  std::string Answer(std::string_view challenge);

  // Why the server is not to be believed; "" when it is. `logged_in`: it said that the log-in
  // worked, so that whatever it had to prove must be proved by now.
  virtual std::string ServerFault([[maybe_unused]] bool logged_in) const { return ""; }

  const CredentialScrubber& scrubber() const { return scrubber_; }

 protected:
  // The first response, unencoded; nothing when the server speaks first.
  virtual std::optional<std::string> First() = 0;
  // The response to a challenge, unencoded; nothing cancels.
  virtual std::optional<std::string> Next(std::string_view challenge) = 0;

 private:
  std::string Encode(std::string response);

  std::string_view mechanism_;
  CredentialScrubber scrubber_;
  std::optional<std::string> first_;  // encoded; until the first challenge
  bool begun_ = false;
  bool waiting_ = false;  // `first_` is not sent yet
};

// What one logs in with. `secret` is the password or, for a bearer, the access token.
struct SaslCredential {
  std::string username;
  Secret secret;
  bool bearer = false;
  // The server, which OAUTHBEARER names (RFC 7628 section 3.1).
  std::string host;
  uint16_t port = 0;
};

// The mechanisms we speak, best first: those of a password or those of a token.
std::span<const std::string_view> SaslMechanisms(bool bearer);

// The best that the server offers, in any case of letters, and that `allowed` names (empty: all);
// "" when there is none.
std::string_view ChooseSaslMechanism(const std::vector<std::string>& offered,
                                     const std::vector<std::string>& allowed, bool bearer);

// A name or password with CR, LF, NUL or 0x01 could inject commands, and no server could take it:
// InvalidArgument, without either.
absl::Status CheckSaslCredential(std::string_view username, std::string_view secret);

// "=" and "," in the way of RFC 5801 section 4 and RFC 5802 section 5.1, where they would end the
// name.
std::string EscapedSaslName(std::string_view name);

// `mechanism` as ChooseSaslMechanism gives it. `nonce` is fresh, random, printable and without
// commas; only SCRAM needs it (RFC 5802 section 5.1).
absl::StatusOr<std::unique_ptr<SaslExchange>> MakeSaslExchange(std::string_view mechanism,
                                                               const SaslCredential& credential,
                                                               std::string nonce);

}  // namespace postwatch
