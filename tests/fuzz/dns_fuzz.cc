// libFuzzer entry point for ParseMessage: whatever a server sends, no crash and no endless loop;
// whatever is accepted as a question can be asked again, and every address and text is written in
// the form in which it can be declared.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "common/dns/message.h"
#include "common/dns/record_text.h"

namespace {

void CheckText(const postwatch::ResourceRecord& record) {
  const std::string text = postwatch::RecordText(record);
  const bool declarable = std::holds_alternative<postwatch::AddressRecord>(record.value) ||
                          std::holds_alternative<postwatch::TxtRecord>(record.value);
  if (declarable && postwatch::NormalRecordText(record.type, text) != text) std::abort();
  if (const auto* key = std::get_if<postwatch::DnskeyRecord>(&record.value)) key->KeyTag();
}

}  // namespace

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
  for (const auto* section : {&message->answers, &message->authorities, &message->additionals}) {
    for (const postwatch::ResourceRecord& record : *section) CheckText(record);
  }
  return 0;
}
