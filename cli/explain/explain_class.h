// ExplainClass: what a failure class means, whose fault it usually is, what to do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/model/failure_class.h"

namespace postwatch::cli {

// Some lines of text.
std::string ExplainClass(FailureClass klass);

// What a check kind tests and which classes it reports; "" for a kind there is not.
std::string ExplainKind(std::string_view kind);

// The check kinds that report it, of those there are.
std::vector<std::string_view> KindsThatReport(FailureClass klass);

// Whose fault it usually is, in a few words: "the DNS of the domain, or the resolver".
std::string_view UsualCulprit(FaultDomain domain);

}  // namespace postwatch::cli
