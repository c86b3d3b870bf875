// Report samples: reports as tests of the command line need them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/check/report.h"

namespace postwatch::cli {

inline CheckSpec SmtpMx() {
  CheckSpec check;
  check.kind = "smtp.mx";
  check.leg = Leg::kInbound;
  return check;
}

// Refused at the banner, with STARTTLS missing besides.
inline Observation Refused() {
  Observation run;
  run.outcome = Outcome::kFail;
  run.steps = {{"connect", absl::Milliseconds(12)}, {"banner", absl::Milliseconds(30)}};
  Failure failure{.klass = FailureClass::kSmtpBannerRefusedPerm,
                  .step = "banner",
                  .detail = "mx1.alpha.test refuses us"};
  failure.reply = Reply{554, "5.7.1", "554 5.7.1 go away", "basic.5yz"};
  run.failure = failure;
  run.findings = {{.klass = FailureClass::kTlsNotOffered, .step = "ehlo", .detail = "no STARTTLS"}};
  return run;
}

inline Observation Passed() {
  Observation run;
  run.steps = {{"connect", absl::Milliseconds(12)}, {"quit", absl::Milliseconds(30)}};
  run.evidence.facts = {{"mx.ok", "2/2"}};
  return run;
}

inline Observation Skipped() {
  Observation run;
  run.outcome = Outcome::kNotTested;
  run.not_tested_reason = "outgoing port 25 is blocked here";
  return run;
}

// Of alpha.test on 2026-11-02 12:00:00.007 UTC, in 1.5 s: all runs are of smtp.mx.
inline Report ReportOf(const std::vector<Observation>& runs) {
  Report report{.domain = "alpha.test",
                .started = absl::FromUnixSeconds(1793620800) + absl::Milliseconds(7),
                .took = absl::Milliseconds(1500)};
  for (const Observation& run : runs) {
    for (Finding& finding : FindingsOf(SmtpMx(), "alpha.test", run)) {
      report.findings.push_back(std::move(finding));
    }
  }
  return report;
}

}  // namespace postwatch::cli
