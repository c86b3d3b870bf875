#include "cli/check/changes.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

Finding Fault(FailureClass klass, FindingSeverity severity = FindingSeverity::kWarning) {
  return {.check = "dns.spf",
          .leg = Leg::kDns,
          .subject = "alpha.test",
          .outcome = Outcome::kFail,
          .klass = klass,
          .severity = severity};
}

const Finding kMissing = Fault(FailureClass::kSpfMissing);
const Finding kSyntax = Fault(FailureClass::kSpfSyntax, FindingSeverity::kCritical);
const Finding kNote = Fault(FailureClass::kTlsrptMissing, FindingSeverity::kInfo);

// A round in which dns.spf was tested and found this.
Report Round(std::vector<Finding> findings) {
  findings.insert(findings.begin(),
                  {.check = "dns.spf", .leg = Leg::kDns, .subject = "alpha.test"});
  return {.domain = "alpha.test", .findings = std::move(findings)};
}

Report Untested() {
  return {.domain = "alpha.test",
          .findings = {{.check = "dns.spf", .outcome = Outcome::kNotTested}}};
}

// "appeared spf_missing, gone spf_syntax".
std::string Take(ChangeTracker& tracker, Report round) {
  std::vector<std::string> texts;
  for (const Change& change : tracker.Take(std::move(round))) {
    texts.push_back(
        Concat(ChangeSortName(change.sort), " ", FailureClassName(change.finding.klass)));
  }
  return Join(texts, ", ");
}

TEST(ChangeTracker, WhatIsWorseCountsTheSecondTimeInARow) {
  ChangeTracker tracker({});
  EXPECT_EQ(Take(tracker, Round({kMissing})), "appeared spf_missing");
  EXPECT_FALSE(tracker.regression().has_value());
  EXPECT_TRUE(tracker.unsure());
  EXPECT_EQ(Take(tracker, Round({kMissing})), "confirmed spf_missing");
  EXPECT_EQ(tracker.regression(), FindingSeverity::kWarning);
  EXPECT_FALSE(tracker.unsure());
  EXPECT_EQ(Take(tracker, Round({kMissing})), "");
  EXPECT_EQ(Take(tracker, Round({})), "gone spf_missing");
  EXPECT_FALSE(tracker.regression().has_value());
  EXPECT_EQ(Take(tracker, Round({kMissing})), "appeared spf_missing");
  EXPECT_FALSE(tracker.regression().has_value());
}

TEST(ChangeTracker, TheWorstOneTells) {
  ChangeTracker tracker({});
  Take(tracker, Round({kMissing, kSyntax}));
  Take(tracker, Round({kMissing, kSyntax}));
  EXPECT_EQ(tracker.regression(), FindingSeverity::kCritical);
}

TEST(ChangeTracker, WhatWasThereBeforeAndNotesDoNotCount) {
  ChangeTracker tracker({kMissing});
  EXPECT_EQ(Take(tracker, Round({kMissing, kNote})), "");
  EXPECT_EQ(Take(tracker, Round({kMissing, kNote})), "");
  EXPECT_FALSE(tracker.regression().has_value());
  EXPECT_EQ(Take(tracker, Round({})), "fixed spf_missing");
  EXPECT_EQ(Take(tracker, Round({})), "") << "told once";
}

TEST(ChangeTracker, ARoundThatTestedNothingChangesNothing) {
  ChangeTracker tracker({});
  Take(tracker, Round({kMissing}));
  EXPECT_TRUE(tracker.tested());
  EXPECT_EQ(Take(tracker, Untested()), "");
  EXPECT_FALSE(tracker.tested());
  EXPECT_TRUE(tracker.unsure());
  EXPECT_EQ(Take(tracker, Round({kMissing})), "confirmed spf_missing");
}

}  // namespace
}  // namespace postwatch::cli
