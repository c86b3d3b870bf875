// Convert: model values to and from the wire. What comes from the wire is checked against every
// bound before it becomes a value of ours.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/check_spec.h"
#include "common/model/observation.h"
#include "common/model/settings.h"
#include "postwatch/v1/check.pb.h"
#include "postwatch/v1/observation.pb.h"

namespace postwatch {

// Bounds of the wire that the model does not name.
inline constexpr size_t kMaxCheckIdBytes = 256;
inline constexpr size_t kMaxKindBytes = 64;
inline constexpr size_t kMaxTargetBytes = 253;  // a domain name (RFC 1035 section 2.3.4)
inline constexpr size_t kMaxRunRequestBytes = 64;
inline constexpr size_t kMaxComponentKindBytes = 32;
inline constexpr size_t kMaxComponentNameBytes = 512;
inline constexpr size_t kMaxRuleBytes = 128;
inline constexpr size_t kMaxSettingsDepth = 16;
inline constexpr size_t kMaxSettingsNodes = 4096;  // of one check
inline constexpr size_t kMaxSettingBytes = 16384;  // of one scalar
inline constexpr size_t kMaxSettingKeyBytes = 256;
inline constexpr size_t kMaxOriginBytes = 1024;
inline constexpr absl::Duration kMaxRunTime = absl::Hours(1);

// To the wire. Text that is not UTF-8 gets '?' for each bad byte: proto3 strings must be UTF-8, and
// servers' words need not be. Nothing is cut here; the recorder keeps the bounds.
v1::Setting ToProto(const Settings& settings);
v1::CheckSpec ToProto(const CheckSpec& spec);
v1::Observation ToProto(const Observation& observation);
v1::FailureClass ToProto(FailureClass klass);
google::protobuf::Duration ToProto(absl::Duration duration);  // to the nanosecond
google::protobuf::Timestamp ToProto(absl::Time time);         // to the nanosecond

// From the wire. InvalidArgument names the first field that is out of bounds, and says why. Whether
// a time is plausible is for the caller. Numbers of a newer version's failure classes are kept and
// read as "unspecified".
absl::StatusOr<Settings> FromProto(const v1::Setting& setting);
absl::StatusOr<CheckSpec> FromProto(const v1::CheckSpec& spec);
FailureClass FromProto(v1::FailureClass klass);
absl::StatusOr<absl::Duration> FromProto(const google::protobuf::Duration& duration);
absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& timestamp);

// The wire form as bytes. Parse checks like FromProto; DataLoss when the bytes are no observation
// at all, or more than any can have. Fields of a newer version are passed over.
std::string SerializeObservation(const Observation& observation);
enum class ObservationParts {
  kAll,
  kWithoutDetails,  // steps and evidence are checked like the rest, then left out
};
absl::StatusOr<Observation> ParseObservation(std::string_view bytes,
                                             ObservationParts parts = ObservationParts::kAll);

}  // namespace postwatch
