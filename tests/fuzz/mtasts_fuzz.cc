// Fuzzes the readers of MTA-STS records and policies: what is accepted keeps the format's promises.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/domain/mtasts_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = postwatch::ParseMtaStsRecord(text);
  if (record.ok() && (record->id.empty() || record->id.size() > 32)) std::abort();
  const auto policy = postwatch::ParseMtaStsPolicy(text);
  if (!policy.ok()) return 0;
  if (policy->mode != postwatch::MtaStsMode::kNone && policy->mx.empty()) std::abort();
  if (policy->max_age < absl::ZeroDuration() || policy->max_age > absl::Hours(8767)) std::abort();
  for (const std::string& pattern : policy->mx) {
    // A wildcard covers what has one label in its place, a plain name itself.
    const bool wild = pattern.starts_with("*.");
    if (!policy->Covers(wild ? "one" + pattern.substr(1) : pattern)) std::abort();
  }
  return 0;
}
