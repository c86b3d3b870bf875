// OauthTokenAnswer: what an OAuth token endpoint answers (RFC 6749 sections 5.1 and 5.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/base/secret.h"

namespace postwatch {

struct OauthTokenAnswer {
  Secret access_token;      // empty for an error
  absl::Duration lasts;     // 5 minutes where the endpoint does not say
  std::string error;        // "invalid_grant"; printable, at most 100 bytes
  std::string description;  // of the error, for people; printable, at most 400 bytes
};

// Nothing when the body is no JSON object, or when it holds neither a usable access token (a bearer
// one of printable ASCII, up to 16 KiB) nor an error.
std::optional<OauthTokenAnswer> ParseOauthTokenAnswer(std::string_view body);

// "a=b&c=d" as application/x-www-form-urlencoded: bytes other than letters, digits and "-._~" are
// percent-encoded. Appends to `form`.
void AppendFormField(std::string& form, std::string_view name, std::string_view value);

}  // namespace postwatch
