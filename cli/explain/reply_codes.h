// Reply codes: what the numbers of SMTP replies mean, in words.
#pragma once

#include <string_view>

namespace postwatch::cli {

// Of a basic code (RFC 5321 section 4.2.3, RFC 4954, RFC 7504); for an unknown one what its first
// digit says.
std::string_view BasicCodeMeaning(int code);

// Of an enhanced code such as "5.7.1", by its subject and detail (RFC 3463 and the registry of
// enhanced status codes); by the subject alone where the detail is unknown, "" where both are.
std::string_view EnhancedCodeMeaning(std::string_view enhanced);

}  // namespace postwatch::cli
