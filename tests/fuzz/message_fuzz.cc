// Fuzzes the reading of received messages: MIME, token search, integrity.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/mail/mime.h"
#include "common/mail/probe_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const postwatch::Secret key{std::string("the fuzzer's key")};
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  // Nobody without the key may make a token that verifies.
  if (postwatch::ReadProbeMessage(message, key).has_value()) std::abort();
  const std::string encoded = postwatch::EncodeQuotedPrintable(message);
  if (postwatch::DecodeTransfer(encoded, "quoted-printable") != message) std::abort();
  return 0;
}
