#include "common/wire/protocol.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr uint32_t kReach = 1;

}  // namespace

absl::Status CheckProtocol(std::string_view we, std::string_view they, uint32_t theirs) {
  const uint32_t spoken = std::max<uint32_t>(theirs, 1);
  const bool too_new = spoken > kProtocolVersion + kReach;
  const bool too_old = spoken + kReach < kProtocolVersion;
  if (!too_new && !too_old) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Concat("the ", they, " speaks version ", spoken, " of the protocol, this ", we, " version ",
             kProtocolVersion, "; they may be one apart: upgrade the ", too_new ? we : they,
             ", one version at a time"));
}

}  // namespace postwatch
