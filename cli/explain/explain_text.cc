#include "cli/explain/explain_text.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_format.h"
#include "cli/explain/explain_figures.h"
#include "cli/explain/scope_notes.h"
#include "cli/paragraphs.h"
#include "collector/correlate/explain.h"
#include "collector/correlate/signature.h"
#include "collector/correlate/thresholds.h"
#include "common/advice/advice.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

using collector::Incident;
using collector::IncidentState;
using collector::Kind;
using collector::KindOf;
using collector::ScopeRow;
using collector::Verdict;
using collector::VerdictEvidence;
using collector::VerdictLevel;

constexpr size_t kMaxTargetsNamed = 12;
constexpr size_t kMaxRegionWidth = 32;
constexpr double kRounding = 0.01;

bool IsOver(const Incident& incident) { return incident.state == IncidentState::kResolved; }

std::string Heading(std::string_view title) { return Concat("\n", AsciiUpper(title), "\n"); }

std::string Capital(std::string text) {
  if (!text.empty()) text.front() = AsciiUpper(text.substr(0, 1)).front();
  return text;
}

std::string Plural(size_t count, std::string_view what) {
  return Concat(count, " ", what, count == 1 ? "" : "s");
}

// "the provider", by what is blamed.
std::string_view Whose(const Verdict& verdict) {
  switch (KindOf(verdict.component.kind)) {
    case Kind::kAgent:
    case Kind::kIsp:
    case Kind::kResolver:
      return "us, not the service";
    case Kind::kAnchor:
      return "a neutral party we check ourselves by, not the service";
    case Kind::kPath:
      return "the path, not the service";
    case Kind::kListed:
    case Kind::kBlocklist:
      return "the standing of our own sending address";
    case Kind::kAccount:
    case Kind::kMailbox:
      return "one account, not the whole service";
    case Kind::kPublished:
      return "what the domain publishes, not the servers";
    case Kind::kZone:
    case Kind::kNameServer:
    case Kind::kDnsHoster:
      return "the provider's DNS";
    default:
      return "the provider";
  }
}

// The component, where the words before have said what kind it is.
std::string Blamed(const ComponentRef& component) {
  const size_t between = component.name.find('>');
  switch (KindOf(component.kind)) {
    case Kind::kProvider:
      return Concat("all of ", component.name);
    case Kind::kListed:
      return component.name;
    case Kind::kPath:
      if (between == std::string::npos) return component.name;
      return Concat(component.name.substr(0, between), " to ", component.name.substr(between + 1));
    default:
      return collector::Describe(component);
  }
}

std::string_view WhyNobody(const Verdict& verdict) {
  switch (verdict.level) {
    case VerdictLevel::kLocal:
      return "local faults never page";
    case VerdictLevel::kInsufficientVisibility:
      return "not to see is no outage";
    case VerdictLevel::kReal:
      return "held back, see below";
  }
  return "";
}

// The answer: whose fault and what.
std::string Answer(const Incident& incident) {
  const Verdict& verdict = incident.verdict;
  const bool over = IsOver(incident);
  if (verdict.level == VerdictLevel::kInsufficientVisibility) {
    return Concat("Nobody ", over ? "could" : "can", " tell: too many agents ",
                  over ? "were" : "are", " silent or unwell to judge any service.");
  }
  std::string text = Concat("It ", over ? "was " : "is ", Whose(verdict), ": ",
                            Blamed(verdict.component), ", ", FailureClassName(verdict.klass));
  if (verdict.leg != Leg::kControl) Append(text, " (", LegName(verdict.leg), ")");
  return text + ".";
}

// How long, and whether anybody was told.
std::string Standing(const Incident& incident, absl::Time now) {
  const Verdict& verdict = incident.verdict;
  const std::string lasted = DurationText(incident.ended.value_or(now) - incident.started);
  const std::string paged = incident.alerting
                                ? Concat("Paged as ", SeverityName(verdict.severity), " (",
                                         SeverityLabel(verdict.severity), ").")
                                : Concat("Nobody was paged: ", WhyNobody(verdict), ".");
  return Concat(IsOver(incident) ? "RESOLVED: lasted " : "OPEN for ", lasted,
                IsOver(incident) ? " from " : ", since ", TimeText(incident.started), ". ", paged);
}

