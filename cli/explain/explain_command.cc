#include "cli/explain/explain_command.h"

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/explain/explain_class.h"
#include "cli/explain/explain_record.h"
#include "cli/explain/explain_reply.h"
#include "cli/explain/explain_text.h"
#include "cli/explain/incident_reader.h"
#include "cli/explain/near_names.h"
#include "cli/fleet/collector_client.h"
#include "cli/printable.h"
#include "common/base/clock.h"
#include "common/base/flags.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"

namespace postwatch::cli {
namespace {

using collector::Incident;

constexpr std::string_view kIdStart = "inc-";
constexpr size_t kIdLength = 16;        // "inc-" and 12 hex digits
constexpr size_t kMostSearched = 1000;  // incidents: what the API gives at once
constexpr size_t kMostNamed = 5;
constexpr size_t kMaxShown = 80;  // of a word that is not understood
constexpr std::string_view kHowToFind = "`postwatch incidents --all` lists the recent ones";

constexpr std::array kFlags = {
    FlagSpec{"collector", "URL", "the collector's HTTP address (default http://127.0.0.1:7480)"},
    FlagSpec{"format", "text|json", "json prints the collector's answer as it is (default text)"},
    FlagSpec{"help", "", "this text"}};

constexpr std::string_view kVerb = "explain";
constexpr std::string_view kUsageText =
    "usage: postwatch explain [INCIDENT|last] [flags]\n"
    "       postwatch explain CLASS|KIND|REPLY|RECORD\n\n"
    "Says of an incident whose fault it is, what was seen, how sure that is and why, what else it\n"
    "could be, what happens to mail, what to do, and how the verdict changed. INCIDENT is an id\n"
    "(inc-...) or as much of its start as tells it from others; without it, or with `last`, it is\n"
    "the latest open incident, else the latest one.\n\n"
    "All else is explained without asking anybody: a failure class or a check kind, what a mail\n"
    "server said, what a DNS record says.\n\n";

std::string Examples() {
  return Concat(
      "\nExamples:\n"
      "  postwatch explain dns_servfail\n"
      "  postwatch explain smtp.mx\n"
      "  postwatch explain 4.7.1\n"
      "  postwatch explain '550 5.7.1 Relaying denied'\n",
      RecordExamples());
}

// "inc-" and up to twelve hex digits: an id, or the start of one.
bool IsIncidentWord(std::string_view word) {
  return word.starts_with(kIdStart) && word.size() <= kIdLength &&
         word.substr(kIdStart.size()).find_first_not_of("0123456789abcdef") == word.npos;
}

// The collector's incidents, over its API.
class Incidents {
 public:
  explicit Incidents(const std::string& collector) : url_(Concat(collector, "/api/v1/incidents")) {}

  // The latest open one, else the latest.
  absl::StatusOr<std::string> FindLatest() const {
    for (const std::string_view state : {"open", "all"}) {
      const absl::StatusOr<std::vector<Incident>> found =
          List(Concat(url_, "?state=", state, "&limit=1"));
      if (!found.ok()) return found.status();
      if (!found->empty()) return found->front().id;
    }
    return absl::NotFoundError("there is nothing to explain: the collector has had no incident");
  }

  // The id that starts so.
  absl::StatusOr<std::string> Complete(const std::string& start) const {
    if (start.size() == kIdLength) return start;
    const absl::StatusOr<std::vector<Incident>> all =
        List(Concat(url_, "?state=all&limit=", kMostSearched));
    if (!all.ok()) return all.status();
    std::vector<std::string> found;
    for (const Incident& incident : *all) {
      if (incident.id.starts_with(start)) found.push_back(incident.id);
    }
    if (found.size() == 1) return found.front();
    if (found.empty()) {
      return absl::NotFoundError(
          Concat("no incident",
                 all->size() < kMostSearched ? "" : Concat(" of the latest ", kMostSearched),
                 " has an id that starts with '", start, "'; ", kHowToFind));
    }
    const size_t all_found = found.size();
    found.resize(std::min(all_found, kMostNamed));
    return absl::NotFoundError(Concat("'", start, "' is the start of ", all_found,
                                      " incidents: ", Join(found, ", "),
                                      all_found > kMostNamed ? ", ..." : "", "; say more of it"));
  }

