#include "cli/check/watch.h"

#include <algorithm>

#include "cli/formats/json_format.h"
#include "cli/paragraphs.h"
#include "cli/printable.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

// At least so much between two rounds, whatever a round takes.
constexpr absl::Duration kBreath = absl::Seconds(1);

std::vector<Finding> Faults(const Report& report) {
  std::vector<Finding> faults;
  for (const Finding& finding : report.findings) {
    if (finding.outcome == Outcome::kFail) faults.push_back(finding);
  }
  return faults;
}

bool TestedAnything(const Report& report) {
  return std::ranges::any_of(report.findings, [](const Finding& finding) {
    return finding.outcome != Outcome::kNotTested;
  });
}

std::string_view Words(ChangeSort sort) {
  switch (sort) {
    case ChangeSort::kAppeared:
      return "NEW";
    case ChangeSort::kConfirmed:
      return "AGAIN";
    case ChangeSort::kGone:
      return "gone";
    case ChangeSort::kFixed:
      return "fixed";
  }
  return "";
}

class Teller {
 public:
  Teller(const WatchOptions& options, const WatchWorld& world) : options_(options), world_(world) {}

  void Start(const std::vector<Finding>& before) const {
    if (options_.json) {
      JsonWriter out = Line("start", 0);
      out.Field("domain", options_.domain);
      out.Field("before", static_cast<int64_t>(before.size()));
      End(out);
      return;
    }
    Say(Concat("watching ", options_.domain, " for ", DurationText(options_.length),
               ", a round every ", DurationText(options_.every), "; before: ",
               before.empty() ? std::string("nothing wrong")
                              : Concat(before.size(), before.size() == 1 ? " finding" : " findings",
                                       " that will not count")));
  }

  void Tell(const Change& change, int round) const {
    if (options_.json) {
      JsonWriter out = Line(ChangeSortName(change.sort), round);
      out.Key("finding");
      WriteFinding(out, change.finding);
      End(out);
      return;
    }
    const Finding& finding = change.finding;
    const bool bad = change.sort == ChangeSort::kAppeared || change.sort == ChangeSort::kConfirmed;
    std::string text =
        Concat(Words(change.sort), " ", finding.check, " ", FailureClassName(finding.klass));
    if (bad) {
      Append(text, " (", FindingSeverityName(finding.severity), "): ", Printable(finding.detail));
    }
    Say(text);
  }

  void Untested(int round) const {
    if (options_.json) {
      JsonWriter out = Line("untested", round);
      End(out);
      return;
    }
    Say("nothing could be tested in this round");
  }

  void Finish(ReportStatus status, int rounds, std::string_view why) const {
    if (options_.json) {
      JsonWriter out = Line("end", rounds);
      out.Field("status", ReportStatusName(status));
      End(out);
      return;
    }
    Say(Concat(AsciiUpper(ReportStatusName(status)), " after ", rounds,
               rounds == 1 ? " round: " : " rounds: ", why));
  }

 private:
  JsonWriter Line(std::string_view event, int round) const {
    JsonWriter out;
    out.BeginObject();
    out.Field("time",
              absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", world_.clock.Now(), absl::UTCTimeZone()));
    out.Field("event", event);
    out.Field("round", round);
    return out;
  }

  void End(JsonWriter& out) const {
    out.EndObject();
    world_.print(out.Take() + "\n");
  }

  void Say(std::string_view text) const {
    world_.print(Paragraph(Concat(TimeText(world_.clock.Now()), "  "), text));
  }

  const WatchOptions& options_;
  const WatchWorld& world_;
};

class WatchRun {
 public:
  WatchRun(const WatchOptions& options, const WatchWorld& world)
      : options_(options), world_(world), teller_(options, world) {}

  absl::StatusOr<ReportStatus> Run() {
    const absl::Duration start = world_.clock.Steady();
    std::optional<std::vector<Finding>> before = options_.before;
    bool first = true;
    if (!before) {
      const absl::StatusOr<Report> report = world_.check();
      if (!report.ok()) return report.status();
      if (report->interrupted) return End(ReportStatus::kUnknown, "interrupted");
      if (!TestedAnything(*report)) {
        return End(ReportStatus::kUnknown, "nothing could be tested at the start");
      }
      before = Faults(*report);
      first = false;
    }
    teller_.Start(*before);
    ChangeTracker tracker(*std::move(before));
    absl::Duration next = start + (first ? absl::ZeroDuration() : options_.every);
    while (next - start <= options_.length || (tracker.unsure() && !looked_again_)) {
      looked_again_ = next - start > options_.length;
      const absl::Duration wait = next - world_.clock.Steady();
      if (!first && !world_.wait(std::max(wait, kBreath))) {
        return End(ReportStatus::kUnknown, "interrupted");
      }
      first = false;
      const absl::Duration begun = world_.clock.Steady();
      absl::StatusOr<Report> report = world_.check();
      if (!report.ok()) return report.status();
      if (report->interrupted) return End(ReportStatus::kUnknown, "interrupted");
      ++rounds_;
      for (const Change& change : tracker.Take(*std::move(report))) {
        teller_.Tell(change, rounds_);
      }
      if (!tracker.tested()) teller_.Untested(rounds_);
      next = begun + options_.every;
    }
    return Judge(tracker);
  }

 private:
  absl::StatusOr<ReportStatus> Judge(const ChangeTracker& tracker) {
    const std::optional<FindingSeverity> worse = tracker.regression();
    if (worse && *worse >= options_.fail_on) {
      return End(
          *worse == FindingSeverity::kCritical ? ReportStatus::kCritical : ReportStatus::kWarning,
          "worse than before");
    }
    if (!tracker.tested()) {
      return End(ReportStatus::kUnknown, "nothing could be tested at the end");
    }
    return End(ReportStatus::kOk, worse ? "what is worse is allowed by --fail-on critical"
                                        : "nothing is worse than before");
  }

  ReportStatus End(ReportStatus status, std::string_view why) {
    teller_.Finish(status, rounds_, why);
    return status;
  }

  const WatchOptions& options_;
  const WatchWorld& world_;
  const Teller teller_;
  int rounds_ = 0;
  bool looked_again_ = false;
};

}  // namespace

absl::StatusOr<ReportStatus> RunWatch(const WatchOptions& options, const WatchWorld& world) {
  return WatchRun(options, world).Run();
}

}  // namespace postwatch::cli
