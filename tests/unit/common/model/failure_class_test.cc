#include "common/model/failure_class.h"

#include <gtest/gtest.h>

#include <set>

namespace postwatch {
namespace {

TEST(FailureClass, TheTableIsInOrderOfTheNumbersWithoutGaps) {
  int number = 1;
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    EXPECT_EQ(static_cast<int>(entry.klass), number++) << entry.name;
  }
  EXPECT_EQ(number - 1, static_cast<int>(FailureClass::kPop3AuthPolicy));
}

TEST(FailureClass, NamesAreUniqueAndReadBack) {
  std::set<std::string_view> names;
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_EQ(entry.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              entry.name.npos)
        << entry.name;
    EXPECT_FALSE(entry.meaning.empty()) << entry.name;
    EXPECT_FALSE(entry.meaning.ends_with('.')) << entry.name;
    EXPECT_EQ(FailureClassName(entry.klass), entry.name);
    EXPECT_EQ(FailureClassMeaning(entry.klass), entry.meaning);
    EXPECT_EQ(FailureClassPrior(entry.klass), entry.prior);
    EXPECT_EQ(ParseFailureClass(entry.name), entry.klass);
  }
}

TEST(FailureClass, SomeNamesAndFaultDomainsAsInTheDocumentation) {
  EXPECT_EQ(FailureClassName(FailureClass::kDnsServfail), "dns_servfail");
  EXPECT_EQ(FailureClassName(FailureClass::kSmtpUnclassified4xx), "smtp_unclassified_4xx");
  EXPECT_EQ(FailureClassName(FailureClass::kTlsMtastsMismatch), "tls_mtasts_mismatch");
  EXPECT_EQ(FailureClassPrior(FailureClass::kAgentClockBad), FaultDomain::kLocal);
  EXPECT_EQ(FailureClassPrior(FailureClass::kTcpTimeout), FaultDomain::kNetwork);
  EXPECT_EQ(FailureClassPrior(FailureClass::kSmtpAuthFailed), FaultDomain::kOwn);
  EXPECT_EQ(FailureClassPrior(FailureClass::kDelivered), FaultDomain::kNone);
}

TEST(FailureClass, OneOfANewerVersionIsUnspecified) {
  const auto newer = static_cast<FailureClass>(9999);
  const auto negative = static_cast<FailureClass>(-1);
  for (const FailureClass unknown : {FailureClass::kUnspecified, newer, negative}) {
    EXPECT_EQ(FailureClassName(unknown), "unspecified");
    EXPECT_EQ(FailureClassMeaning(unknown), "unknown to this version");
    EXPECT_EQ(FailureClassPrior(unknown), FaultDomain::kNone);
  }
  EXPECT_EQ(ParseFailureClass("unspecified"), std::nullopt);
  EXPECT_EQ(ParseFailureClass("DNS_SERVFAIL"), std::nullopt);
  EXPECT_EQ(ParseFailureClass(""), std::nullopt);
}

TEST(FaultDomain, Names) {
  EXPECT_EQ(FaultDomainName(FaultDomain::kNone), "none");
  EXPECT_EQ(FaultDomainName(FaultDomain::kLocal), "local");
  EXPECT_EQ(FaultDomainName(FaultDomain::kNetwork), "network");
  EXPECT_EQ(FaultDomainName(FaultDomain::kDns), "dns");
  EXPECT_EQ(FaultDomainName(FaultDomain::kProvider), "provider");
  EXPECT_EQ(FaultDomainName(FaultDomain::kOwn), "own");
  EXPECT_EQ(FaultDomainName(FaultDomain::kThirdParty), "third_party");
}

}  // namespace
}  // namespace postwatch
