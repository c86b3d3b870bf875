#include "collector/topology/report.h"

#include <cmath>

#include "collector/topology/words.h"
#include "common/base/json.h"

namespace postwatch::collector {
namespace {

class JsonReport {
 public:
  JsonReport(const TopologyReport& report, const Coverage& coverage)
      : report_(report), coverage_(coverage), catalog_(coverage.catalog()) {}

  std::string Write(bool all) {
    json_.BeginObject();
    WriteFleet();
    WriteGroups();
    WriteNeverPaging();
    WriteFewNetworks();
    WriteTimes();
    if (all) WriteComponents();
    json_.Key("unseen_checks");
    json_.BeginArray();
    for (const std::string& check : coverage_.unseen()) json_.String(check);
    json_.EndArray();
    WriteAdditions();
    json_.EndObject();
    return json_.Take() + "\n";
  }

 private:
  void Name(ComponentId id) { json_.String(catalog_.Ref(id).Text()); }
  void Field(std::string_view key, ComponentId id) { json_.Field(key, catalog_.Ref(id).Text()); }
  static int64_t Count(size_t count) { return static_cast<int64_t>(count); }

  // By share, null where it takes longer than the window.
  void Minutes(std::string_view key, const std::array<double, kFailingShares.size()>& minutes) {
    json_.Key(key);
    json_.BeginArray();
    for (const double value : minutes) json_.Number(std::round(value * 100) / 100);
    json_.EndArray();
  }

  void WriteFleet() {
    const Diversity fleet = DiversityOf(coverage_);
    json_.Field("agents", Count(fleet.agents));
    json_.Field("networks", Count(fleet.networks));
    json_.Field("regions", Count(fleet.regions));
    json_.Field("components", Count(catalog_.component_count()));
    json_.Field("lanes", Count(coverage_.lanes().size()));
    json_.Field("runs", coverage_.runs());
    json_.Field("minutes", coverage_.minutes());
    json_.Field("noise", coverage_.noise());
    json_.Field("pairs", Count(PairsOf(report_.groups, catalog_).size()));
  }

  void WriteGroups() {
    json_.Key("look_alikes");
    json_.BeginArray();
    for (const LookAlikes& group : report_.groups) {
      json_.BeginObject();
      json_.Key("members");
      json_.BeginArray();
      for (const ComponentId id : group.members) Name(id);
      json_.EndArray();
      json_.Key("when");
      json_.BeginArray();
      for (size_t m = 0; m < kManners; ++m) {
        const auto manner = static_cast<Manner>(m);
        if ((group.manners & Bit(manner)) != 0) json_.String(MannerName(manner));
      }
      json_.EndArray();
      Field("named", group.named);
      json_.Field("pages", group.pages);
      json_.Field("why", WhyAlike(group, coverage_, report_.reaches));
      json_.Field("consequence", Consequence(group, catalog_));
      json_.Field("tie_breaker", TieBreaker(group, catalog_));
      json_.EndObject();
    }
    json_.EndArray();
  }

  void WriteNeverPaging() {
    json_.Key("never_page");
    json_.BeginArray();
    for (const ComponentId id : report_.never_paging) {
      json_.BeginObject();
      Field("component", id);
      json_.Field("why", WhyNeverPaging(id, coverage_, report_.reaches));
      json_.EndObject();
    }
    json_.EndArray();
  }

  void WriteFewNetworks() {
    json_.Key("few_networks");
    json_.BeginArray();
    for (const FewNetworks& few : report_.few_networks) {
      json_.BeginObject();
      Field("component", few.id);
      json_.Field("networks", Count(report_.reaches[few.id].networks));
      json_.Field("never_pages", few.never);
      json_.EndObject();
    }
    json_.EndArray();
  }

  void WriteTimes() {
    json_.Key("failing_shares");
    json_.BeginArray();
    for (const double share : kFailingShares) json_.Number(share);
    json_.EndArray();
    json_.Key("minutes_to_page");
    json_.BeginArray();
    for (const KindTimes& row : report_.times) {
      json_.BeginObject();
      json_.Field("kind", catalog_.Ref(row.slowest).kind);
      json_.Field("count", Count(row.count));
      Minutes("median", row.median);
      Minutes("worst", row.worst);
      Field("slowest", row.slowest);
      json_.EndObject();
    }
    json_.EndArray();
  }

  void WriteComponents() {
    const Diversity fleet = DiversityOf(coverage_);
    const DetectionTime time(coverage_.noise());
    json_.Key("of_each");
    json_.BeginArray();
    for (ComponentId id = 0; id < report_.reaches.size(); ++id) {
      const Reach& reach = report_.reaches[id];
      const Kind kind = catalog_.KindOf(id);
      if (!MayPage(kind, reach, fleet)) continue;
      std::array<double, kFailingShares.size()> minutes{};
      for (size_t s = 0; s < minutes.size(); ++s) {
        minutes[s] = time.Minutes(kind, reach.per_minute, s);
      }
      json_.BeginObject();
      Field("component", id);
      json_.Field("agents", Count(reach.agents));
      json_.Field("networks", Count(reach.networks));
      Minutes("minutes", minutes);
      json_.EndObject();
    }
    json_.EndArray();
  }

  void WriteAdditions() {
    json_.Key("additions");
    json_.BeginArray();
    for (const Improvement& addition : report_.additions) {
      json_.BeginObject();
      json_.Field("kind", AdditionName(addition.kind));
      json_.Field("what", addition.what);
      json_.Field("pairs_told_apart", Count(addition.pairs));
      json_.Field("own_pairs_told_apart", Count(addition.local_pairs));
      json_.Field("newly_paging", Count(addition.pageable));
      json_.Field("likewise", Count(addition.likewise));
      json_.Field("mean_minutes_before", addition.before);
      json_.Field("mean_minutes_after", addition.after);
      json_.EndObject();
    }
    json_.EndArray();
  }

  const TopologyReport& report_;
  const Coverage& coverage_;
  const Catalog& catalog_;
  JsonWriter json_;
};

}  // namespace

TopologyReport Examine(const Coverage& coverage) {
  TopologyReport report;
  report.reaches = ReachOf(coverage);
  report.groups = FindLookAlikes(coverage, report.reaches);
  report.never_paging = NeverPaging(coverage, report.reaches);
  report.few_networks = SeenByFewNetworks(coverage, report.reaches, report.groups);
  report.times = TimesByKind(coverage, report.reaches);
  report.additions = BestAdditions(coverage, report.reaches, report.groups);
  return report;
}

std::string ReportJson(const TopologyReport& report, const Coverage& coverage, bool all) {
  return JsonReport(report, coverage).Write(all);
}

}  // namespace postwatch::collector
