#include "collector/rollout/picture.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

#include "absl/strings/escaping.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"setting", "sink", "target", "check"};
constexpr size_t kValueBytes = 8, kPictureBytes = 16;  // of a SHA-256

// Keys of the file that are other pieces, or told with their defaults.
constexpr std::array<std::string_view, 12> kElsewhere = {"agent_silent_after",
                                                         "alerting",
                                                         "defaults",
                                                         "external_url",
                                                         "listen",
                                                         "retention",
                                                         "revision",
                                                         "revision_file",
                                                         "round_trip_floor",
                                                         "store",
                                                         "targets",
                                                         "witness"};

constexpr std::string_view kMailbox = "mailbox";

using Values = std::map<std::string, std::string>;

std::string Sha256(std::string_view text, size_t bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), bytes});
}

// No two trees are written the same way.
void WriteTree(JsonWriter& out, const Settings& tree) {
  switch (tree.kind()) {
    case Settings::Kind::kNull:
      return out.Null();
    case Settings::Kind::kScalar:
      return out.String(tree.scalar());
    case Settings::Kind::kList:
      out.BeginArray();
      for (const Settings& item : tree.items()) WriteTree(out, item);
      return out.EndArray();
    case Settings::Kind::kMap:
      out.BeginObject();
      for (const auto& [key, value] : tree.entries()) {
        out.Key(key);
        WriteTree(out, value);
      }
      return out.EndObject();
  }
}

std::string Hidden(const Settings& value) {
  JsonWriter out;
  WriteTree(out, value);
  return Concat("#", Sha256(out.Take(), kValueBytes));
}

// A value for each key that is no map, by its path.
void Flatten(const Settings& tree, const std::string& path, Values& out) {
  if (tree.kind() != Settings::Kind::kMap) {
    out[path] = Hidden(tree);
    return;
  }
  for (const auto& [key, value] : tree.entries()) {
    Flatten(value, path.empty() ? key : Concat(path, ".", key), out);
  }
}

ConfigPiece Setting(std::string_view name, std::string value, bool needs_restart = true) {
  return {PieceKind::kSetting, std::string(name), {{"value", std::move(value)}}, needs_restart};
}

void AddSettings(const CollectorConfig& config, std::vector<ConfigPiece>& pieces) {
  pieces.push_back(Setting("listen.grpc", config.grpc_listen));
  pieces.push_back(Setting("listen.http", config.http_listen));
  pieces.push_back(Setting("listen.hosts", Join(config.http_hosts, " ")));
  pieces.push_back(Setting("external_url", config.external_url));
  pieces.push_back(Setting("store", Hidden(Settings::Scalar(config.store))));
  pieces.push_back(Setting("retention", absl::FormatDuration(config.retention)));
  pieces.push_back(Setting("retention.summaries", absl::FormatDuration(config.summary_retention)));
  pieces.push_back(Setting("retention.incidents", absl::FormatDuration(config.incident_retention)));
  pieces.push_back(Setting("agent_silent_after", absl::FormatDuration(config.agent_silent_after)));
  pieces.push_back(Setting("alerting.reminder_every", absl::FormatDuration(config.reminder_every)));
  pieces.push_back(Setting("alerting.page_after", absl::FormatDuration(config.page_after)));
  pieces.push_back(
      Setting("round_trip_floor", absl::FormatDuration(config.round_trip_floor), false));
  Values others;
  for (const auto& [key, value] : config.source.entries()) {
    if (std::ranges::find(kElsewhere, key) == kElsewhere.end()) Flatten(value, key, others);
  }
  for (auto& [key, value] : others) pieces.push_back(Setting(key, std::move(value)));
}

ConfigPiece Describe(const SinkConfig& sink) {
  ConfigPiece piece{PieceKind::kSink, sink.name, {{"type", sink.type}}, true};
  Flatten(sink.settings, "", piece.values);
  return piece;
}

ConfigPiece Describe(const TargetConfig& target) {
  ConfigPiece piece{PieceKind::kTarget, target.domain, {{"provider", target.provider}}, false};
  if (target.mailbox.kind() == Settings::Kind::kMap) {
    Flatten(target.mailbox, std::string(kMailbox), piece.values);
  }
  return piece;
}

ConfigPiece Describe(const CheckSpec& check) {
  ConfigPiece piece{PieceKind::kCheck, check.id, {}, false};
  for (const auto& [key, value] : check.settings.entries()) {
    if (key != kMailbox) Flatten(value, key, piece.values);
  }
  piece.values["interval"] = absl::FormatDuration(check.interval);
  piece.values["timeout"] = absl::FormatDuration(check.timeout);
  piece.values["fleet_gap"] = absl::FormatDuration(check.fleet_gap);
  return piece;
}

void Sort(std::vector<ConfigPiece>& pieces) {
  std::ranges::sort(pieces, {},
                    [](const ConfigPiece& piece) { return std::tie(piece.kind, piece.name); });
}

}  // namespace

std::string_view PieceKindName(PieceKind kind) { return kNames.at(static_cast<size_t>(kind)); }

std::optional<PieceKind> ParsePieceKind(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<PieceKind>(found - kNames.begin());
}

std::vector<ConfigPiece> DescribeSettings(const CollectorConfig& config) {
  std::vector<ConfigPiece> pieces;
  AddSettings(config, pieces);
  for (const SinkConfig& sink : config.sinks) pieces.push_back(Describe(sink));
  Sort(pieces);
  return pieces;
}

std::vector<ConfigPiece> DescribeTargets(const std::vector<TargetConfig>& targets,
                                         const FleetPlan& plan) {
  std::vector<ConfigPiece> pieces;
  pieces.reserve(targets.size() + plan.checks.size());
  for (const TargetConfig& target : targets) pieces.push_back(Describe(target));
  for (const CheckSpec& check : plan.checks) pieces.push_back(Describe(check));
  Sort(pieces);
  return pieces;
}

ConfigPicture DescribeConfig(const CollectorConfig& config, const FleetPlan& plan) {
  ConfigPicture picture{.revision = plan.revision, .pieces = DescribeSettings(config)};
  std::ranges::move(DescribeTargets(config.targets, plan), std::back_inserter(picture.pieces));
  return picture;
}

ConfigPicture InForce(const ConfigPicture& now, const ConfigPicture& wanted) {
  ConfigPicture picture{.revision = wanted.revision};
  const auto stays = [](const ConfigPiece& piece) { return piece.needs_restart; };
  std::ranges::copy_if(now.pieces, std::back_inserter(picture.pieces), stays);
  std::ranges::copy_if(wanted.pieces, std::back_inserter(picture.pieces),
                       [&](const ConfigPiece& piece) { return !stays(piece); });
  Sort(picture.pieces);
  return picture;
}

std::string DigestOf(const ConfigPicture& picture) {
  JsonWriter out;
  out.BeginArray();
  for (const ConfigPiece& piece : picture.pieces) {
    out.String(PieceKindName(piece.kind));
    out.String(piece.name);
    out.BeginObject();
    for (const auto& [key, value] : piece.values) out.Field(key, value);
    out.EndObject();
  }
  out.EndArray();
  return Sha256(out.Take(), kPictureBytes);
}

}  // namespace postwatch::collector
