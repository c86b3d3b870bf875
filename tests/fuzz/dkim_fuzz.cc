// libFuzzer entry point for DKIM keys: whatever a domain publishes, no crash; what is accepted has
// a size, or is revoked.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "common/domain/dkim_key.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const bool looks = postwatch::LooksLikeDkimKey(text);
  const absl::StatusOr<postwatch::DkimKey> key = postwatch::ParseDkimKey(text);
  if (!key.ok()) return 0;
  if (!looks) std::abort();
  if (key->revoked != (key->bits == 0)) std::abort();
  if (key->revoked && !key->weakness().empty()) std::abort();
  return 0;
}
