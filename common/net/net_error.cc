#include "common/net/net_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr absl::string_view kPayload = "postwatch/net-error";

absl::StatusCode CodeOf(NetError error) {
  switch (error) {
    case NetError::kTimeout:
      return absl::StatusCode::kDeadlineExceeded;
    case NetError::kCancelled:
      return absl::StatusCode::kCancelled;
    case NetError::kTooLong:
      return absl::StatusCode::kOutOfRange;
    case NetError::kTlsUntrusted:
      return absl::StatusCode::kUnauthenticated;
    case NetError::kOther:
      return absl::StatusCode::kUnknown;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

absl::Status NetStatus(NetError error, std::string_view what) {
  absl::Status status(CodeOf(error), ToAbsl(what));
  status.SetPayload(kPayload, absl::Cord(Concat(static_cast<int>(error))));
  return status;
}

std::optional<NetError> GetNetError(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  int value = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &value)) return std::nullopt;
  return static_cast<NetError>(value);
}

}  // namespace postwatch
