#include "cli/config/picture_reader.h"

#include <boost/json.hpp>

namespace postwatch::cli {
namespace {

namespace json = boost::json;
using collector::ConfigPiece;
using collector::ParsePieceKind;
using collector::PieceKind;

std::string Text(const json::object& in, const char* key) {
  const json::value* value = in.if_contains(key);
  return value == nullptr || !value->is_string() ? "" : std::string(value->as_string());
}

std::optional<ConfigPiece> ReadPiece(const json::value& value) {
  const json::object* in = value.if_object();
  if (in == nullptr) return std::nullopt;
  const std::optional<PieceKind> kind = ParsePieceKind(Text(*in, "kind"));
  const json::value* values = in->if_contains("values");
  if (!kind || values == nullptr || !values->is_object()) return std::nullopt;
  ConfigPiece piece{.kind = *kind, .name = Text(*in, "name")};
  for (const auto& entry : values->as_object()) {
    if (entry.value().is_string()) {
      piece.values[std::string(entry.key())] = std::string(entry.value().as_string());
    }
  }
  const json::value* restart = in->if_contains("needs_restart");
  piece.needs_restart = restart != nullptr && restart->is_bool() && restart->as_bool();
  return piece;
}

}  // namespace

absl::StatusOr<ToldConfig> ReadToldConfig(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(json::string_view(text.data(), text.size()), error);
  const json::object* in = error ? nullptr : document.if_object();
  const json::value* pieces = in == nullptr ? nullptr : in->if_contains("pieces");
  if (pieces == nullptr || !pieces->is_array() || Text(*in, "digest").empty()) {
    return absl::InvalidArgumentError("is not a configuration as Postwatch's collector tells it");
  }
  ToldConfig told{
      .file = Text(*in, "file"), .digest = Text(*in, "digest"), .waiting = Text(*in, "waiting")};
  told.picture.revision = Text(*in, "revision");
  const json::value* agents = in->if_contains("agents");
  if (agents != nullptr && agents->is_int64() && agents->as_int64() > 0) {
    told.agents = static_cast<size_t>(agents->as_int64());
  }
  for (const json::value& piece : pieces->as_array()) {
    if (std::optional<ConfigPiece> read = ReadPiece(piece)) {
      told.picture.pieces.push_back(*std::move(read));
    }
  }
  return told;
}

}  // namespace postwatch::cli
