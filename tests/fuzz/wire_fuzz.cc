// Fuzzes what agents and collectors tell each other: any bytes, within bounds or refused; what is
// taken for an observation is one to protobuf too, and both forms come back as they were.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/wire/convert.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void ReadObservation(std::string_view bytes) {
  const auto read = postwatch::ParseObservation(bytes);
  const auto brief =
      postwatch::ParseObservation(bytes, postwatch::ObservationParts::kWithoutDetails);
  Require(read.ok() == brief.ok());
  if (!read.ok()) return;
  Require(brief->steps.empty() && brief->evidence == postwatch::Evidence{});
  Require(brief->id == read->id && brief->failure == read->failure);
  Require(
      postwatch::v1::Observation().ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  const auto again = postwatch::ParseObservation(postwatch::SerializeObservation(*read));
  Require(again.ok() && *again == *read);
}

void ReadCheck(std::string_view bytes) {
  postwatch::v1::CheckSpec message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const auto spec = postwatch::FromProto(message);
  if (!spec.ok()) return;
  const auto again = postwatch::FromProto(postwatch::ToProto(*spec));
  Require(again.ok() && *again == *spec);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const google::protobuf::LogSilencer silence;  // it tells of each text that is no UTF-8
  ReadObservation(bytes);
  ReadCheck(bytes);
  return 0;
}
