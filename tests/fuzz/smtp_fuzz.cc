// Fuzzes the SMTP reply parser and what is read of a reply: its class, its shape and how long to
// wait. Any bytes, in any two portions.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "common/mail/backoff_hint.h"
#include "common/mail/peer_text.h"
#include "common/mail/reply_classifier.h"
#include "common/mail/smtp_reply.h"

namespace {

constexpr int64_t kDay = 24 * 60 * 60;
constexpr size_t kStages = static_cast<size_t>(postwatch::SmtpStage::kFinal) + 1;

void ReadReply(postwatch::SmtpStage stage, const postwatch::SmtpReply& reply) {
  if (postwatch::ClassifySmtpReply(stage, reply).klass.empty()) std::abort();
  if (postwatch::PeerText(reply.text) != reply.text) std::abort();
  if (postwatch::ReplyShape(reply.text).size() > 512) std::abort();
  const std::optional<int64_t> wait = postwatch::BackoffSeconds(reply.text);
  if (wait.has_value() && (*wait < 0 || *wait > kDay)) std::abort();
}

}  // namespace

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
  // One stage an input: hundreds of patterns are tried for each.
  ReadReply(static_cast<postwatch::SmtpStage>(size % kStages), whole.reply());
  return 0;
}
