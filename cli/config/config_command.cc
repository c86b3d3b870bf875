#include "cli/config/config_command.h"

#include <array>
#include <cstdio>

#include "cli/command.h"
#include "cli/config/config_plan.h"
#include "cli/config/program_run.h"
#include "cli/fleet/collector_client.h"
#include "cli/printable.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr std::string_view kVerb = "config";
constexpr char kCollectorProgram[] = "postwatch-collector";

constexpr FlagSpec kCollectorFlag = {
    "collector", "URL", "the collector's HTTP address (default http://127.0.0.1:7480)"};
constexpr FlagSpec kHelpFlag = {"help", "", "this text"};

constexpr std::array kPlanFlags = {
    kCollectorFlag, FlagSpec{"format", "text|json", "how to tell it (default text)"}, kHelpFlag};
constexpr std::array kApplyFlags = {
    kCollectorFlag,
    FlagSpec{"file", "PATH",
             "the collector's own file (default /etc/postwatch/collector.yaml); it must be the one "
             "it runs"},
    FlagSpec{"expect", "DIGEST", "refuse unless this is what runs, as `config plan` tells it"},
    FlagSpec{"force", "", "also when the own file was changed and never taken up"},
    FlagSpec{"yes", "", "do not ask"},
    kHelpFlag};

constexpr std::array kSchemaFlags = {kHelpFlag};

struct Verb {
  std::string_view name, usage;
  std::span<const FlagSpec> flags;
  int (*run)(const Flags& flags);
};

// Each program knows what it reads.
int RunConfigSchema(const Flags& flags) {
  const std::string& program = flags.words()[0];
  if (program != "collector" && program != "agent") {
    return Complain("config schema",
                    Concat("'", Printable(program), "' is none of collector, agent"), kUsage);
  }
  const absl::StatusOr<ProgramOutput> run =
      RunProgram(Concat("postwatch-", program), {"--config.schema"});
  if (run.ok()) std::fprintf(stderr, "%s", run->err.c_str());
  if (!run.ok() || run->code != 0) {
    return Complain("config schema",
                    run.ok() ? Concat("postwatch-", program, " has none; is it an older one?")
                             : std::string(run.status().message()),
                    kUnknown);
  }
  std::printf("%s", run->out.c_str());
  return kOk;
}

constexpr std::array<Verb, 3> kVerbs = {{
    {"plan",
     "usage: postwatch config plan FILE [flags]\n\n"
     "Says what a collector that runs would do otherwise with FILE as its configuration: targets,\n"
     "checks and sinks, how many runs that is, and what would wait for a restart. ${NAME} in FILE\n"
     "is of this environment. Needs postwatch-collector on this machine, to read FILE as it does.\n"
     "Exits 0 when nothing changes, 2 when something does, 1 when FILE has mistakes.\n",
     kPlanFlags, RunConfigPlan},
    {"apply",
     "usage: postwatch config apply FILE [flags]\n\n"
     "Puts FILE in the place of the configuration of a collector on this machine, which takes it "
     "up\n"
     "at once. FILE is checked first, as it would stand there (--config.check). What was there is\n"
     "kept beside it, as NAME.previous. Refused when the collector runs something else than its "
     "file\n"
     "says. Exits 0 when it is done, 1 when it is not, 2 when a part waits for a restart.\n",
     kApplyFlags, RunConfigApply},
    {"schema",
     "usage: postwatch config schema collector|agent\n\n"
     "Prints the JSON Schema of that program's configuration, as it is installed here: editors "
     "that\n"
     "know it complete keys and mark mistakes. Releases have both under docs/schema.\n",
     kSchemaFlags, RunConfigSchema},
}};

int Usage(std::FILE* out) {
  std::fprintf(
      out,
      "usage: postwatch config plan FILE    what it would change for a collector that runs\n"
      "       postwatch config apply FILE   makes it the collector's configuration\n"
      "       postwatch config schema collector|agent   a JSON Schema, for editors\n\n"
      "`postwatch config VERB --help` tells the rest.\n");
  return out == stdout ? kOk : kUsage;
}

