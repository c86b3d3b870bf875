#include <gmock/gmock.h>

#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

std::string Get(std::string_view host, std::string_view path, std::string_view answer,
                bool tls = true) {
  return Concat(tls ? "C! starttls\n" : "", "C: GET ", path, " HTTP/1.1\nC: Host: ", host,
                "\nC: Connection: close\nC: Accept: application/rdap+json, application/json\n"
                "C: User-Agent: postwatch\nC:\n",
                answer);
}

std::string Json(std::string_view body) {
  return Concat("S: HTTP/1.1 200 OK\nS:\nS: ", body, "\nS! close\n");
}

std::string Status(std::string_view line, std::string_view headers = "") {
  return Concat("S: HTTP/1.1 ", line, "\n", headers, "S: Content-Length: 0\nS:\n");
}

class RegRdapTest : public ProbeFixture {
 protected:
  RegRdapTest() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("rdap.test", RrType::kA, AddressReply({"192.0.2.7"}));
    resolver_.On("data.iana.org", RrType::kA, AddressReply({"192.0.2.6"}));
  }
  // The registration of alpha.test ends in so many days.
  std::string Domain(int days, std::string_view status = "client transfer prohibited") {
    const std::string date = absl::FormatTime(
        "%Y-%m-%dT%H:%M:%SZ", clock_.Now() + absl::Hours(24 * days + 1), absl::UTCTimeZone());
    return Concat(
        R"({"objectClassName":"domain","ldhName":"ALPHA.TEST","status":[")", status,
        R"("],"events":[{"eventAction":"expiration","eventDate":")", date,
        R"("}],"nameservers":[{"ldhName":"NS2.alpha.test"},{"ldhName":"ns1.alpha.test"}],)",
        R"("secureDNS":{"delegationSigned":true},"entities":[{"roles":["registrar"],)",
        R"("publicIds":[{"type":"IANA Registrar ID","identifier":"376"}],)",
        R"("vcardArray":["vcard",[["fn",{},"text","Good Names"]]]}]})");
  }
  CheckSpec RdapSpec(std::initializer_list<std::pair<std::string, Settings>> more = {}) {
    Settings settings = Keys({{"server", Text("https://rdap.test/v1")}});
    for (const auto& [key, value] : more) settings.Set(key, value);
    return Spec("reg.rdap", settings);
  }
  void Serve(std::string_view answer, std::string_view name = "alpha.test") {
    scripted_.AddFor("192.0.2.7:443", Get("rdap.test", Concat("/v1/domain/", name), answer));
  }
  Observation RunWith(std::string_view answer,
                      std::initializer_list<std::pair<std::string, Settings>> more = {}) {
    Serve(answer);
    return Run(RdapSpec(more));
  }
};

