#include "collector/correlate/orphaned.h"

#include <algorithm>

namespace postwatch::collector {
namespace {

bool IsSeenByNobodyLeft(const Verdict& verdict, const Witness& witness) {
  const std::vector<std::string>& saw = verdict.evidence.agents;
  if (saw.empty() || witness.Agents().empty()) return false;
  return std::ranges::all_of(
      saw, [&](const std::string& agent) { return witness.Find(agent) == nullptr; });
}

bool IsCheckedNoMore(const OpenIncident& open, const Evidence& evidence) {
  if (!evidence.has_plan()) return false;
  const std::map<CellId, int>& cells = open.recovery.Cells();
  if (!cells.empty()) {
    return std::ranges::none_of(
        cells, [&](const auto& cell) { return evidence.CheckOf(evidence.At(cell.first)).planned; });
  }
  // Opened before a restart, and not seen failing since: its targets are what is known of it.
  const Verdict& verdict = open.incident.verdict;
  if (verdict.targets.empty() || verdict.targets_hit > std::ssize(verdict.targets)) return false;
  return std::ranges::none_of(
      verdict.targets, [&](const std::string& target) { return evidence.WatchesTarget(target); });
}

}  // namespace

std::string WhyOrphaned(const OpenIncident& open, const View& view) {
  if (IsSeenByNobodyLeft(open.incident.verdict, view.witness)) {
    return "all who saw it have left the fleet";
  }
  return IsCheckedNoMore(open, view.evidence) ? "what failed is not checked any more" : "";
}

}  // namespace postwatch::collector
