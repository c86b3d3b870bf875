#include "common/domain/rdap_domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kDomain = R"({
  "objectClassName": "domain", "handle": "1_DOM", "ldhName": "EXAMPLE.COM",
  "status": ["client transfer prohibited", "serverHold"],
  "events": [
    {"eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z"},
    {"eventAction": "expiration", "eventDate": "2027-08-13T04:00:00Z"},
    {"eventAction": "last changed", "eventDate": "2026-08-14T07:01:44+02:00"}],
  "secureDNS": {"delegationSigned": true},
  "nameservers": [{"objectClassName": "nameserver", "ldhName": "B.NS.EXAMPLE."},
                  {"objectClassName": "nameserver", "ldhName": "a.ns.example"}],
  "entities": [
    {"roles": ["abuse"], "handle": "x"},
    {"objectClassName": "entity", "handle": "376", "roles": ["registrar"],
     "publicIds": [{"type": "IANA Registrar ID", "identifier": "376"}],
     "vcardArray": ["vcard", [["version", {}, "text", "4.0"],
                              ["fn", {}, "text", "Example Registrar, Inc."]]]}]})";

constexpr std::string_view kBootstrap = R"({"version": "1.0", "services": [
  [["com", "net"], ["https://rdap.example/com/v1/", "http://rdap.example/com/v1/"]],
  [["uk"], ["https://rdap.uk.example/"]],
  [["co.uk"], ["https://rdap.co.uk.example/"]]]})";

std::string Mistake(std::string_view json) {
  return std::string(ParseRdapDomain(json).status().message());
}

TEST(RdapDomain, IsRead) {
  const absl::StatusOr<RdapDomain> domain = ParseRdapDomain(kDomain);
  ASSERT_TRUE(domain.ok()) << domain.status();
  EXPECT_EQ(domain->name, "example.com");
  EXPECT_EQ(domain->expires,
            absl::FromCivil(absl::CivilSecond(2027, 8, 13, 4), absl::UTCTimeZone()));
  EXPECT_EQ(domain->changed,
            absl::FromCivil(absl::CivilSecond(2026, 8, 14, 5, 1, 44), absl::UTCTimeZone()));
  EXPECT_THAT(domain->status, ElementsAre("client transfer prohibited", "serverHold"));
  EXPECT_THAT(domain->nameservers, ElementsAre("a.ns.example", "b.ns.example"));
  EXPECT_EQ(domain->registrar, "Example Registrar, Inc.");
  EXPECT_EQ(domain->registrar_id, "376");
  EXPECT_EQ(domain->signed_delegation, true);
  EXPECT_TRUE(domain->Has("server hold"));
  EXPECT_TRUE(domain->Has("clientTransferProhibited"));
  EXPECT_FALSE(domain->Has("client hold"));
}

TEST(RdapDomain, WhatIsMissingOrOddIsLeftOut) {
  const absl::StatusOr<RdapDomain> bare = ParseRdapDomain(R"({"objectClassName": "domain"})");
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_EQ(bare->expires, std::nullopt);
  EXPECT_EQ(bare->signed_delegation, std::nullopt);
  const absl::StatusOr<RdapDomain> odd = ParseRdapDomain(R"({
    "objectClassName": "domain", "ldhName": 7, "status": "active", "nameservers": [1, {}, []],
    "events": [{"eventAction": "expiration", "eventDate": "soon"}, "x", null],
    "entities": [{"roles": ["registrar"], "vcardArray": ["vcard", [["fn"], [], 3]]}],
    "secureDNS": []})");
  ASSERT_TRUE(odd.ok()) << odd.status();
  EXPECT_EQ(odd->name, "");
  EXPECT_EQ(odd->expires, std::nullopt);
  EXPECT_THAT(odd->status, IsEmpty());
  EXPECT_THAT(odd->nameservers, IsEmpty());
  EXPECT_EQ(odd->registrar, "");
}

TEST(RdapDomain, WhatIsNone) {
  EXPECT_THAT(Mistake(""), HasSubstr("it is no JSON"));
  EXPECT_THAT(Mistake("<html>"), HasSubstr("it is no JSON"));
  EXPECT_THAT(Mistake(R"({"objectClassName": "domain")"), HasSubstr("it is no JSON"));
  EXPECT_EQ(Mistake("[]"), "it is no JSON object");
  EXPECT_EQ(Mistake(R"({"objectClassName": "ip network"})"), "it is no domain object");
  EXPECT_EQ(Mistake(R"({"errorCode": 404})"), "it is no domain object");
}

TEST(RdapDomain, DepthAndCountsAreBounded) {
  std::string deep = R"({"objectClassName": "domain", "x": )";
  deep += std::string(100000, '[') + std::string(100000, ']') + "}";
  EXPECT_THAT(Mistake(deep), HasSubstr("it is no JSON"));
  std::string many = R"({"objectClassName": "domain", "status": ["a")";
  for (int i = 0; i < 1000; ++i) many += ", \"a\"";
  many += R"(], "nameservers": [{"ldhName": "a"})";
  for (int i = 0; i < 1000; ++i) many += R"(, {"ldhName": "a"})";
  many += "]}";
  const absl::StatusOr<RdapDomain> domain = ParseRdapDomain(many);
  ASSERT_TRUE(domain.ok()) << domain.status();
  EXPECT_EQ(domain->status.size(), 32U);
  EXPECT_EQ(domain->nameservers.size(), 32U);
  const std::string padding(5 * 1024 * 1024, ' ');
  EXPECT_EQ(Mistake(padding), "it is too long");
}

TEST(RdapBootstrap, LeadsToTheRegistry) {
  EXPECT_THAT(*FindRdapServers(kBootstrap, "mail.Example.COM."),
              ElementsAre("https://rdap.example/com/v1/", "http://rdap.example/com/v1/"));
  EXPECT_THAT(*FindRdapServers(kBootstrap, "a.co.uk"), ElementsAre("https://rdap.co.uk.example/"));
  EXPECT_THAT(*FindRdapServers(kBootstrap, "a.org.uk"), ElementsAre("https://rdap.uk.example/"));
  EXPECT_THAT(*FindRdapServers(kBootstrap, "a.test"), IsEmpty());
  EXPECT_THAT(*FindRdapServers(kBootstrap, "notcom"), IsEmpty());
  EXPECT_THAT(*FindRdapServers(R"({"services": [1, [], [["com"]], [{}, []]]})", "a.com"),
              IsEmpty());
  EXPECT_EQ(FindRdapServers("{}", "a.com").status().message(), "it has no list of services");
  EXPECT_FALSE(FindRdapServers("no", "a.com").ok());
}

}  // namespace
}  // namespace postwatch
