#include "common/wire/convert.h"
#include "common/wire/time_parts.h"

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
                    absl::FromUnixSeconds(kMaxTimestampSeconds + 1) - absl::Nanoseconds(1));
  google::protobuf::Timestamp result;
  result.set_seconds(absl::ToUnixSeconds(time));  // rounds down, so that nanos are never negative
  const absl::Duration rest = time - absl::FromUnixSeconds(result.seconds());
  result.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return result;
}

absl::StatusOr<absl::Duration> MakeDuration(TimeParts parts) {
  const bool in_range = parts.seconds >= -kMaxDurationSeconds &&
                        parts.seconds <= kMaxDurationSeconds && parts.nanos > -kNanosPerSecond &&
                        parts.nanos < kNanosPerSecond;
  const bool signs_differ =
      (parts.seconds > 0 && parts.nanos < 0) || (parts.seconds < 0 && parts.nanos > 0);
  if (!in_range || signs_differ) return absl::InvalidArgumentError("is not a valid duration");
  return absl::Seconds(parts.seconds) + absl::Nanoseconds(parts.nanos);
}

absl::StatusOr<absl::Time> MakeTime(TimeParts parts) {
  if (parts.seconds < kMinTimestampSeconds || parts.seconds > kMaxTimestampSeconds ||
      parts.nanos < 0 || parts.nanos >= kNanosPerSecond) {
    return absl::InvalidArgumentError("is not a valid time");
  }
  return absl::FromUnixSeconds(parts.seconds) + absl::Nanoseconds(parts.nanos);
}

absl::StatusOr<absl::Duration> FromProto(const google::protobuf::Duration& duration) {
  return MakeDuration({duration.seconds(), duration.nanos()});
}

absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& timestamp) {
  return MakeTime({timestamp.seconds(), timestamp.nanos()});
}

}  // namespace postwatch
