// Changes: what differs from round to round of a watch, and from what was before it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "cli/check/report.h"

namespace postwatch::cli {

enum class ChangeSort {
  kAppeared,   // worse than before the watch, for the first time
  kConfirmed,  // a second time in a row: counts from now on
  kGone,       // no more worse than before
  kFixed,      // stood before the watch, and is no more
};
std::string_view ChangeSortName(ChangeSort sort);  // "appeared", "confirmed", "gone", "fixed"

struct Change {
  ChangeSort sort;
  Finding finding;
};

class ChangeTracker {
 public:
  // `before` as ReadBaseline gives it.
  explicit ChangeTracker(std::vector<Finding> before) : before_(std::move(before)) {}

  // The next round. A check that was not tested in it changes nothing.
  std::vector<Change> Take(Report report);

  // The worst of what is worse than before and was so in the two latest rounds that tested it.
  // Notes never are.
  std::optional<FindingSeverity> regression() const;
  // Whether something is worse that was seen only once: another round would tell.
  bool unsure() const;
  // Whether the latest round tested anything.
  bool tested() const { return tested_; }

 private:
  struct Open {
    Finding finding;
    int rounds = 1;  // in a row
  };

  void TakeFixed(const Report& report, std::vector<Change>& changes);

  const std::vector<Finding> before_;
  std::vector<Open> open_;
  std::vector<Finding> fixed_;
  bool tested_ = false;
};

}  // namespace postwatch::cli
