#include "cli/explain/explain_figures.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "collector/correlate/signature.h"
#include "collector/correlate/thresholds.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

using collector::Incident;
using collector::Verdict;
using collector::VerdictEvidence;
using collector::VerdictLevel;

constexpr double kExactBelow = 1e6;
constexpr int kBeyondCounting = 30;  // powers of ten
constexpr double kNearlyAll = 0.9;   // of the attempts

std::string Grouped(int64_t number) {
  std::string digits = Concat(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}

std::string Nats(double nats) { return absl::StrFormat("%.1f nats", nats); }

std::string Plural(int64_t count, std::string_view what) {
  return Concat(count, " ", what, count == 1 ? "" : "s");
}

// Conditions of the fleet are told by agents or by their silence; there is nothing to infer.
bool IsInferred(const Verdict& verdict) {
  return verdict.evidence.failures > 0 || verdict.evidence.gain > 0;
}

bool HasFigures(const VerdictEvidence& evidence) { return evidence.looked > 0; }

bool IsOfOneAgent(const Verdict& verdict) {
  return collector::IsOfOneAgent(collector::KindOf(verdict.component.kind));
}

// Decided where no second network or region could be asked.
bool IsFromOneVantage(const Verdict& verdict) {
  return verdict.scope.size() < 2 && verdict.evidence.networks.size() < 2;
}

std::string_view Sureness(double confidence) {
  if (confidence >= 0.95) return "as good as certain";
  if (confidence >= 0.8) return "very likely, not certain";
  if (confidence >= 0.5) return "more likely than all else together";
  return "the likeliest of several, no more";
}

std::string ChanceParagraph(const VerdictEvidence& evidence) {
  return Concat("Against chance: ", Nats(evidence.gain), ". This fault explains what was seen ",
                TimesText(evidence.gain), " times better than nothing being wrong, its rarity ",
                "counted in.");
}

std::string BoundedParagraph(const VerdictEvidence& evidence) {
  std::string text =
      Concat("With each agent capped: ", Nats(evidence.bounded),
             " remain when what any single agent adds is limited, so that one that lies or is "
             "broken cannot page. A page takes ",
             Nats(GainToPage(evidence)));
  std::vector<std::string> parts;
  if (evidence.share <= collector::kWeakShare) {
    parts.push_back(absl::StrFormat("%.1f more than usual because so few attempts fail",
                                    collector::kMoreForWeak));
  }
  if (evidence.reach < 1) {
    parts.push_back(absl::StrFormat("%.1f more than usual because only some agents are hit",
                                    collector::kMoreForSome));
  }
  if (!parts.empty()) Append(text, " here, ", Join(parts, " and "));
  return text + ".";
}

std::string OddsParagraph(const VerdictEvidence& evidence) {
  const double needed = OddsToPage(evidence);
  constexpr std::string_view kOwn = "faults of agents, networks, resolvers and paths alone";
  const std::string meaning =
      evidence.odds >= 0
          ? Concat(TimesText(evidence.odds), " to 1 against the best explanation by ", kOwn)
          : Concat(kOwn, " explain it ", TimesText(-evidence.odds), " times better");
  return Concat("Against trouble of our own: ", Nats(evidence.odds), ", ", meaning,
                ". A page takes ", Nats(needed), " (", TimesText(needed), " to 1), or ",
                Nats(collector::kLikelierOdds), " (", TimesText(collector::kLikelierOdds),
                " to 1) that last for ", collector::kDoubtLasts, " s.");
}

std::string ShareParagraph(const Verdict& verdict) {
  const VerdictEvidence& evidence = verdict.evidence;
  std::string text =
      Concat("Failing share: ", evidence.failures, " of the ",
             Plural(evidence.failures + evidence.passes, "attempt"), " that depend on it failed (",
             PercentText(verdict.failing_share), ").");
  if (!HasFigures(evidence)) return text;
  Append(text, " Estimated: ",
         evidence.share >= kNearlyAll
             ? "nearly all attempts fail"
             : Concat("about ", PercentText(evidence.share), " of the attempts fail"),
         evidence.reach < 1 ? Concat(", at about ", PercentText(evidence.reach),
                                     " of the agents and at none of the rest.")
                            : std::string(", whoever makes them."));
  return text;
}

std::string QuorumParagraph(const VerdictEvidence& evidence) {
  std::string text =
      Concat("Witnesses: ", Plural(static_cast<int64_t>(evidence.agents.size()), "agent"), " on ",
             Plural(static_cast<int64_t>(evidence.networks.size()), "network"),
             " saw it fail; a page takes two agents on two networks, where the "
             "fleet has them.");
  if (HasFigures(evidence)) {
    Append(text, " ", Plural(evidence.looked, "agent"), " looked since it began; the runs of ",
           evidence.against == 0 ? "none" : Concat(evidence.against), " of them speak against it.");
  }
  return text;
}

std::string ConfidenceParagraph(const Verdict& verdict) {
  return Concat("Confidence: ", SurenessText(verdict.confidence), ", ",
                Sureness(verdict.confidence),
                ". That is its share among all that could explain this (itself, the alternatives "
                "below, trouble of our own, chance), with the nats halved, as failures of one "
                "moment are not independent.");
}

// What keeps a real fault from paging, as of these figures; empty when nothing does.
std::vector<std::string> Lacking(const VerdictEvidence& evidence) {
  std::vector<std::string> lacking;
  if (evidence.agents.size() < 2) {
    lacking.push_back("fewer than two agents saw it");
  } else if (evidence.networks.size() < 2) {
    lacking.push_back("all who saw it share one network");
  }
  if (!HasFigures(evidence)) return lacking;
  if (evidence.bounded < GainToPage(evidence)) {
    lacking.push_back(Concat(Nats(evidence.bounded), " with each agent capped are less than ",
                             Nats(GainToPage(evidence))));
  }
  if (evidence.odds < OddsToPage(evidence)) {
    lacking.push_back(Concat(Nats(evidence.odds), " against trouble of our own are less than ",
                             Nats(OddsToPage(evidence))));
  }
  return lacking;
}

std::string WhyItPaged(const Verdict& verdict) {
  if (IsOfOneAgent(verdict)) {
    return "An address's standing shows at one agent alone. It pages after four failures in over a "
           "minute that name it, 8 nats, and more than half of the confidence: all were met.";
  }
  if (IsFromOneVantage(verdict)) {
    return "The fleet stands in one place, so no second vantage could confirm it: it pages after "
           "three failures of one check in a row (two where they name their cause) and 6 nats, "
           "from an agent whose own control checks pass. Its path is not excluded, so the "
           "confidence stays at 60 % or less.";
  }
  const std::vector<std::string> lacking = Lacking(verdict.evidence);
  if (lacking.empty()) {
    return "All of this was met, and the failures lasted for `page_after` (25 s by default, twice "
           "that where less than half fails) or name their cause: so somebody was told.";
  }
  return Concat("All of this was met when somebody was told. These are the latest figures, as ",
                Join(lacking, ", and "), "; what has paged once stays paged.");
}

}  // namespace

