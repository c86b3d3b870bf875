#include "common/advice/advice.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(FixFor, EveryClassHasOneSentenceOfAdvice) {
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    const std::string_view fix = FixFor(entry.klass);
    EXPECT_GE(fix.size(), 11u) << entry.name;
    EXPECT_TRUE(fix.ends_with('.')) << entry.name << ": " << fix;
    EXPECT_TRUE(fix.front() >= 'A' && fix.front() <= 'Z') << entry.name << ": " << fix;
  }
}

TEST(FixFor, OnlyWhatIsNoFaultNeedsNothing) {
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    EXPECT_EQ(FixFor(entry.klass) == "Nothing to do.", entry.prior == FaultDomain::kNone)
        << entry.name;
  }
}

TEST(FixFor, SomeClassesHaveAdviceOfTheirOwn) {
  EXPECT_EQ(FixFor(FailureClass::kTlsCertExpired),
            "Renew the certificate and reload every daemon that serves it.");
  EXPECT_EQ(
      FixFor(FailureClass::kTlsMissingIntermediate),
      "Serve the intermediate certificate too (the full chain file), or give a root of your own "
      "with --ca-file.");
}

TEST(FixFor, OthersGetThatOfTheirFaultDomain) {
  EXPECT_EQ(FixFor(FailureClass::kAgentClockBad),
            "Check the network, resolver and clock of this machine first.");
  EXPECT_EQ(FixFor(FailureClass::kDnsLoop), "Check the zone at each of its authoritative servers.");
  EXPECT_EQ(FixFor(static_cast<FailureClass>(9999)), "Nothing to do.");
}

}  // namespace
}  // namespace postwatch
