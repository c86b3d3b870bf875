// SaslScram: SCRAM-SHA-256 and SCRAM-SHA-1 without channel binding (RFC 5802, 7677).
#pragma once

#include <memory>
#include <string>

#include "common/base/secret.h"
#include "common/mail/sasl.h"

namespace postwatch {

enum class ScramHash { kSha1, kSha256 };

// A server that asks for fewer iterations than RFC 7677 section 4 allows gets no proof to guess the
// password from; one that asks for more would keep the event loop busy for seconds.
inline constexpr int kMinScramIterations = 4096;
inline constexpr int kMaxScramIterations = 600'000;

// The server proves in turn that it knows the password: see ServerFault. Passwords beyond ASCII are
// sent as they are, without SASLprep (RFC 4013).
std::unique_ptr<SaslExchange> MakeScramExchange(ScramHash hash, std::string username,
                                                Secret password, std::string nonce);

}  // namespace postwatch
