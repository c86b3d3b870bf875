// Fuzzes the SMTP reply parser and the classifier behind it: any bytes, in any two portions.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/mail/reply_classifier.h"
#include "common/mail/smtp_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using postwatch::SmtpReplyParser;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  SmtpReplyParser whole;
  whole.Feed(bytes);
  SmtpReplyParser halves;
  const size_t used = halves.Feed(bytes.substr(0, size / 2));
  if (used == size / 2) halves.Feed(bytes.substr(size / 2));
  if (whole.progress() != halves.progress()) std::abort();
  if (whole.progress() != SmtpReplyParser::Progress::kDone) return 0;
  if (whole.reply().text != halves.reply().text) std::abort();
  for (unsigned stage = 0; stage <= static_cast<unsigned>(postwatch::SmtpStage::kFinal); ++stage) {
    const auto got =
        postwatch::ClassifySmtpReply(static_cast<postwatch::SmtpStage>(stage), whole.reply());
    if (got.klass.empty()) std::abort();
  }
  return 0;
}
