// Explain figures: the mathematics of a verdict in words, and the rule that let it page or held it
// back.
#pragma once

#include <string>
#include <vector>

#include "collector/model/incident.h"

namespace postwatch::cli {

// Of `bounded` and of `odds`, for such a fault to page.
double GainToPage(const collector::VerdictEvidence& evidence);
double OddsToPage(const collector::VerdictEvidence& evidence);

// e to the `nats`: "7.4", "about 1,800", "about 10^13", "over 10^30".
std::string TimesText(double nats);

// "93 %", "0.4 %", "99.9 %"; only all is "100 %".
std::string PercentText(double share);

// The same of a confidence: nothing is surer than "over 99.9 %".
std::string SurenessText(double confidence);

// One paragraph a figure: what it is, and what it means.
std::vector<std::string> FigureParagraphs(const collector::Verdict& verdict);

// Why somebody was told, or nobody.
std::string PageParagraph(const collector::Incident& incident);

}  // namespace postwatch::cli
