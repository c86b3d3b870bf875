// Fuzzes the reading of bounces and delays in every form: bounded, and a failure has a cause.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/mail/dsn.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const std::optional<postwatch::Dsn> dsn = postwatch::ReadDsn(message);
  if (!dsn.has_value()) return 0;
  if (dsn->recipients.empty() || dsn->recipients.size() > 20) std::abort();
  for (const postwatch::DsnRecipient& recipient : dsn->recipients) {
    if (recipient.reply.code < 400 || recipient.reply.code > 599) std::abort();
    if (recipient.reply.text.size() > 1024) std::abort();
    const bool bad = recipient.action == postwatch::DsnAction::kFailed ||
                     recipient.action == postwatch::DsnAction::kDelayed;
    if (bad == recipient.cause.klass.empty()) std::abort();
  }
  postwatch::MainRecipient(*dsn);
  return 0;
}
