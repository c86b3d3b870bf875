// HTTP POST for sinks: bounded in time and size, no redirects, and not to places a receiver never
// is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace postwatch::collector {

struct HttpPost {
  std::string url;                   // http or https
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  std::string ca_file;  // empty: the system's
};

// Blocks at most 10 s. OK on 2xx. FailedPrecondition on 410 Gone; InvalidArgument on a URL that
// cannot be used (also link-local addresses: cloud metadata services live there); Unavailable on
// everything else, with the status code and the first 200 bytes of the answer. Of a long answer the
// rest is not waited for.
absl::Status SendPost(const HttpPost& post);

// What is wrong with a URL as it stands ("" when nothing is). Does not repeat it: parts of it may
// be secret.
std::string UrlMistake(const std::string& url);

// Scheme and host of the URL: what may be logged. The rest is often the secret itself, as in the
// paths of chat services' webhooks.
std::string RedactUrl(std::string_view url);

// Whether an address literal is link-local (169.254.0.0/16, fe80::/10).
bool IsLinkLocal(std::string_view ip);

}  // namespace postwatch::collector
