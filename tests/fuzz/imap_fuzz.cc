// Fuzzes the IMAP response parser: a stream of responses of any bytes, in any two portions; and
// names of mailboxes in the form that they have on the wire.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "common/mail/imap_response.h"
#include "common/mail/imap_syntax.h"
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

// Every name can be written, and has one form only.
void CheckName(std::string_view name) {
  const std::string written = postwatch::ModifiedUtf7(name);
  const std::optional<std::string> read = postwatch::FromModifiedUtf7(written);
  if (!read.has_value() || postwatch::ModifiedUtf7(*read) != written) std::abort();
  const std::optional<std::string> meant = postwatch::FromModifiedUtf7(name);
  if (meant.has_value() && postwatch::ModifiedUtf7(*meant) != name) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckName(bytes);
  const size_t count = CountResponses(bytes);
  ImapResponseParser halves;
  const size_t used = halves.Feed(bytes.substr(0, size / 2));
  if (used == size / 2) halves.Feed(bytes.substr(size / 2));
  if ((halves.progress() == ImapResponseParser::Progress::kDone) != (count > 0)) std::abort();
  return 0;
}
