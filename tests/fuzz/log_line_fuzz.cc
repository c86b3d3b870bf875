// Fuzzes the reader of mail logs: any line, bounded texts, and always a class for what is no
// delivery.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/mail/log_line.h"
#include "common/mail/peer_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using postwatch::LogEvent;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto read = postwatch::ReadLogLine(line);
  if (!read.has_value()) return 0;
  if (read != postwatch::ReadLogLine(line)) std::abort();
  if (read->trouble.size() > postwatch::kMaxPeerText) std::abort();
  if (read->reply.has_value()) {
    if (read->reply->code < 200 || read->reply->code > 599) std::abort();
    if (read->reply->text.size() > postwatch::kMaxPeerText) std::abort();
  }
  const auto cause = postwatch::ClassifyLogLine(*read);
  if ((read->event == LogEvent::kDelivered) != cause.klass.empty()) std::abort();
  return 0;
}
