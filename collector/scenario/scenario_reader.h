// Scenario reader: the replay format's lines as sightings. Its first line names the fleet and what
// it watches, the rest are results in the order in which they came in.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

class ScenarioReader {
 public:
  ScenarioReader();
  ~ScenarioReader();

  enum class Line { kNothing, kTopology, kResult };

  // Reads one line; InvalidArgument says what is wrong with it. Lines of unknown types are skipped.
  // After kResult, `sighting` is it, until the next call.
  absl::Status Read(const std::string& text, Line& line);

  const Sighting& sighting() const { return *sighting_; }
  // The nominal time between two runs of a check.
  absl::Duration interval() const { return interval_; }

 private:
  struct Parsed;
  struct Result;
  struct Provider {
    std::string dns_hoster;
    bool uses_dnsbl = false;
    std::map<std::string, std::string> site_of_mx;
    std::map<std::string, std::string> centre_of_site;
  };

  absl::Status ReadTopology();
  absl::Status ReadProvider();
  absl::Status ReadResult(Result& result) const;
  absl::Status Look(const Result& result);
  absl::Status MakeSighting(const Result& result, Sighting& sighting) const;
  bool FetchesByPop(const std::string& target) const;
  void Touch(const Result& result, const Vantage& vantage, Sighting& sighting) const;
  void TouchNames(const Result& result, const Vantage& vantage, Sighting& sighting) const;
  void TouchMail(const Result& result, const Vantage& vantage, Sighting& sighting) const;

  std::unique_ptr<Parsed> parsed_;
  absl::Duration interval_ = absl::Seconds(60);
  bool has_topology_ = false;
  std::map<std::string, Vantage, std::less<>> agents_;
  std::map<std::string, Provider, std::less<>> providers_;
  std::map<std::string, std::string, std::less<>> domains_;  // to their DNS hoster
  std::unordered_map<std::string, Sighting> cells_;          // all but times and outcome
  std::set<std::string, std::less<>> pop_, imap_;            // targets whose mailboxes are read so
  std::string key_;
  Sighting* sighting_ = nullptr;
};

}  // namespace postwatch::collector
