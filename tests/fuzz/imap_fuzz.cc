// Fuzzes the IMAP response parser: a stream of responses of any bytes, in any two portions.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/mail/imap_response.h"
#include "common/mail/reply_classifier.h"

namespace {

using postwatch::ImapResponse;
using postwatch::ImapResponseParser;

// The responses in `bytes` up to the first that is broken or unfinished.
size_t CountResponses(std::string_view bytes) {
  size_t count = 0;
  for (;;) {
    ImapResponseParser parser;
    bytes.remove_prefix(parser.Feed(bytes));
    if (parser.literal_left() > postwatch::kMaxImapLiteral) std::abort();
    if (parser.progress() != ImapResponseParser::Progress::kDone) return count;
    const ImapResponse response = parser.Take();
    postwatch::ClassifyImapStatus(postwatch::ImapStage::kOther, response.status);
    ++count;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t count = CountResponses(bytes);
  ImapResponseParser halves;
  const size_t used = halves.Feed(bytes.substr(0, size / 2));
  if (used == size / 2) halves.Feed(bytes.substr(size / 2));
  if ((halves.progress() == ImapResponseParser::Progress::kDone) != (count > 0)) std::abort();
  return 0;
}
