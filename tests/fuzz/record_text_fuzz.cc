// libFuzzer entry point for NormalRecordText: whatever a person declares ("MX 10 mx1.test"), no
// crash; what is taken for a record is in a form that stays as it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "common/dns/record_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const size_t space = input.find(' ');
  if (space == input.npos) return 0;
  const std::optional<postwatch::RrType> type = postwatch::ParseRrType(input.substr(0, space));
  if (!type.has_value()) return 0;
  const std::optional<std::string> text =
      postwatch::NormalRecordText(*type, input.substr(space + 1));
  if (!text.has_value()) return 0;
  if (postwatch::NormalRecordText(*type, *text) != text) std::abort();
  return 0;
}
