#include "collector/running_config.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

#include "collector/rollout/changes.h"
#include "collector/rollout/picture_json.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxLines = 50;  // of one reload in the log

void TellChanges(const std::vector<ConfigChange>& changes) {
  const std::vector<std::string> lines = ChangeLines(changes);
  for (size_t i = 0; i < lines.size() && i < kMaxLines; ++i) {
    Log(LogLevel::kInfo, "configuration changed", {{"change", lines[i]}});
  }
  if (lines.size() > kMaxLines) {
    Log(LogLevel::kInfo, "configuration changed further",
        {{"changes", Concat(lines.size() - kMaxLines)}});
  }
  std::vector<std::string> waiting;
  for (const ConfigChange& change : changes) {
    if (change.needs_restart) {
      waiting.push_back(Concat(PieceKindName(change.piece), " ", change.name));
    }
  }
  if (waiting.empty()) return;
  Log(LogLevel::kWarn, "some changes take effect with a restart only",
      {{"waiting", Join(waiting, ", ")}});
}

}  // namespace

RunningConfig::RunningConfig(const std::string& file) {
  std::error_code error;
  file_ = std::filesystem::absolute(file, error).string();
  if (error) file_ = file;
}

void RunningConfig::Begin(const CollectorConfig& config, absl::Time now) {
  settings_ = DescribeSettings(config);
  waiting_.clear();
  read_ = now;
}

void RunningConfig::TakeUp(const Watched& before, const CollectorConfig& config,
                           const FleetPlan& plan, absl::Time now) {
  const ConfigPicture was = InForceWith(before), wanted = DescribeConfig(config, plan);
  const std::vector<ConfigChange> changes = CompareConfigs(was, wanted, 0);
  TellChanges(changes);
  if (was.revision != wanted.revision) {
    Log(LogLevel::kInfo, "configuration has another revision",
        {{"before", was.revision}, {"now", wanted.revision}});
  }
  const bool all = std::ranges::none_of(changes, &ConfigChange::needs_restart);
  waiting_ = all ? "" : DigestOf(wanted);
  settings_ =
      InForce({.pieces = std::move(settings_)}, {.pieces = DescribeSettings(config)}).pieces;
  read_ = now;
}

ConfigPicture RunningConfig::InForceWith(const Watched& watched) const {
  ConfigPicture picture{.revision = watched.plan.revision, .pieces = settings_};
  std::ranges::move(DescribeTargets(watched.targets, watched.plan),
                    std::back_inserter(picture.pieces));
  return picture;
}

std::string RunningConfig::Json(const Watched& watched, size_t agents) const {
  return PictureJson(InForceWith(watched),
                     {.file = file_, .read = read_, .agents = agents, .waiting = waiting_});
}

}  // namespace postwatch::collector
