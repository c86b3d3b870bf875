#include "cli/fleet/topology_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/clock.h"
#include "cli/command.h"
#include "cli/fleet/collector_client.h"
#include "cli/printable.h"
#include "collector/scenario/padded_lines.h"
#include "collector/scenario/planned_runs.h"
#include "collector/scenario/scenario_reader.h"
#include "collector/topology/report.h"
#include "common/base/flags.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

using collector::Coverage;
using collector::PaddedLines;
using collector::ScenarioReader;

constexpr size_t kLongestLine = 16 * 1024 * 1024;  // the topology of a large fleet is one line
constexpr size_t kLongestComplaint = 300;          // it may quote the line
constexpr int64_t kMostMinutes = 24 * 60;
constexpr int64_t kForgetAfter = 20000;  // planned runs

constexpr std::array kFlags = {
    FlagSpec{"collector", "URL", "the collector's HTTP address (default http://127.0.0.1:7480)"},
    FlagSpec{"minutes", "N", "look at what its agents ran in the last N minutes (default 15)"},
    FlagSpec{"all", "", "name each group and each component, not one of each sort"},
    FlagSpec{"format", "text|json", "how to print it (default text)"},
    FlagSpec{"help", "", "this text"}};
constexpr std::string_view kVerb = "check-topology";
constexpr std::string_view kUsageText =
    "usage: postwatch check-topology [SCENARIO.jsonl|-] [flags]\n\n"
    "Names the faults that a fleet cannot tell apart, those that can never page, how long weak\n"
    "faults take to page, and what is worth adding. Looks at what the agents of a running\n"
    "collector ran, or at a scenario as `postwatch replay` reads it; of a topology without\n"
    "results, at what it would run. docs/topology.md explains the answers.\n\n";

// Learns a fleet from the lines of a scenario.
class Study {
 public:
  explicit Study(std::string source) : source_(std::move(source)) {}

  void Take(std::string_view text, int64_t number) {
    ScenarioReader::Line line{};
    if (const absl::Status read = reader_->Read(text, line); !read.ok()) {
      Skip(FromAbsl(read.message()), number);
    } else if (line == ScenarioReader::Line::kTopology) {
      topology_ = text;
      coverage_ = std::make_unique<Coverage>(reader_->plan());
    } else if (line == ScenarioReader::Line::kResult) {
      coverage_->Take(reader_->sighting());
    }
  }

  void Skip(std::string_view why, int64_t number) {
    ++malformed_;
    Complain(kVerb,
             Concat(source_, ":", number, ": ", Printable(Truncate(why, kLongestComplaint)),
                    "; skipped"),
             kDataError);
  }

  // After the last line. Null where there is nothing to look at, which was said then.
  const Coverage* Finish() {
    if (!coverage_) {
      Complain(kVerb, Concat(source_, " holds no topology, which is the first line of a scenario"),
               0);
      return nullptr;
    }
    if (coverage_->runs() == 0) Plan();
    coverage_->Finish();
    if (!coverage_->lanes().empty()) return coverage_.get();
    Complain(kVerb,
             Concat(source_,
                    " holds no results, and no providers to plan any for; are agents "
                    "connected? (--minutes N looks further back)"),
             0);
    return nullptr;
  }

  bool is_sound() const { return malformed_ == 0; }

 private:
  void Plan() {
    int64_t count = 0;
    const absl::Status planned =
        collector::PlanRuns(topology_, [&](const collector::PlannedRun& run) {
          // A reader remembers each; no two planned ones are alike.
          if (count++ % kForgetAfter == 0) StartAnew();
          if (ReadPadded(run.line) == ScenarioReader::Line::kResult) {
            coverage_->Expect(reader_->sighting(), run.per_minute);
          }
        });
    if (!planned.ok()) Complain(kVerb, FromAbsl(planned.message()), 0);
  }

  void StartAnew() {
    reader_ = std::make_unique<ScenarioReader>();
    ReadPadded(topology_);
  }

  ScenarioReader::Line ReadPadded(const std::string& text) {
    padded_.assign(text).append(collector::kLinePadding, ' ');
    ScenarioReader::Line line{};
    const absl::Status read = reader_->Read(std::string_view(padded_).substr(0, text.size()), line);
    return read.ok() ? line : ScenarioReader::Line::kNothing;
  }