// `text` with another name for a file wherever it stands.
std::string Renamed(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; from != to && (at = text.find(from, at)) != text.npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

absl::StatusOr<ToldConfig> AskRunningConfig(const Flags& flags) {
  const std::string url = Concat(CollectorUrl(flags), "/api/v1/config");
  const absl::StatusOr<std::string> answer = AskCollector(CollectorMethod::kGet, url);
  if (!answer.ok()) return answer.status();
  absl::StatusOr<ToldConfig> told = ReadToldConfig(*answer);
  if (told.ok()) return told;
  return absl::UnavailableError(Concat("what ", url, " answers ", told.status().message()));
}

absl::StatusOr<ToldConfig> DescribeFile(const std::string& path, bool check_files,
                                        const std::string& called) {
  std::vector<std::string> arguments = {"--config.file", path, "--config.describe"};
  if (check_files) arguments.emplace_back("--config.check");
  const absl::StatusOr<ProgramOutput> run = RunProgram(kCollectorProgram, arguments);
  if (!run.ok()) return run.status();
  std::fprintf(stderr, "%s", Renamed(run->err, path, called).c_str());
  if (run->code != 0) {
    return absl::InvalidArgumentError(Concat(Printable(called), " has mistakes"));
  }
  absl::StatusOr<ToldConfig> told = ReadToldConfig(run->out);
  if (told.ok()) return told;
  return absl::InternalError(Concat("what ", kCollectorProgram, " prints ", told.status().message(),
                                    "; is it of another version?"));
}

int RunConfigPlan(const Flags& flags) {
  constexpr std::string_view kThis = "config plan";
  const std::string format = flags.Get("format", "text");
  if (format != "text" && format != "json") {
    return Complain(kThis, Concat("--format '", Printable(format), "' is none of text, json"),
                    kUsage);
  }
  const absl::StatusOr<ToldConfig> wanted = DescribeFile(flags.words()[0], false, flags.words()[0]);
  if (!wanted.ok()) return Complain(kThis, FromAbsl(wanted.status().message()), kPlanMistakes);
  const absl::StatusOr<ToldConfig> running = AskRunningConfig(flags);
  if (!running.ok()) return Complain(kThis, FromAbsl(running.status().message()), kUnknown);
  const ConfigPlan plan = MakeConfigPlan(*running, *wanted);
  if (format == "json") {
    std::printf("%s\n", PlanJson(plan).c_str());
  } else {
    std::printf("%s", PlanText(plan).c_str());
    if (!plan.empty()) {
      std::printf("to make it so: postwatch config apply %s --expect %s\n",
                  Printable(flags.words()[0]).c_str(), Printable(running->digest).c_str());
    }
  }
  return plan.empty() ? kPlanSame : kPlanChanges;
}

int RunConfig(std::span<const std::string_view> arguments) {
  if (arguments.empty()) return Usage(stderr);
  if (arguments[0] == "--help") return Usage(stdout);
  for (const Verb& verb : kVerbs) {
    if (verb.name != arguments[0]) continue;
    const std::string name = Concat(kVerb, " ", verb.name);
    const absl::StatusOr<Flags> flags = Flags::Parse(arguments.subspan(1), verb.flags);
    if (!flags.ok()) return Complain(name, FromAbsl(flags.status().message()), kUsage);
    if (flags->Has("help")) {
      std::printf("%s\n%s", std::string(verb.usage).c_str(), FlagHelp(verb.flags).c_str());
      return kOk;
    }
    if (flags->words().size() != 1) return Complain(name, "takes one word; see --help", kUsage);
    return verb.run(*flags);
  }
  Complain(kVerb, Concat("'", Printable(arguments[0]), "' is none of plan, apply, schema"), kUsage);
  return Usage(stderr);
}

}  // namespace postwatch::cli
