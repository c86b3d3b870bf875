// Scenario reader: the replay format's lines as sightings. Its first line names the fleet and what
// it watches, the rest are results in the order in which they came in.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/model/fleet.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

class ScenarioTopology;
struct ResultLine;

class ScenarioReader {
 public:
  ScenarioReader();
  ~ScenarioReader();

  enum class Line { kNothing, kTopology, kResult };

  // Reads one line, which is followed by kLinePadding bytes that may be read; InvalidArgument says
  // what is wrong with it. Lines of unknown types are skipped, and so is the topology once more.
  // After kResult, `sighting` is it, until the next call.
  absl::Status Read(std::string_view text, Line& line);

  const Sighting& sighting() const { return *sighting_; }
  bool has_topology() const { return topology_ != nullptr; }
  // After kTopology: the nominal time between two runs of a check, and the checks where it names
  // them.
  absl::Duration interval() const;
  const std::optional<FleetPlan>& plan() const;

 private:
  struct Parser;

  absl::Status ReadTopology(std::string_view text, Line& line);
  absl::Status ReadResult(Line& line);
  absl::Status NameCell(const ResultLine& result);
  absl::Status MakeCell(const ResultLine& result, Sighting& sighting);
  bool FetchesByPop(std::string_view target) const;

  std::unique_ptr<Parser> parser_;
  std::unique_ptr<ScenarioTopology> topology_;
  std::string topology_text_;
  std::unordered_map<std::string, Sighting> cells_;  // but for times and outcome
  std::set<std::string, std::less<>> pop_, imap_;    // targets whose mailboxes are read so
  std::string cell_;                                 // the name of one
  Sighting* sighting_ = nullptr;
};

}  // namespace postwatch::collector
