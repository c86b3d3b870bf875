#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_format.h"
#include "collector/topology/report.h"
#include "collector/topology/words.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMostUnseen = 10;
constexpr size_t kMostExamples = 3;

std::string MinutesText(double minutes) {
  if (!std::isfinite(minutes)) return "-";
  return absl::StrFormat(minutes < 9.95 ? "%.1f" : "%.0f", minutes);
}

std::string CountOf(size_t count, std::string_view one) {
  return Concat(count, " ", one, count == 1 ? "" : "s");
}

class TextReport {
 public:
  TextReport(const TopologyReport& report, const Coverage& coverage, bool all)
      : report_(report), coverage_(coverage), catalog_(coverage.catalog()), all_(all) {}

  std::string Write() {
    WriteFleet();
    WriteGroups();
    WriteNeverPaging();
    WriteFewNetworks();
    WriteUnseen();
    WriteTimes();
    if (all_) WriteComponents();
    WriteAdditions();
    return std::move(out_);
  }

 private:
  void WriteFleet() {
    const Diversity fleet = DiversityOf(coverage_);
    Append(out_, CountOf(fleet.agents, "agent"), " on ", CountOf(fleet.networks, "network"), " in ",
           CountOf(fleet.regions, "region"), "; ");
    if (coverage_.runs() > 0) {
      Append(out_, coverage_.runs(), " runs in ", MinutesText(coverage_.minutes()), " minutes");
    } else {
      Append(out_, "no runs yet, what is configured");
    }
    Append(out_, "; ", absl::StrFormat("%.1f", coverage_.noise() * 100),
           " % of runs fail for no reason.\n");
  }

  // Groups of one sort: the same kinds, alike in the same way.
  std::string SortOf(const LookAlikes& group) const {
    std::vector<std::string_view> kinds;
    for (const ComponentId id : group.members) kinds.push_back(KindWords(catalog_.KindOf(id)));
    std::ranges::sort(kinds);
    kinds.erase(std::ranges::unique(kinds).begin(), kinds.end());
    return Concat(Join(kinds, ", "), ": when it ", WhenWords(group.manners));
  }

  void WriteGroups() {
    const std::vector<LookAlikes>& groups = report_.groups;
    if (groups.empty()) {
      out_ += "\nAny two faults look different to this fleet.\n";
      return;
    }
    Append(out_, "\nCANNOT BE TOLD APART: ", CountOf(PairsOf(groups, catalog_).size(), "pair"),
           " in ", CountOf(groups.size(), "group"), "\n");
    std::map<std::string, std::vector<const LookAlikes*>> sorts;
    std::vector<std::string> order;
    for (const LookAlikes& group : groups) {
      const std::string sort = Concat(SortOf(group), group.any_real, group.pages,
                                      KindWords(catalog_.KindOf(group.named)));
      std::vector<const LookAlikes*>& same = sorts[sort];
      if (same.empty()) order.push_back(sort);
      same.push_back(&group);
    }
    for (const std::string& sort : order) WriteSort(sorts[sort]);
  }

  void WriteSort(const std::vector<const LookAlikes*>& groups) {
    const LookAlikes& first = *groups.front();
    Append(out_, "  ", groups.size() > 1 ? Concat(groups.size(), " x ") : "", SortOf(first), "\n");
    const size_t shown = all_ ? groups.size() : 1;
    for (size_t i = 0; i < shown; ++i) {
      const LookAlikes& group = *groups[i];
      if (groups.size() > shown)
        out_ += "      such as ";
      else
        out_ += "      ";
      std::vector<std::string> names;
      for (const ComponentId id : group.members) names.push_back(catalog_.Ref(id).Text());
      if (!all_ && names.size() > kMostExamples * 2) names.resize(kMostExamples * 2);
      Append(out_, Join(names, " = "), "\n");
      Append(out_, "      Why: ", WhyAlike(group, coverage_, report_.reaches), ".\n");
      Append(out_, "      ", Consequence(group, catalog_), "\n");
    }
    Append(out_, "      What tells them apart: ", TieBreaker(first, catalog_), ".\n");
  }

  void WriteNeverPaging() {
    const std::vector<ComponentId>& never = report_.never_paging;
    if (never.empty()) return;
    Append(out_, "\nCAN NEVER PAGE: ", CountOf(never.size(), "component"),
           "; a page needs two agents on two networks\n");
    std::map<Kind, std::vector<ComponentId>> kinds;
    for (const ComponentId id : never) kinds[catalog_.KindOf(id)].push_back(id);
    for (const auto& [kind, ids] : kinds) {
      const size_t shown = all_ ? ids.size() : std::min(ids.size(), kMostExamples);
      for (size_t i = 0; i < shown; ++i) {
        Append(out_, "  ", catalog_.Ref(ids[i]).Text(), ": ",
               WhyNeverPaging(ids[i], coverage_, report_.reaches), "\n");
      }
      if (shown < ids.size()) {
        Append(out_, "  and ", ids.size() - shown, " more of kind ", KindWords(kind),
               " (--all names them)\n");
      }
    }
  }