TEST_F(RegRdapTest, PassesAndSaysWhatItFound) {
  const Observation seen = RunWith(Json(Domain(100)));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(StepsText(seen), "dns connect tls http registration");
  EXPECT_EQ(TouchedText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("rdap.domain"), "alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("rdap.registrar"), "Good Names (376)");
  EXPECT_EQ(seen.evidence.facts.at("rdap.nameservers"), "ns1.alpha.test, ns2.alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("rdap.status"), "client transfer prohibited");
  EXPECT_EQ(seen.evidence.facts.at("rdap.signed"), "true");
}

TEST_F(RegRdapTest, TheEndOfTheRegistration) {
  EXPECT_EQ(FindingsText(RunWith(Json(Domain(31)))), "");
  const Observation near = RunWith(Json(Domain(29)));
  EXPECT_EQ(Summary(near), "pass");
  ASSERT_EQ(FindingsText(near), "domain_expiring");
  EXPECT_THAT(near.findings[0].detail, HasSubstr("alpha.test ends in 29 days, on "));
  EXPECT_EQ(Summary(RunWith(Json(Domain(5)))), "fail domain_expiring at registration");
  EXPECT_EQ(Summary(RunWith(Json(Domain(-2)))), "fail domain_expired at registration");
  EXPECT_EQ(Summary(RunWith(Json(Domain(5)), {{"warn", Text("4")}, {"critical", Text("1")}})),
            "pass");
}

TEST_F(RegRdapTest, AHoldTakesTheNameOutOfTheDns) {
  for (const std::string_view status :
       {"client hold", "serverHold", "redemption period", "pendingDelete"}) {
    EXPECT_EQ(Summary(RunWith(Json(Domain(100, status)))), "fail domain_hold at registration");
  }
  const Observation both = RunWith(Json(Domain(-2, "redemption period")));
  EXPECT_EQ(Summary(both), "fail domain_hold at registration");
  EXPECT_EQ(FindingsText(both), "domain_expired");
}

TEST_F(RegRdapTest, WhatIsDeclaredMustBeThere) {
  EXPECT_EQ(Summary(RunWith(Json(Domain(100)), {{"expect_registrar", Text("good names")},
                                                {"expect_nameservers",
                                                 Texts({"NS1.alpha.test", "ns2.alpha.test."})}})),
            "pass");
  EXPECT_EQ(Summary(RunWith(Json(Domain(100)), {{"expect_registrar", Text("376")}})), "pass");
  const Observation other = RunWith(Json(Domain(100)), {{"expect_registrar", Text("Bad Names")}});
  EXPECT_EQ(Summary(other), "fail registrar_changed at registration");
  EXPECT_THAT(other.failure->detail, HasSubstr("is 'Good Names' (IANA number 376)"));
  EXPECT_EQ(
      Summary(RunWith(Json(Domain(100)), {{"expect_nameservers", Texts({"ns1.alpha.test"})}})),
      "fail nameserver_changed at registration");
}

TEST_F(RegRdapTest, ALockIsAskedForOnRequest) {
  EXPECT_EQ(FindingsText(RunWith(Json(Domain(100, "active")))), "");
  EXPECT_EQ(FindingsText(RunWith(Json(Domain(100, "active")), {{"require_lock", Text("true")}})),
            "domain_lock_missing");
  EXPECT_EQ(FindingsText(RunWith(Json(Domain(100)), {{"require_lock", Text("true")}})), "");
}

TEST_F(RegRdapTest, ARegistryThatDoesNotAnswerSaysNothingOfTheDomain) {
  const std::pair<std::string, std::string_view> cases[] = {
      {Status("503 Down"), "answers with status 503"},
      {Json("{broken"), "it is no JSON"},
      {Json("{}"), "no domain object"},
      {"S: HTTP/1.1 200 OK\nS: Content-Length: 262145\nS:\n", "over 262144 bytes"},
      {"S! close\n", "conn_closed_early"}};
  for (const auto& [answer, why] : cases) {
    const Observation seen = RunWith(answer);
    EXPECT_EQ(seen.outcome, Outcome::kNotTested);
    EXPECT_THAT(seen.not_tested_reason, HasSubstr(why));
    EXPECT_EQ(FindingsText(seen), "rdap_unavailable");
  }
}

TEST_F(RegRdapTest, A429IsHonoured) {
  const CheckSpec spec = RdapSpec();
  const std::unique_ptr<Probe> probe = Make(spec);
  Serve(Status("429 Slow down", "S: Retry-After: 7200\n"));
  EXPECT_THAT(RunAll(*probe, spec).front().not_tested_reason, HasSubstr("again in 2h"));
  clock_.Advance(absl::Minutes(119));
  EXPECT_THAT(RunAll(*probe, spec).front().not_tested_reason,
              HasSubstr("wants to be asked again only in"));
  EXPECT_EQ(scripted_.dialed().size(), 1U);
  clock_.Advance(absl::Minutes(1));
  Serve(Json(Domain(100)));
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
  EXPECT_EQ(scripted_.dialed().size(), 2U);
}

TEST_F(RegRdapTest, TheRegistryIsAskedEverySixHoursAtMost) {
  const CheckSpec spec = RdapSpec();
  const std::unique_ptr<Probe> probe = Make(spec);
  Serve(Json(Domain(8)));
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
  clock_.Advance(absl::Hours(5));
  const Observation cached = RunAll(*probe, spec).front();
  EXPECT_EQ(FindingsText(cached), "domain_expiring");
  EXPECT_EQ(StepsText(cached), "registration");
  EXPECT_EQ(cached.evidence.facts.at("rdap.age"), "5h");
  EXPECT_EQ(scripted_.dialed().size(), 1U);
  clock_.Advance(absl::Hours(1));
  Serve(Json(Domain(100)));
  EXPECT_EQ(FindingsText(RunAll(*probe, spec).front()), "");
}

TEST_F(RegRdapTest, NamesBelowTheRegisteredOneLeadToIt) {
  CheckSpec spec = RdapSpec();
  spec.target = "mail.eu.alpha.test";
  Serve(Status("404 Not Found"), "mail.eu.alpha.test");
  Serve(Status("404 Not Found"), "eu.alpha.test");
  Serve(Json(Domain(100)), "alpha.test");
  EXPECT_EQ(Summary(Run(spec)), "pass");
}

TEST_F(RegRdapTest, ATopLevelDomainIsNeverAskedFor) {
  const Observation seen = RunWith(Status("404 Not Found"));
  EXPECT_EQ(Summary(seen),
            "not_tested: the registry at https://rdap.test/v1/ knows no registration "
            "of alpha.test");
  EXPECT_EQ(FindingsText(seen), "");
}

TEST_F(RegRdapTest, TheListOfTheIanaLeadsToTheRegistry) {
  const CheckSpec spec = Spec("reg.rdap", Keys({}));
  const std::string list =
      R"({"services":[[["com"],["https://x/"]],[["test"],["http://rdap.test/v1/","https://rdap.test/v1/"]]]})";
  scripted_.AddFor("192.0.2.6:443", Get("data.iana.org", "/rdap/dns.json", Json(list)));
  Serve(Json(Domain(100)));
  const std::unique_ptr<Probe> probe = Make(spec);
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
  clock_.Advance(absl::Hours(7));
  Serve(Json(Domain(100)));
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
  EXPECT_EQ(scripted_.dialed().size(), 3U);
}

TEST_F(RegRdapTest, ARegistryWithoutRdapIsNotTested) {
  const CheckSpec spec = Spec("reg.rdap", Keys({}));
  scripted_.AddFor("192.0.2.6:443",
                   Get("data.iana.org", "/rdap/dns.json", Json(R"({"services":[]})")));
  const Observation none = Run(spec);
  EXPECT_EQ(Summary(none), "not_tested: unsupported: the registry of .test offers no RDAP");
  EXPECT_EQ(FindingsText(none), "");
  scripted_.AddFor("192.0.2.6:443",
                   Get("data.iana.org", "/rdap/dns.json",
                       Json(R"({"services":[[["test"],["http://rdap.test/"]]]})")));
  EXPECT_EQ(Summary(Run(spec)),
            "not_tested: unsupported: the registry of .test offers no RDAP over TLS");
}

TEST_F(RegRdapTest, RedirectsAreFollowedTwice) {
  const std::string again =
      Status("302 Found", "S: Location: https://rdap.test/v1/domain/alpha.test\n");
  Serve(again);
  Serve(again);
  EXPECT_EQ(Summary(RunWith(Json(Domain(100)))), "pass");
  Serve(again);
  Serve(again);
  EXPECT_THAT(RunWith(again).not_tested_reason, HasSubstr("redirects again and again"));
  EXPECT_THAT(RunWith(Status("302 Found", "S: Location: http://rdap.test/\n")).not_tested_reason,
              HasSubstr("no https URL"));
}

TEST_F(RegRdapTest, PlainHttpIsForThisMachineOnly) {
  scripted_.AddFor("127.0.0.1:8080",
                   Get("127.0.0.1:8080", "/domain/alpha.test", Json(Domain(100)), false));
  EXPECT_EQ(Summary(Run(Spec("reg.rdap", Keys({{"server", Text("http://127.0.0.1:8080")}})))),
            "pass");
  const Settings elsewhere = Keys({{"server", Text("http://rdap.test/v1")}});
  EXPECT_EQ(Run(Spec("reg.rdap", elsewhere)).outcome, Outcome::kNotTested);
  scripted_.AddFor("192.0.2.7:80",
                   Get("rdap.test", "/v1/domain/alpha.test", Json(Domain(100)), false));
  EXPECT_EQ(Summary(Run(Spec("reg.rdap", Keys({{"server", Text("http://rdap.test/v1")},
                                               {"insecure", Text("allow")}})))),
            "pass");
}

}  // namespace
}  // namespace postwatch::agent
