// AuthenticationResults: what our own receiving server found about SPF, DKIM, DMARC and ARC
// (RFC 8601). Only the server's own words count: anybody can write such a field into a letter.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

// One method with its result: "dkim=pass header.d=example.com".
struct AuthResult {
  std::string method;  // lower case: "spf", "dkim", "dmarc", "arc"
  std::string result;  // lower case: "pass", "fail", "softfail", "none", "temperror", ...
  std::string reason;  // as written; "" when not told
  std::map<std::string, std::string> properties;  // "header.d" -> "example.com"; at most 16
};

struct AuthResults {
  std::string authserv_id;          // lower case
  std::vector<AuthResult> results;  // at most 32; none for "none"
};

// One field's value, unfolded or not. Nothing when it is malformed: what a forger may have broken
// says nothing. Takes comments, quoted strings and a version.
std::optional<AuthResults> ReadAuthResults(std::string_view value);

// What `authserv_id` wrote last into the header block: its topmost field, and its others down to
// the next Received field. One further down was there before that server took the letter, whoever
// it names (RFC 8601 section 5). Nothing when there is no such field.
std::optional<AuthResults> TrustedAuthResults(std::string_view headers,
                                              std::string_view authserv_id);

// The result of a method over all its lines, the best one counting (a letter may bear several DKIM
// signatures); "" when the method is not named.
std::string OverallResult(const AuthResults& results, std::string_view method);

}  // namespace postwatch
