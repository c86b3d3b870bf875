// SaslOauth: OAUTHBEARER (RFC 7628) and XOAUTH2, which log in with an access token.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/secret.h"
#include "common/mail/sasl.h"

namespace postwatch {

// Both answer the server's error message, which is no challenge, with what makes it give its final
// reply: 0x01 (RFC 7628 section 3.2.3).
std::unique_ptr<SaslExchange> MakeOauthBearerExchange(std::string username, Secret token,
                                                      std::string host, uint16_t port);
// And here an empty line.
std::unique_ptr<SaslExchange> MakeXoauth2Exchange(std::string username, Secret token);

}  // namespace postwatch
