// Explain: the sentences people read.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "collector/model/verdict.h"

namespace postwatch::collector {

// One or two sentences for the alert: what fails, how, seen from where, since when, what happens to
// mail. `guarded`: decided from a single vantage. `also`: components that failed as part of it.
std::string Explain(const Verdict& verdict, absl::Time since, bool guarded,
                    const std::vector<ComponentRef>& also);

// The observation that would tell `rival` from the verdict.
std::string DecidingObservation(const Verdict& verdict, const ComponentRef& rival);

// "imap at alpha", "MX host mx1.alpha.test".
std::string Describe(const ComponentRef& component);

// "12:03:04Z".
std::string ClockText(absl::Time time);

}  // namespace postwatch::collector