std::string Particulars(const Incident& incident) {
  const Verdict& verdict = incident.verdict;
  std::string out = Concat(
      Paragraph("  incident   ", Concat(incident.id, ", ", IncidentStateName(incident.state))),
      Paragraph(
          "  blamed     ",
          Concat(verdict.component.Text(), ", ", SurenessText(verdict.confidence), " sure; level ",
                 VerdictLevelName(verdict.level), ", ", SeverityName(verdict.severity),
                 verdict.leg == Leg::kControl ? "" : Concat(", leg ", LegName(verdict.leg)))));
  std::string affected = TargetsText(verdict, kMaxTargetsNamed);
  if (!verdict.provider.empty()) {
    Append(affected, affected.empty() ? "" : " ", "(provider ", verdict.provider, ")");
  }
  Append(out, Paragraph("  affected   ", affected));
  std::string times = Concat(TimeText(incident.started), ", decided after ",
                             DurationText(incident.opened - incident.started));
  if (incident.reopened) Append(times, "; back again at ", TimeText(*incident.reopened));
  if (incident.ended) Append(times, "; ended ", TimeText(*incident.ended));
  Append(out, Paragraph("  since      ", times));
  return out;
}

std::string_view ScopeWord(const ScopeRow& row) {
  if (row.failing > 0) return row.healthy > 0 ? "failing in part" : "FAILING";
  if (row.healthy > 0) return "well";
  return row.masked > 0 ? "unknown: masked" : "unknown: no run through it";
}

std::string ScopeTable(const Verdict& verdict) {
  if (verdict.scope.empty()) return "";
  size_t width = 6;
  for (const ScopeRow& row : verdict.scope) width = std::max(width, row.region.size());
  width = std::min(width, kMaxRegionWidth);
  std::string out = absl::StrFormat("  %-*s  failing  well  masked\n", width, "region");
  for (const ScopeRow& row : verdict.scope) {
    Append(out, absl::StrFormat("  %-*s  %7d  %4d  %6d  %s\n", width,
                                std::string(Truncate(row.region, width)), row.failing, row.healthy,
                                row.masked, std::string(ScopeWord(row))));
  }
  return out + "\n";
}

std::string Masked(const VerdictEvidence& evidence) {
  if (evidence.masked.empty()) return "";
  std::string out = Paragraph("  ",
                              "Masked: the view of these agents does not count, as they are silent "
                              "or their own control checks fail:");
  for (const auto& [agent, reason] : evidence.masked) {
    const std::string_view last = std::string_view(reason).substr(reason.rfind(' ') + 1);
    const std::optional<FailureClass> klass = ParseFailureClass(last);
    Append(out, Paragraph("    ", Concat(agent, ": ", reason,
                                         klass ? Concat(" (", FailureClassMeaning(*klass), ")")
                                               : std::string())));
  }
  return out;
}

std::string Classes(const VerdictEvidence& evidence) {
  std::vector<std::pair<int64_t, std::string>> classes;
  for (const auto& [name, count] : evidence.classes) classes.emplace_back(-count, name);
  std::ranges::sort(classes);
  std::string out;
  for (const auto& [count, name] : classes) {
    const FailureClass klass = ParseFailureClass(name).value_or(FailureClass::kUnspecified);
    Append(out, Paragraph(absl::StrFormat("  %5d x ", -count),
                          Concat(name, ": ", FailureClassMeaning(klass))));
  }
  return out;
}

std::string Seen(const Verdict& verdict) {
  const VerdictEvidence& evidence = verdict.evidence;
  std::string out = Concat(Heading("What was seen"), ScopeTable(verdict));
  if (evidence.failures > 0) {
    const std::string text = Concat(
        Plural(evidence.failures, "failure"), " and ", evidence.passes,
        evidence.passes == 1 ? " pass" : " passes", " of runs that depend on it. Failing at ",
        Plural(evidence.agents.size(), "agent"), " (", Join(evidence.agents, ", "), ") on ",
        Plural(evidence.networks.size(), "network"), " (", Join(evidence.networks, ", "), ").");
    Append(out, Paragraph("  ", text), Classes(evidence));
  } else if (verdict.level != VerdictLevel::kInsufficientVisibility) {
    Append(out, Paragraph("  ", Concat("At ", Plural(evidence.agents.size(), "agent"), " (",
                                       Join(evidence.agents, ", "),
                                       "): ", FailureClassMeaning(verdict.klass), ".")));
  }
  Append(out, Masked(evidence));
  for (const std::string& reply : evidence.replies) {
    Append(out, Paragraph("  reported: ", Concat("\"", reply, "\"")));
  }
  if (!evidence.observation_ids.empty()) {
    Append(out, Paragraph("  observations: ", Join(evidence.observation_ids, " ")));
  }
  return out;
}

