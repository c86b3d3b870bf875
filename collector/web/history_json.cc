#include "collector/web/history_json.h"

#include "collector/model/incident_json.h"
#include "common/base/json.h"

namespace postwatch::collector {
namespace {

void WriteSeconds(JsonWriter& out, const HourSummary& summary) {
  out.Key("seconds");
  if (summary.timed() == 0) return out.Null();
  const auto field = [&out](std::string_view name, absl::Duration duration) {
    out.Field(name, absl::ToDoubleSeconds(duration));
  };
  out.BeginObject();
  field("min", summary.shortest);
  field("mean", summary.Mean());
  field("max", summary.longest);
  field("p50", summary.Quantile(0.5));
  field("p95", summary.Quantile(0.95));
  field("p99", summary.Quantile(0.99));
  out.EndObject();
}

}  // namespace

std::string HistoryJson(const History& history) {
  JsonWriter out;
  out.BeginObject();
  out.Key("hours");
  out.BeginArray();
  for (const auto& [key, summary] : history.hours) {
    out.BeginObject();
    out.Field("hour", JsonTime(key.hour));
    out.Field("target", key.target);
    out.Field("check", key.check_id);
    out.Field("agent", key.agent);
    out.Field("pass", summary.passed);
    out.Field("fail", summary.failed);
    out.Field("not_tested", summary.not_tested);
    out.Key("classes");
    out.BeginObject();
    for (const auto& [name, runs] : summary.classes) out.Field(name, runs);
    out.EndObject();
    WriteSeconds(out, summary);
    out.EndObject();
  }
  out.EndArray();
  out.Key("next");
  if (history.next == absl::InfiniteFuture()) {
    out.Null();
  } else {
    out.Integer(absl::ToUnixSeconds(history.next));
  }
  out.Field("complete", history.complete);
  out.EndObject();
  return out.Take();
}

}  // namespace postwatch::collector