  void WriteFewNetworks() {
    const std::vector<FewNetworks>& few = report_.few_networks;
    if (few.empty()) return;
    Append(out_,
           "\nSEEN BY FEW NETWORKS: when it does not answer, their ways to it may be at fault "
           "as well\n");
    std::map<std::pair<bool, Kind>, size_t> told;
    for (const FewNetworks& one : few) {
      if (!all_ && ++told[{one.never, catalog_.KindOf(one.id)}] > kMostExamples) continue;
      Append(out_, "  ", catalog_.Ref(one.id).Text(), ": ", report_.reaches[one.id].networks,
             " networks; ", one.never ? "does not page so" : "pages 150 s later", "\n");
    }
    for (const auto& [sort, count] : told) {
      if (count <= kMostExamples) continue;
      Append(out_, "  and ", count - kMostExamples, " more of kind ", KindWords(sort.second),
             sort.first ? " that do not page so" : " that page later", " (--all names them)\n");
    }
  }

  void WriteUnseen() {
    const std::vector<std::string>& unseen = coverage_.unseen();
    if (unseen.empty()) return;
    Append(out_, "\nNOT RUN in that time, so left out: ", CountOf(unseen.size(), "check"), "\n");
    for (size_t i = 0; i < unseen.size() && (all_ || i < kMostUnseen); ++i) {
      Append(out_, "  ", unseen[i], "\n");
    }
  }

  void WriteRow(std::string_view label, const std::array<double, kFailingShares.size()>& minutes,
                std::string_view note) {
    absl::StrAppendFormat(&out_, "  %-28s", std::string(label));
    for (const double value : minutes) absl::StrAppendFormat(&out_, " %6s", MinutesText(value));
    Append(out_, note.empty() ? "" : "  ", note, "\n");
  }

  void WriteHeading(std::string_view heading) {
    Append(out_, "\n", heading, "\n");
    absl::StrAppendFormat(&out_, "  %-28s", "of attempts fail");
    for (const double share : kFailingShares) {
      absl::StrAppendFormat(&out_, " %4.0f %%", share * 100);
    }
    out_ += "\n";
  }

  void WriteTimes() {
    if (report_.times.empty()) return;
    WriteHeading(
        "MINUTES TO PAGE, without confirmation probes (-: not within 30 minutes of evidence)");
    for (const KindTimes& row : report_.times) {
      const std::string words(KindWords(row.kind));
      if (row.count == 1) {
        WriteRow(words, row.median, "");
        continue;
      }
      WriteRow(Concat(words, ", median of ", row.count), row.median, "");
      if (row.worst != row.median) {
        WriteRow(Concat(words, ", worst"), row.worst, catalog_.Ref(row.slowest).Text());
      }
    }
  }

  void WriteComponents() {
    const Diversity fleet = DiversityOf(coverage_);
    const DetectionTime time(coverage_.noise());
    WriteHeading("MINUTES TO PAGE, of each");
    for (ComponentId id = 0; id < report_.reaches.size(); ++id) {
      const Kind kind = catalog_.KindOf(id);
      if (!MayPage(kind, report_.reaches[id], fleet)) continue;
      std::array<double, kFailingShares.size()> minutes{};
      for (size_t s = 0; s < minutes.size(); ++s) {
        minutes[s] = time.Minutes(kind, report_.reaches[id].per_minute, s);
      }
      WriteRow(catalog_.Ref(id).Text(), minutes, "");
    }
  }

  void WriteAdditions() {
    if (report_.additions.empty()) return;
    out_ += "\nWORTH ADDING, the best of each sort, the most for its cost first\n";
    for (size_t i = 0; i < report_.additions.size(); ++i) {
      const Improvement& addition = report_.additions[i];
      Append(out_, "  ", i + 1, ". ", addition.what, " (", AdditionName(addition.kind), "): ");
      std::vector<std::string> gains;
      if (addition.pairs > 0) {
        gains.push_back(Concat("tells ", CountOf(addition.pairs, "pair"), " apart, such as ",
                               catalog_.Ref(addition.split.front().a).Text(), " and ",
                               catalog_.Ref(addition.split.front().b).Text()));
      }
      if (addition.local_pairs > 0) {
        gains.push_back(
            Concat("tells ", CountOf(addition.local_pairs, "pair"), " of our own apart"));
      }
      if (addition.pageable > 0) {
        gains.push_back(Concat("lets ", CountOf(addition.pageable, "more component"), " page"));
      }
      if (addition.before - addition.after >= 0.05) {
        gains.push_back(Concat("a fault of 20 % pages after ", MinutesText(addition.after),
                               " instead of ", MinutesText(addition.before),
                               " minutes, on average"));
      }
      if (addition.likewise > 0) {
        gains.push_back(
            Concat(CountOf(addition.likewise, "other addition"), " of the sort likewise"));
      }
      Append(out_, Join(gains, "; "), "\n");
    }
  }

  const TopologyReport& report_;
  const Coverage& coverage_;
  const Catalog& catalog_;
  bool all_;
  std::string out_;
};

}  // namespace

std::string ReportText(const TopologyReport& report, const Coverage& coverage, bool all) {
  return TextReport(report, coverage, all).Write();
}

}  // namespace postwatch::collector
