#include "cli/check/changes.h"

#include <algorithm>

#include "cli/check/baseline.h"

namespace postwatch::cli {
namespace {

constexpr int kConfirmed = 2;  // rounds in a row

bool SameFault(const Finding& a, const Finding& b) {
  return a.check == b.check && a.subject == b.subject && a.klass == b.klass;
}

bool Tested(const Report& report, const Finding& fault) {
  return std::ranges::any_of(report.findings, [&fault](const Finding& finding) {
    return finding.check == fault.check && finding.outcome != Outcome::kNotTested;
  });
}

}  // namespace

std::string_view ChangeSortName(ChangeSort sort) {
  switch (sort) {
    case ChangeSort::kAppeared:
      return "appeared";
    case ChangeSort::kConfirmed:
      return "confirmed";
    case ChangeSort::kGone:
      return "gone";
    case ChangeSort::kFixed:
      return "fixed";
  }
  return "appeared";
}

std::vector<Change> ChangeTracker::Take(Report report) {
  CompareWith(before_, report);
  tested_ = std::ranges::any_of(report.findings, [](const Finding& finding) {
    return finding.outcome != Outcome::kNotTested;
  });
  std::vector<Change> changes;
  std::vector<Open> still;
  for (const Finding& finding : report.findings) {
    if (!Counts(finding, FindingSeverity::kWarning)) continue;
    const auto was = std::ranges::find_if(
        open_, [&finding](const Open& open) { return SameFault(open.finding, finding); });
    if (was == open_.end()) {
      changes.push_back({ChangeSort::kAppeared, finding});
      still.push_back({finding});
      continue;
    }
    if (was->rounds + 1 == kConfirmed) changes.push_back({ChangeSort::kConfirmed, finding});
    still.push_back({finding, was->rounds + 1});
    open_.erase(was);
  }
  for (Open& open : open_) {
    if (!Tested(report, open.finding)) {
      still.push_back(std::move(open));
    } else {
      changes.push_back({ChangeSort::kGone, open.finding});
    }
  }
  open_ = std::move(still);
  TakeFixed(report, changes);
  return changes;
}

void ChangeTracker::TakeFixed(const Report& report, std::vector<Change>& changes) {
  for (const Finding& finding : report.fixed) {
    const bool told = std::ranges::any_of(
        fixed_, [&finding](const Finding& before) { return SameFault(before, finding); });
    if (told) continue;
    fixed_.push_back(finding);
    changes.push_back({ChangeSort::kFixed, finding});
  }
}

std::optional<FindingSeverity> ChangeTracker::regression() const {
  std::optional<FindingSeverity> worst;
  for (const Open& open : open_) {
    if (open.rounds < kConfirmed) continue;
    worst = std::max(worst.value_or(FindingSeverity::kWarning), open.finding.severity);
  }
  return worst;
}

bool ChangeTracker::unsure() const {
  return std::ranges::any_of(open_, [](const Open& open) { return open.rounds < kConfirmed; });
}

}  // namespace postwatch::cli
