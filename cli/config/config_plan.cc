#include "cli/config/config_plan.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/printable.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

using collector::ConfigChange;

int64_t MoreRuns(const ConfigPlan& plan) {
  double more = 0;
  for (const ConfigChange& change : plan.changes) more += change.runs_per_hour;
  return std::llround(more);
}

std::string Count(size_t count, std::string_view one) {
  return Concat(count, " ", one, count == 1 ? "" : "s");
}

std::string RunsText(const ConfigPlan& plan) {
  const int64_t more = MoreRuns(plan);
  if (more == 0) return "";
  return Concat("; ", std::abs(more), " runs an hour ", more > 0 ? "more" : "fewer", " by ",
                Count(plan.agents, "agent"));
}

std::string Called(const std::string& revision) { return revision.empty() ? "none" : revision; }

}  // namespace

ConfigPlan MakeConfigPlan(const ToldConfig& running, const ToldConfig& wanted) {
  const size_t agents = std::max<size_t>(running.agents, 1);
  return {.changes = collector::CompareConfigs(running.picture, wanted.picture, agents),
          .revision_now = running.picture.revision,
          .revision_wanted = wanted.picture.revision,
          .digest_now = running.digest,
          .digest_wanted = wanted.digest,
          .agents = agents};
}

std::string PlanText(const ConfigPlan& plan) {
  if (plan.empty()) return "no changes\n";
  std::string text;
  for (const std::string& line : collector::ChangeLines(plan.changes)) {
    Append(text, Printable(line), "\n");
  }
  if (plan.revision_now != plan.revision_wanted) {
    Append(text, "revision: ", Printable(Called(plan.revision_now)), " -> ",
           Printable(Called(plan.revision_wanted)), "\n");
  }
  const auto waits =
      static_cast<size_t>(std::ranges::count_if(plan.changes, &ConfigChange::needs_restart));
  Append(text, Count(plan.changes.size(), "change"),
         waits == 0 ? "" : Concat(", ", waits, " at a restart only"), RunsText(plan), "\n");
  return text;
}

std::string PlanJson(const ConfigPlan& plan) {
  constexpr std::array<std::string_view, 3> kWhat = {"added", "removed", "changed"};
  JsonWriter out;
  out.BeginObject();
  out.Field("running", plan.digest_now);
  out.Field("wanted", plan.digest_wanted);
  out.Field("revision_running", plan.revision_now);
  out.Field("revision_wanted", plan.revision_wanted);
  out.Field("agents", static_cast<int64_t>(plan.agents));
  out.Field("runs_per_hour", MoreRuns(plan));
  out.Key("changes");
  out.BeginArray();
  for (const ConfigChange& change : plan.changes) {
    out.BeginObject();
    out.Field("what", kWhat.at(static_cast<size_t>(change.what)));
    out.Field("kind", collector::PieceKindName(change.piece));
    out.Field("name", change.name);
    out.Key("details");
    out.BeginArray();
    for (const std::string& detail : change.details) out.String(detail);
    out.EndArray();
    out.Field("needs_restart", change.needs_restart);
    out.Field("runs_per_hour", change.runs_per_hour);
    out.EndObject();
  }
  out.EndArray();
  out.EndObject();
  return out.Take();
}

}  // namespace postwatch::cli