double GainToPage(const VerdictEvidence& evidence) {
  return collector::kRealGain +
         (evidence.share <= collector::kWeakShare ? collector::kMoreForWeak : 0) +
         (evidence.reach < 1 ? collector::kMoreForSome : 0);
}

double OddsToPage(const VerdictEvidence& evidence) {
  return evidence.reach < 1 ? collector::kRealOddsOfSome : collector::kRealOdds;
}

std::string TimesText(double nats) {
  if (nats >= kBeyondCounting * std::log(10)) return Concat("over 10^", kBeyondCounting);
  const double times = std::exp(nats);
  if (times < 9.95) return absl::StrFormat("%.1f", times);
  if (times >= kExactBelow) return Concat("about 10^", std::lround(nats / std::log(10)));
  // Two digits: more would promise what no model keeps.
  const double unit = std::pow(10, std::floor(std::log10(times)) - 1);
  return Concat("about ", Grouped(std::lround(std::round(times / unit) * unit)));
}

std::string PercentText(double share) {
  const double percent = share * 100;
  if (percent > 0 && percent < 1) return absl::StrFormat("%.1f %%", std::max(percent, 0.1));
  if (percent > 99 && percent < 100) {
    return absl::StrFormat("%.1f %%", std::min(percent, 99.9));
  }
  return absl::StrFormat("%.0f %%", percent);
}

std::string SurenessText(double confidence) {
  return confidence > 0.999 ? "over 99.9 %" : PercentText(confidence);
}

std::vector<std::string> FigureParagraphs(const Verdict& verdict) {
  if (!IsInferred(verdict)) {
    return {
        "Nothing had to be inferred: the agents' own control checks say so, or their silence does. "
        "There are no odds to weigh."};
  }
  const VerdictEvidence& evidence = verdict.evidence;
  const bool real = verdict.level == VerdictLevel::kReal;
  std::vector<std::string> figures = {ChanceParagraph(evidence)};
  const bool by_rule = real && !IsOfOneAgent(verdict) && !IsFromOneVantage(verdict);
  if (by_rule && HasFigures(evidence)) {
    figures.push_back(BoundedParagraph(evidence));
    figures.push_back(OddsParagraph(evidence));
  }
  figures.push_back(ShareParagraph(verdict));
  if (by_rule) figures.push_back(QuorumParagraph(evidence));
  figures.push_back(ConfidenceParagraph(verdict));
  return figures;
}

std::string PageParagraph(const Incident& incident) {
  const Verdict& verdict = incident.verdict;
  if (incident.alerting) {
    if (verdict.level == VerdictLevel::kReal) return Concat("Paged: yes. ", WhyItPaged(verdict));
    return "Paged: yes, while it looked like a fault of the service (see the history); by what is "
           "known now it would not be.";
  }
  if (verdict.level == VerdictLevel::kLocal) {
    return "Paged: no. Faults of our own agents, their networks, resolvers and paths never page, "
           "however certain they are: they say nothing about the service.";
  }
  if (verdict.level == VerdictLevel::kInsufficientVisibility) {
    return "Paged: no. That nobody can look is no outage; it says that one would not be seen now.";
  }
  const std::vector<std::string> lacking = Lacking(verdict.evidence);
  return Concat("Paged: no. Held back: ",
                lacking.empty() ? "it has not lasted long enough" : Join(lacking, ", and "), ".");
}

}  // namespace postwatch::cli
