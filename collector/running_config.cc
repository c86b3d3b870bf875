#include "collector/running_config.h"

#include <vector>

#include "collector/rollout/changes.h"
#include "collector/rollout/picture_json.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxLines = 50;  // of one reload in the log

}  // namespace

void RunningConfig::Begin(const CollectorConfig& config, const FleetPlan& plan, absl::Time now) {
  in_force_ = DescribeConfig(config, plan);
  waiting_.clear();
  read_ = now;
}

void RunningConfig::TakeUp(const CollectorConfig& config, const FleetPlan& plan, absl::Time now) {
  const ConfigPicture wanted = DescribeConfig(config, plan);
  const std::vector<ConfigChange> changes = CompareConfigs(in_force_, wanted, 0);
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
  if (!waiting.empty()) {
    Log(LogLevel::kWarn, "some changes take effect with a restart only",
        {{"waiting", Join(waiting, ", ")}});
  }
  if (in_force_.revision != wanted.revision) {
    Log(LogLevel::kInfo, "configuration has another revision",
        {{"before", in_force_.revision}, {"now", wanted.revision}});
  }
  waiting_ = waiting.empty() ? "" : DigestOf(wanted);
  in_force_ = InForce(in_force_, wanted);
  read_ = now;
}

std::string RunningConfig::Json(size_t agents) const {
  return PictureJson(in_force_,
                     {.file = file_, .read = read_, .agents = agents, .waiting = waiting_});
}

}  // namespace postwatch::collector
