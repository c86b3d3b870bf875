// ExplainReply: what a mail server's words mean, and which failure class they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postwatch::cli {

// `words` is an SMTP code, an enhanced code, or a reply: "550", "4.7.1", "550 5.7.1 Relaying
// denied", also with the code and its text on several lines. Nothing when it is none of these.
std::optional<std::string> ExplainReply(std::string_view words);

}  // namespace postwatch::cli