  // As the collector tells it.
  absl::StatusOr<std::string> Ask(const std::string& id) const {
    absl::StatusOr<std::string> answer = AskCollector(CollectorMethod::kGet, Concat(url_, "/", id));
    if (!absl::IsNotFound(answer.status())) return answer;
    return absl::NotFoundError(Concat(FromAbsl(answer.status().message()), "; ", kHowToFind));
  }

 private:
  static absl::StatusOr<std::vector<Incident>> List(const std::string& url) {
    const absl::StatusOr<std::string> answer = AskCollector(CollectorMethod::kGet, url);
    if (!answer.ok()) return answer.status();
    absl::StatusOr<std::vector<Incident>> incidents = ReadIncidents(*answer);
    if (incidents.ok()) return incidents;
    return absl::UnavailableError(Concat(url, " did not answer as a Postwatch collector does: ",
                                         FromAbsl(incidents.status().message())));
  }

  std::string url_;
};

int ExplainOne(const Incidents& incidents, const std::string& word, bool as_json) {
  const absl::StatusOr<std::string> id =
      word == "last" ? incidents.FindLatest() : incidents.Complete(word);
  if (!id.ok()) return Complain(kVerb, FromAbsl(id.status().message()), kUnknown);
  const absl::StatusOr<std::string> answer = incidents.Ask(*id);
  if (!answer.ok()) return Complain(kVerb, FromAbsl(answer.status().message()), kUnknown);
  if (as_json) {
    std::printf("%s\n", answer->c_str());
    return kOk;
  }
  const absl::StatusOr<Incident> incident = ReadIncident(*answer);
  if (!incident.ok()) {
    return Complain(kVerb,
                    Concat("the collector's answer about ", *id,
                           " cannot be read: ", FromAbsl(incident.status().message())),
                    kUnknown);
  }
  std::printf("%s", ExplainIncident(*incident, SystemClock().Now()).c_str());
  return kOk;
}

// The explanation of a class, a kind, a reply or a record; "" for what is none of them.
std::string ExplainOffline(const std::string& text) {
  if (const std::optional<FailureClass> klass = ParseFailureClass(AsciiLower(text))) {
    return ExplainClass(*klass);
  }
  if (std::string kind = ExplainKind(AsciiLower(text)); !kind.empty()) return kind;
  if (const std::optional<std::string> reply = ExplainReply(text)) return *reply;
  return ExplainRecord(text).value_or("");
}

int RefuseUnknown(const std::string& text) {
  std::vector<std::string> names;
  for (const FailureClassEntry& entry : AllFailureClasses()) names.emplace_back(entry.name);
  for (const CheckKind& kind : CheckKinds()) names.emplace_back(kind.name);
  const std::vector<std::string> near = NearNames(text, names);
  std::string what = Concat("'", Printable(Truncate(text, kMaxShown)),
                            "' is no incident (inc- and up to 12 hex digits), failure class, check "
                            "kind, reply of a mail server or record that is known here");
  what += near.empty() ? "; see --help" : Concat("; did you mean ", Join(near, ", "), "?");
  return Complain(kVerb, what, kUsage);
}

}  // namespace

int RunExplain(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::fputs(Concat(kUsageText, FlagHelp(kFlags), Examples()).c_str(), stdout);
    return kOk;
  }
  const std::string format = flags->Get("format", "text");
  if (format != "text" && format != "json") {
    return Complain(kVerb, Concat("--format '", Printable(format), "' is none of text, json"),
                    kUsage);
  }
  const std::string word = flags->words().empty() ? "last" : Join(flags->words(), " ");
  if (word != "last" && !IsIncidentWord(word)) {
    const std::string text = ExplainOffline(word);
    if (text.empty()) return RefuseUnknown(word);
    if (format == "json") return Complain(kVerb, "--format json is for incidents only", kUsage);
    std::fputs(text.c_str(), stdout);
    return kOk;
  }
  const Incidents incidents(CollectorUrl(*flags));
  return ExplainOne(incidents, word, format == "json");
}

}  // namespace postwatch::cli
