// Fuzzes what is read of a POP3 server: status lines and the lines behind them, any bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/base/text.h"
#include "common/mail/peer_text.h"
#include "common/mail/pop3_rules.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void ReadStatus(std::string_view line) {
  const std::optional<postwatch::Pop3Status> status = postwatch::ParsePop3Status(line);
  if (!status.has_value()) return;
  Require(line.starts_with('+') || line.starts_with('-'));
  Require(status->text.size() <= postwatch::kMaxPeerText);
  Require(status->code.find(']') == std::string::npos);
  postwatch::ParsePop3Drop(status->text);
  const postwatch::Classification found =
      postwatch::ClassifyPop3(postwatch::Pop3Stage::kAuth, *status);
  Require(!found.klass.empty() && !found.rule.empty());
}

void ReadLine(std::string_view line, postwatch::Pop3Capabilities& capabilities) {
  const std::optional<postwatch::Pop3Entry> entry = postwatch::ParsePop3Entry(line);
  if (entry.has_value()) {
    Require(entry->number > 0 && !entry->uid.empty() && entry->uid.size() <= 70);
    Require(entry->uid.find(' ') == std::string::npos);
  }
  if (!postwatch::EndsPop3Lines(line))
    Require(postwatch::UnstuffPop3Line(line).size() <= line.size());
  capabilities.Add(line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  postwatch::Pop3Capabilities capabilities;
  for (const std::string_view line : postwatch::Split(bytes, '\n')) {
    ReadStatus(line);
    ReadLine(line, capabilities);
  }
  Require(capabilities.Words("SASL").size() <= 100 * 512);
  return 0;
}