std::string Figures(const Incident& incident) {
  std::string out = Heading("How sure, and why it paged or not");
  if (incident.verdict.evidence.gain > 0) {
    Append(out, Paragraph("  ", Concat("Evidence is counted in nats: one more makes a thing ",
                                       TimesText(1), " times likelier, ", collector::kRealGain,
                                       " more ", TimesText(collector::kRealGain), " times.")));
  }
  for (const std::string& figure : FigureParagraphs(incident.verdict)) {
    Append(out, Paragraph("  - ", figure));
  }
  return Concat(out, Paragraph("  - ", PageParagraph(incident)));
}

std::string Alternatives(const Verdict& verdict) {
  std::string out = Heading("What else it could be");
  if (verdict.alternatives.empty()) {
    return Concat(out, Paragraph("  ", "Nothing else explains it nearly as well."));
  }
  double total = verdict.confidence;
  for (const collector::Alternative& other : verdict.alternatives) total += other.confidence;
  if (total > 1 + kRounding) {
    Append(out,
           Paragraph("  ", "As they stood when last weighed, before the verdict was this sure:"));
  }
  int number = 0;
  for (const collector::Alternative& other : verdict.alternatives) {
    Append(out,
           Paragraph(Concat("  ", ++number, ". "),
                     Concat(Capital(collector::Describe(other.component)), " (",
                            other.component.Text(), "), ", PercentText(other.confidence), ".")));
    if (other.deciding.empty()) continue;
    Append(out, Paragraph("     ", Concat("Would decide: ", other.deciding, ".")));
  }
  return out;
}

// Whose turn it is.
std::string WhoActs(const Verdict& verdict) {
  const std::string name = collector::Describe(verdict.component);
  const std::string provider =
      verdict.provider.empty() ? "the provider" : Concat("provider ", verdict.provider);
  switch (KindOf(verdict.component.kind)) {
    case Kind::kAgent:
      return Concat("Look after ", name,
                    ": its host, its network, its resolver; `postwatch agents` shows how the "
                    "collector sees it.");
    case Kind::kIsp:
      return Concat("Ask the operator of ", name, ", or stand agents in another one.");
    case Kind::kResolver:
      return Concat("Repair ", name, ", or give the agents behind it another.");
    case Kind::kAnchor:
      return Concat("Nothing, unless it stays away: then name another neutral party instead of ",
                    name, ".");
    case Kind::kPath:
      return Concat("Take it to the operators of both ends of ", name,
                    ", with a traceroute each way. ", Capital(provider),
                    " is well as seen from elsewhere.");
    case Kind::kListed:
    case Kind::kBlocklist:
      return "Clear the address's standing with whoever lists it, or probe from another one.";
    default:
      break;
  }
  if (verdict.level == VerdictLevel::kInsufficientVisibility) {
    return "Bring the masked agents back (`postwatch agents`). Until then an outage would not be "
           "seen: trust no green.";
  }
  return Concat("Whoever runs ",
                KindOf(verdict.component.kind) == Kind::kProvider ? verdict.component.name : name,
                " acts. If that is not you, tell ", provider, " the failure class, the times",
                verdict.evidence.replies.empty() ? "" : ", what was reported",
                " and from where it fails.");
}

std::string ToDo(const Incident& incident) {
  const Verdict& verdict = incident.verdict;
  std::string out = Heading("What to do");
  if (IsOver(incident)) {
    Append(out, Paragraph("  ", "Nothing now: it is over. Should it come back:"));
  }
  Append(out, Paragraph("  - ", WhoActs(verdict)));
  // Advice about a server would mislead where no server is at fault.
  if (verdict.level == VerdictLevel::kReal) Append(out, Paragraph("  - ", FixFor(verdict.klass)));
  return out;
}

std::string History(const Incident& incident) {
  std::string out = Heading("How the verdict changed");
  std::string day;
  ScopeNotes scopes;
  for (const collector::IncidentNote& note : incident.history) {
    const std::string date = absl::FormatTime("%Y-%m-%d", note.at, absl::UTCTimeZone());
    if (date != day) Append(out, "  ", date, ", UTC\n");
    day = date;
    Append(out, Paragraph(absl::FormatTime("  %H:%M:%S  ", note.at, absl::UTCTimeZone()),
                          scopes.Shorten(note.text)));
  }
  return out;
}

}  // namespace

std::string ExplainIncident(const Incident& incident, absl::Time now) {
  const Verdict& verdict = incident.verdict;
  return Concat(Paragraph("", Answer(incident)), Paragraph("", Standing(incident, now)), "\n",
                Paragraph("", verdict.explanation), "\n", Particulars(incident), Seen(verdict),
                Figures(incident), Alternatives(verdict), Heading("What happens to mail"),
                Paragraph("  ", MailLossSentence(verdict, IsOver(incident))), ToDo(incident),
                History(incident));
}

}  // namespace postwatch::cli
