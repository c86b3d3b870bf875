// Fuzzes Authentication-Results: bounded; what the server did not write itself never counts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/mail/authentication_results.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<postwatch::AuthResults> read = postwatch::ReadAuthResults(text);
  if (read.has_value()) {
    if (read->authserv_id.empty() || read->results.size() > 32) std::abort();
    for (const postwatch::AuthResult& result : read->results) {
      if (result.method.empty() || result.result.empty()) std::abort();
      if (postwatch::OverallResult(*read, result.method).empty()) std::abort();
    }
  }
  // Whatever stands below the server's own line and a Received field changes nothing.
  const std::string headers = "Authentication-Results: mx.test; spf=fail\r\nReceived: by x\r\n";
  const auto trusted = postwatch::TrustedAuthResults(headers + std::string(text), "mx.test");
  if (!trusted.has_value() || trusted->results.size() != 1) std::abort();
  if (postwatch::OverallResult(*trusted, "spf") != "fail") std::abort();
  return 0;
}
