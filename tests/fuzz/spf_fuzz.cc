// libFuzzer entry point for SPF records: whatever a domain publishes, no crash; what is accepted
// expands to names that are bounded, and reads the same again when its terms are put together.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "common/base/text.h"
#include "common/domain/spf_macro.h"
#include "common/domain/spf_record.h"

namespace {

constexpr size_t kMaxBytes = 4096;

void Expand(const std::string& spec) {
  if (!postwatch::SpfDomainSpecMistake(spec).empty()) std::abort();
  postwatch::SpfMacroValues values;
  values.sender = "strong-bad@mail.alpha.test";
  values.domain = "mail.alpha.test";
  values.ip = "2001:db8::1";
  values.helo = "helo.test";
  const std::string name = postwatch::ExpandSpfMacros(spec, values);
  if (name.size() > 253 && name.find('.') != name.npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size > kMaxBytes) return 0;
  const absl::StatusOr<postwatch::SpfRecord> record =
      postwatch::ParseSpfRecord({reinterpret_cast<const char*>(bytes), size});
  if (!record.ok()) return 0;
  std::string again = "v=spf1";
  for (const postwatch::SpfTerm& term : record->terms) {
    if (!term.domain.empty()) Expand(term.domain);
    postwatch::Append(again, " ", term.text);
  }
  for (const std::string& spec : {record->redirect, record->exp}) {
    if (!spec.empty()) Expand(spec);
  }
  const absl::StatusOr<postwatch::SpfRecord> second = postwatch::ParseSpfRecord(again);
  if (!second.ok() || second->terms.size() != record->terms.size()) std::abort();
  if (second->end() != record->end()) std::abort();
  return 0;
}
