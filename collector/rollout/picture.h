// Picture: what a configuration says, in pieces that can be compared without knowing its secrets.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/config.h"
#include "collector/model/fleet.h"

namespace postwatch::collector {

// In the order in which they are told.
enum class PieceKind { kSetting, kSink, kTarget, kCheck };
std::string_view PieceKindName(PieceKind kind);  // "setting", "sink", "target", "check"
std::optional<PieceKind> ParsePieceKind(std::string_view name);

struct ConfigPiece {
  PieceKind kind = PieceKind::kSetting;
  std::string name;  // "retention", "pager", "example.com", "example.com/dns.mx"
  // What is said of it, by key. What may be anything is there as "#" and 16 hex digits of its
  // SHA-256: a URL can hold a token, ${NAME} can be a secret.
  std::map<std::string, std::string> values;
  bool needs_restart = false;  // a running collector takes a change of it up with a restart only

  bool operator==(const ConfigPiece&) const = default;
};

struct ConfigPicture {
  std::string revision;             // as the configuration calls itself; may be empty
  std::vector<ConfigPiece> pieces;  // by kind, then name

  bool operator==(const ConfigPicture&) const = default;
};

// `plan` is that of `config`. What other files hold is no part of the picture.
ConfigPicture DescribeConfig(const CollectorConfig& config, const FleetPlan& plan);

// Its two parts: settings and sinks, which are few; targets with their checks, which may be many.
std::vector<ConfigPiece> DescribeSettings(const CollectorConfig& config);
std::vector<ConfigPiece> DescribeTargets(const std::vector<TargetConfig>& targets,
                                         const FleetPlan& plan);

// What is in force when a collector that runs `now` has read `wanted`: what needs a restart stays.
ConfigPicture InForce(const ConfigPicture& now, const ConfigPicture& wanted);

// 32 hex digits; the same for the same pieces, whatever the revision.
std::string DigestOf(const ConfigPicture& picture);

}  // namespace postwatch::collector
