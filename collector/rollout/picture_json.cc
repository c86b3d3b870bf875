#include "collector/rollout/picture_json.h"

#include "common/base/json.h"

namespace postwatch::collector {

std::string PictureJson(const ConfigPicture& picture, const RunningFacts& facts) {
  JsonWriter out;
  out.BeginObject();
  out.Field("file", facts.file);
  out.Field("read", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", facts.read, absl::UTCTimeZone()));
  out.Field("revision", picture.revision);
  out.Field("digest", DigestOf(picture));
  if (!facts.waiting.empty()) out.Field("waiting", facts.waiting);
  out.Field("agents", static_cast<int64_t>(facts.agents));
  out.Key("pieces");
  out.BeginArray();
  for (const ConfigPiece& piece : picture.pieces) {
    out.BeginObject();
    out.Field("kind", PieceKindName(piece.kind));
    out.Field("name", piece.name);
    out.Key("values");
    out.BeginObject();
    for (const auto& [key, value] : piece.values) out.Field(key, value);
    out.EndObject();
    out.Field("needs_restart", piece.needs_restart);
    out.EndObject();
  }
  out.EndArray();
  out.EndObject();
  return out.Take();
}

}  // namespace postwatch::collector
