// Fuzzes the client's side of every SASL mechanism: challenges of any bytes, one a line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/base/text.h"
#include "common/mail/oauth_token_answer.h"
#include "common/mail/sasl.h"

namespace {

constexpr std::string_view kPassword = "correct-horse-9";
constexpr size_t kMaxLine = 512;

void Require(bool holds) {
  if (!holds) std::abort();
}

void Answer(std::string_view mechanism, std::string_view challenges) {
  postwatch::SaslCredential credential;
  credential.username = "probe";
  credential.secret = postwatch::Secret(std::string(kPassword));
  credential.host = "mail.a.example";
  const auto exchange = postwatch::MakeSaslExchange(mechanism, credential, "abc").value();
  exchange->Initial(kMaxLine);
  for (const std::string_view challenge : postwatch::Split(challenges, '\n')) {
    if (challenge.size() > kMaxLine) continue;
    const std::string line = exchange->Answer(challenge);
    Require(line.find_first_of("\r\n") == std::string::npos);
    Require(exchange->scrubber().Scrub(line).find(kPassword) == std::string::npos);
    if (line == "*") break;
  }
  // Nobody who does not know the password can have proved to.
  if (mechanism.starts_with("SCRAM")) Require(!exchange->ServerFault(true).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const bool bearer : {false, true}) {
    for (const std::string_view mechanism : postwatch::SaslMechanisms(bearer)) {
      Answer(mechanism, bytes);
    }
  }
  const auto token = postwatch::ParseOauthTokenAnswer(bytes);
  if (token.has_value()) Require(token->access_token.empty() != token->error.empty());
  return 0;
}
