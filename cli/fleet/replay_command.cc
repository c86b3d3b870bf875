#include "cli/fleet/replay_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/printable.h"
#include "collector/correlate/correlator.h"
#include "collector/scenario/incident_lines.h"
#include "collector/scenario/padded_lines.h"
#include "collector/scenario/scenario_reader.h"
#include "common/base/flags.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

using collector::CorrelatorOptions;
using collector::Findings;
using collector::PaddedLines;
using collector::ScenarioReader;

constexpr size_t kLongestLine = 16 * 1024 * 1024;  // the topology of a large fleet is one line
constexpr size_t kLongestComplaint = 300;          // it may quote the line
constexpr absl::Duration kShortestWindow = absl::Minutes(30);
constexpr int kWindowIntervals = 15;
constexpr absl::Duration kLastTick = absl::Seconds(1);  // after the last line

constexpr std::array kFlags = {FlagSpec{"help", "", "this text"}};
constexpr std::string_view kVerb = "replay";
constexpr std::string_view kUsageText =
    "usage: postwatch replay SCENARIO.jsonl|-\n\n"
    "Reads recorded results, one JSON object a line, and prints what a collector would have said\n"
    "of them: incidents, one JSON object a line. Uses no network and no clock; the same input "
    "gives\n"
    "the same output. `-` is the standard input. docs/replay.md describes both formats.\n\n";

class Input {
 public:
  explicit Input(const std::string& path)
      : file_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Input() {
    if (file_ > STDIN_FILENO) ::close(file_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  bool is_open() const { return file_ >= 0; }
  int64_t Read(char* into, size_t size) const {
    ssize_t got = 0;
    do {
      got = ::read(file_, into, size);
    } while (got < 0 && errno == EINTR);
    return got;
  }

 private:
  int file_;
};

class Replay {
 public:
  // One line. False when it is malformed; then `why` says so.
  bool Take(std::string_view text, std::string& why) {
    ScenarioReader::Line line{};
    if (const absl::Status read = reader_.Read(text, line); !read.ok()) {
      why = FromAbsl(read.message());
      return false;
    }
    if (line == ScenarioReader::Line::kTopology) Begin();
    if (line != ScenarioReader::Line::kResult) return true;
    now_ = std::max(now_, reader_.sighting().received);
    Tell(correlator_->Observe(reader_.sighting(), reader_.sighting().received));
    return true;
  }

  // After the last line; what the last results were about to lead to.
  void Finish() {
    if (!correlator_ || now_ == absl::InfinitePast()) return;
    now_ += kLastTick;
    Tell(correlator_->Tick(now_));
  }

  bool has_topology() const { return correlator_ != nullptr; }

 private:
  void Begin() {
    const CorrelatorOptions options = {
        // Recorded are results only, not heartbeats: without them nobody can tell silence.
        .agent_silent_after = absl::InfiniteDuration(),
        .evidence_window = std::max(kShortestWindow, reader_.interval() * kWindowIntervals)};
    correlator_ = collector::MakeCorrelator(options);
    if (reader_.plan()) correlator_->SetPlan(*reader_.plan());
  }

  void Tell(const Findings& findings) {
    if (findings.changes.empty()) return;
    for (const collector::IncidentChange& change : findings.changes) {
      std::string line = lines_.Tell(change);
      if (line.empty()) continue;
      line += '\n';
      std::fwrite(line.data(), 1, line.size(), stdout);
    }
    std::fflush(stdout);
  }

  ScenarioReader reader_;
  collector::IncidentLines lines_;
  std::unique_ptr<collector::Correlator> correlator_;
  absl::Time now_ = absl::InfinitePast();
};

int Play(const Input& input, const std::string& path) {
  PaddedLines lines([&input](char* into, size_t size) { return input.Read(into, size); },
                    kLongestLine);
  Replay replay;
  int64_t malformed = 0;
  std::string why;
  std::string_view line;
  PaddedLines::Next next = lines.Take(line);
  for (; next == PaddedLines::Next::kLine || next == PaddedLines::Next::kTooLong;
       next = lines.Take(line)) {
    if (next == PaddedLines::Next::kTooLong) {
      why = Concat("is longer than ", kLongestLine, " bytes");
    } else if (replay.Take(line, why)) {
      continue;
    }
    ++malformed;
    Complain(kVerb,
             Concat(path, ":", lines.number(), ": ", Printable(Truncate(why, kLongestComplaint)),
                    "; skipped"),
             kDataError);
  }
  const int error = errno;
  replay.Finish();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return Complain(kVerb, "cannot write to the standard output; the rest is lost", kCannotWrite);
  }
  if (next == PaddedLines::Next::kBroken) {
    return Complain(kVerb, Concat("cannot read ", path, ": ", std::strerror(error)), kNoInput);
  }
  if (malformed > 0) {
    return Complain(kVerb,
                    Concat(malformed, " of ", lines.number(), " lines of ", path,
                           " are malformed and were skipped"),
                    kDataError);
  }
  if (replay.has_topology()) return kOk;
  return Complain(kVerb, Concat(path, " holds no topology, which is the first line of a scenario"),
                  kDataError);
}

}  // namespace

int RunReplay(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::printf(
        "%s%s\nExit: 0 ok, 64 usage, 65 some lines are malformed (each is named on stderr "
        "and skipped), 66 cannot read, 74 cannot write.\n",
        std::string(kUsageText).c_str(), FlagHelp(kFlags).c_str());
    return kOk;
  }
  if (flags->words().size() != 1) {
    return Complain(kVerb, "takes one SCENARIO.jsonl, or - for the standard input; see --help",
                    kUsage);
  }
  const std::string& path = flags->words()[0];
  const Input input(path);
  if (!input.is_open()) {
    return Complain(kVerb, Concat("cannot read ", path, ": ", std::strerror(errno)), kNoInput);
  }
  return Play(input, path);
}

}  // namespace postwatch::cli
