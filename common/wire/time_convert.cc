#include "common/wire/convert.h"

namespace postwatch {
namespace {

constexpr int32_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;   // duration.proto: 10000 years
constexpr int64_t kMinTimestampSeconds = -62'135'596'800;  // timestamp.proto: year 1
constexpr int64_t kMaxTimestampSeconds = 253'402'300'799;  // end of year 9999

}  // namespace

google::protobuf::Duration ToProto(absl::Duration duration) {
  const absl::Duration limit = absl::Seconds(kMaxDurationSeconds);
  duration = std::clamp(duration, -limit, limit);
  google::protobuf::Duration result;
  absl::Duration rest;
  result.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  result.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return result;
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  time = std::clamp(time, absl::FromUnixSeconds(kMinTimestampSeconds),
                    absl::FromUnixSeconds(kMaxTimestampSeconds));
  google::protobuf::Timestamp result;
  result.set_seconds(absl::ToUnixSeconds(time));  // rounds down, so that nanos are never negative
  const absl::Duration rest = time - absl::FromUnixSeconds(result.seconds());
  result.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return result;
}

absl::StatusOr<absl::Duration> FromProto(const google::protobuf::Duration& duration) {
  const bool in_range = duration.seconds() >= -kMaxDurationSeconds &&
                        duration.seconds() <= kMaxDurationSeconds &&
                        duration.nanos() > -kNanosPerSecond && duration.nanos() < kNanosPerSecond;
  const bool signs_differ = (duration.seconds() > 0 && duration.nanos() < 0) ||
                            (duration.seconds() < 0 && duration.nanos() > 0);
  if (!in_range || signs_differ) return absl::InvalidArgumentError("is not a valid duration");
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() < kMinTimestampSeconds || timestamp.seconds() > kMaxTimestampSeconds ||
      timestamp.nanos() < 0 || timestamp.nanos() >= kNanosPerSecond) {
    return absl::InvalidArgumentError("is not a valid time");
  }
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace postwatch