  std::string source_, topology_, padded_;
  std::unique_ptr<ScenarioReader> reader_ = std::make_unique<ScenarioReader>();
  std::unique_ptr<Coverage> coverage_;
  int64_t malformed_ = 0;
};

// False when the source cannot be read to its end.
bool Read(const PaddedLines::Source& source, Study& study) {
  PaddedLines lines(source, kLongestLine);
  std::string_view line;
  PaddedLines::Next next = lines.Take(line);
  for (; next == PaddedLines::Next::kLine || next == PaddedLines::Next::kTooLong;
       next = lines.Take(line)) {
    if (next == PaddedLines::Next::kLine) {
      study.Take(line, lines.number());
    } else {
      study.Skip(Concat("is longer than ", kLongestLine, " bytes"), lines.number());
    }
  }
  return next == PaddedLines::Next::kEnd;
}

// 0 or an exit code, after a complaint.
int ReadFile(const std::string& path, Study& study) {
  const int file = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  bool read = file >= 0;
  if (read) {
    read = Read(
        [file](char* into, size_t size) -> int64_t {
          ssize_t got = 0;
          do {
            got = ::read(file, into, size);
          } while (got < 0 && errno == EINTR);
          return got;
        },
        study);
  }
  const int error = errno;
  if (file > STDIN_FILENO) ::close(file);
  return read ? 0
              : Complain(kVerb, Concat("cannot read ", path, ": ", std::strerror(error)), kNoInput);
}

int AskForResults(const Flags& flags, Study& study) {
  const std::optional<int64_t> minutes = ParseInteger(flags.Get("minutes", "15"));
  if (!minutes || *minutes < 1 || *minutes > kMostMinutes) {
    return Complain(kVerb, "--minutes is no number from 1 to 1440", kUsage);
  }
  const int64_t since = absl::ToUnixSeconds(absl::Now() - absl::Minutes(*minutes));
  const absl::StatusOr<std::string> answer = AskCollector(
      CollectorMethod::kGet, Concat(CollectorUrl(flags), "/api/v1/export?since=", since));
  if (!answer.ok()) {
    return Complain(
        kVerb,
        Concat(FromAbsl(answer.status().message()), " (--minutes N asks for less at a time)"),
        kUnknown);
  }
  size_t taken = 0;
  Read(
      [&](char* into, size_t size) -> int64_t {
        const size_t count = std::min(size, answer->size() - taken);
        taken += answer->copy(into, count, taken);
        return static_cast<int64_t>(count);
      },
      study);
  return 0;
}

// Reads what the words and flags name, and prints what is to be said of it.
int Examine(const Flags& flags, bool as_json) {
  const bool of_file = flags.words().size() == 1;
  Study study(of_file ? flags.words()[0] : std::string("the collector's answer"));
  const int failed = of_file ? ReadFile(flags.words()[0], study) : AskForResults(flags, study);
  if (failed != 0) return failed;
  const Coverage* coverage = study.Finish();
  if (coverage == nullptr) return kDataError;
  const bool all = flags.Has("all");
  const collector::TopologyReport report = collector::Examine(*coverage);
  const std::string text =
      as_json ? ReportJson(report, *coverage, all) : ReportText(report, *coverage, all);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!study.is_sound()) return kDataError;
  return report.HasWarnings(*coverage) ? kWarning : kOk;
}

}  // namespace

int RunCheckTopology(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::printf(
        "%s%s\nExit: 0 any two faults look different and all can page, 1 some do not, 3 the\n"
        "collector cannot be asked, 64 usage, 65 there is nothing to look at, or some lines are\n"
        "malformed (each is named on stderr and skipped), 66 cannot read, 74 cannot write.\n",
        std::string(kUsageText).c_str(), FlagHelp(kFlags).c_str());
    return kOk;
  }
  const std::string format = flags->Get("format", "text");
  if (format != "text" && format != "json") {
    return Complain(kVerb, "--format is text or json; see --help", kUsage);
  }
  const size_t words = flags->words().size();
  if (words > 1 || (words == 1 && (flags->Has("collector") || flags->Has("minutes")))) {
    return Complain(kVerb, "takes one SCENARIO.jsonl (- for the standard input), or --collector",
                    kUsage);
  }
  return Examine(*flags, format == "json");
}

}  // namespace postwatch::cli
