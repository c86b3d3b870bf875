#include "collector/store/summary_wire.h"

#include "common/wire/convert.h"
#include "postwatch/v1/incident.pb.h"

namespace postwatch::collector {

std::string SerializeSummary(const HourSummary& summary) {
  v1::HourSummary out;
  out.set_passed(summary.passed);
  out.set_failed(summary.failed);
  out.set_not_tested(summary.not_tested);
  for (const auto& [name, runs] : summary.classes) (*out.mutable_classes())[name] = runs;
  *out.mutable_total() = ToProto(summary.total);
  *out.mutable_shortest() = ToProto(summary.shortest);
  *out.mutable_longest() = ToProto(summary.longest);
  for (const auto& [bucket, runs] : summary.durations) (*out.mutable_durations())[bucket] = runs;
  return out.SerializeAsString();
}

absl::StatusOr<HourSummary> ParseSummary(std::string_view bytes) {
  v1::HourSummary in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("the store: the bytes of an hour's summary cannot be read");
  }
  HourSummary out;
  out.passed = in.passed();
  out.failed = in.failed();
  out.not_tested = in.not_tested();
  out.classes.insert(in.classes().begin(), in.classes().end());
  out.total = FromProto(in.total()).value_or(absl::ZeroDuration());
  out.shortest = FromProto(in.shortest()).value_or(absl::ZeroDuration());
  out.longest = FromProto(in.longest()).value_or(absl::ZeroDuration());
  out.durations.insert(in.durations().begin(), in.durations().end());
  return out;
}

}  // namespace postwatch::collector
