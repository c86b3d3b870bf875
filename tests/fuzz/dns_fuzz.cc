// libFuzzer entry point for ParseMessage: whatever a server sends, no crash and no endless loop;
// whatever is accepted as a question can be asked again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "common/dns/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  absl::StatusOr<postwatch::DnsMessage> message =
      postwatch::ParseMessage({reinterpret_cast<const char*>(bytes), size});
  if (!message.ok()) return 0;
  for (const postwatch::DnsQuestion& question : message->questions) {
    absl::StatusOr<std::string> packet = postwatch::EncodeQuery(question, message->id);
    if (!packet.ok()) std::abort();
    absl::StatusOr<postwatch::DnsMessage> again = postwatch::ParseMessage(*packet);
    if (!again.ok() || again->questions.at(0).name != question.name) std::abort();
  }
  return 0;
}
