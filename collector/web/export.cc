#include "collector/web/export.h"

#include <algorithm>
#include <vector>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr int kPage = 1000;       // observations
constexpr int kLargest = 100000;  // of a page, when many came in at the same instant

}  // namespace

absl::StatusOr<std::string> ExportScenario(Store& store, const ExportRange& range,
                                           const FleetPlan& plan,
                                           const ScenarioWriter::Crossing& crossing) {
  ScenarioWriter writer(crossing);
  int page = kPage;
  int added = 0, known = 0;  // known: at the start of the page, of the one before
  absl::Time from = range.from;
  while (true) {
    absl::StatusOr<std::vector<Sighting>> read =
        store.Observations({.from = from, .to = range.to, .newest_first = false, .limit = page});
    if (!read.ok()) return read.status();
    const int count = static_cast<int>(read->size());
    for (int i = known; i < count; ++i) {
      if (added++ == range.most) {
        return absl::InvalidArgumentError(
            Concat("there are more than ", range.most,
                   " observations between since and until; ask for less at a time"));
      }
      writer.Add((*read)[static_cast<size_t>(i)]);
    }
    // A shorter page alone is no end: the store leaves out rows that it cannot read.
    if (count == known && count < page) return writer.Take(plan);
    // What came in at the same instant as the last one may go on beyond the page.
    const absl::Time last = absl::FromUnixMicros(absl::ToUnixMicros(read->back().received));
    if (last == from && count >= kLargest) {
      return absl::InvalidArgumentError(
          Concat("more than ", kLargest, " observations came in at one instant"));
    }
    page = last == from ? std::min(page * 2, kLargest) : kPage;
    known = static_cast<int>(std::ranges::count_if(
        *read, [last](const Sighting& sighting) { return sighting.received >= last; }));
    from = last;
  }
}

}  // namespace postwatch::collector
