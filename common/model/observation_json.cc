#include "common/model/observation_json.h"

namespace postwatch {

void WriteSteps(JsonWriter& out, const std::vector<Step>& steps) {
  out.Key("steps");
  out.BeginArray();
  for (const Step& step : steps) {
    out.BeginObject();
    out.Field("name", step.name);
    out.Field("seconds", absl::ToDoubleSeconds(step.took));
    out.EndObject();
  }
  out.EndArray();
}

void WriteReply(JsonWriter& out, const std::optional<Reply>& reply) {
  if (!reply) return;
  out.Key("reply");
  out.BeginObject();
  out.Field("code", reply->code);
  out.Field("enhanced", reply->enhanced);
  out.Field("text", reply->text);
  out.Field("rule", reply->rule);
  out.EndObject();
}

}  // namespace postwatch
