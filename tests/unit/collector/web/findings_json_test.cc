#include "collector/web/findings_json.h"

#include <gtest/gtest.h>

#include "common/advice/advice.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

BoardFinding Of(const std::string& target, FailureClass klass,
                const std::string& kind = "dns.dmarc") {
  BoardFinding finding{.target = target,
                       .check_id = target + "/" + kind,
                       .kind = kind,
                       .leg = Leg::kDns,
                       .klass = klass};
  finding.words = {{"<none>", {"eu", "us"}, Noon()}};
  return finding;
}

// {"class":...} of a class at so many checks of so many targets.
std::string Group(std::string_view name, std::string_view severity, int findings, int targets) {
  const FailureClass klass = *ParseFailureClass(name);
  return Concat(R"({"class":")", name, R"(","severity":")", severity, R"(","meaning":)",
                JsonString(FailureClassMeaning(klass)), R"(,"fix":)", JsonString(FixFor(klass)),
                R"(,"findings":)", findings, R"(,"targets":)", targets, "}");
}

TEST(FindingsJson, NothingFoundIsWellFormed) {
  EXPECT_EQ(FindingsJson({}, {.limit = 100}),
            R"({"total":0,"complete":true,"classes":[],"findings":[]})");
  EXPECT_EQ(FindingsJson({.complete = false}, {}),
            R"({"total":0,"complete":false,"classes":[],"findings":[]})");
}

TEST(FindingsJson, SaysWhatWasSeenWhereAndWhatToDo) {
  EXPECT_EQ(
      FindingsJson({.findings = {Of("alpha.test", FailureClass::kDmarcMissing)}}, {.limit = 1}),
      Concat(R"({"total":1,"complete":true,"classes":[)", Group("dmarc_missing", "warning", 1, 1),
             R"(],"findings":[{"target":"alpha.test","check":"alpha.test/dns.dmarc",)",
             R"("kind":"dns.dmarc","leg":"dns","class":"dmarc_missing","seen":[)",
             R"({"detail":"\u003cnone>","regions":["eu","us"],)",
             R"("last_seen":"2026-11-02T12:00:00.000Z"}]}]})"));
}

TEST(FindingsJson, TheWorstComesFirstThenWhatMostTargetsHave) {
  const FindingList list{.findings = {Of("alpha.test", FailureClass::kTlsrptMissing),
                                      Of("alpha.test", FailureClass::kTlsNotOffered),
                                      Of("alpha.test", FailureClass::kDmarcMissing),
                                      Of("alpha.test", FailureClass::kDmarcMissing, "dns.spf"),
                                      Of("beta.test", FailureClass::kDmarcMissing),
                                      Of("beta.test", FailureClass::kDomainHold),
                                      Of("beta.test", FailureClass::kTlsrptMissing)}};
  EXPECT_EQ(
      FindingsJson(list, {.limit = 0}),
      Concat(R"({"total":7,"complete":true,"classes":[)", Group("domain_hold", "critical", 1, 1),
             ",", Group("dmarc_missing", "warning", 3, 2), ",",
             Group("tls_not_offered", "warning", 1, 1), ",", Group("tlsrpt_missing", "info", 2, 2),
             R"(],"findings":[]})"));
}

TEST(FindingsJson, CountsAllOfWhatWasAskedForAndListsTheFirst) {
  const FindingList list{.findings = {Of("alpha.test", FailureClass::kDmarcMissing),
                                      Of("beta.test", FailureClass::kDmarcMissing),
                                      Of("beta.test", FailureClass::kTlsrptMissing)}};
  const auto count = [&list](const FindingQuery& query) {
    const std::string json = FindingsJson(list, query);
    size_t listed = 0;
    for (size_t at = json.find(R"("check":)"); at != json.npos;
         at = json.find(R"("check":)", at + 1)) {
      ++listed;
    }
    return Concat(listed, " of ", json.substr(9, 1));
  };
  EXPECT_EQ(count({.limit = 2}), "2 of 3");
  EXPECT_EQ(count({.target = "beta.test", .limit = 9}), "2 of 2");
  EXPECT_EQ(count({.klass = FailureClass::kDmarcMissing, .limit = 1}), "1 of 2");
  EXPECT_EQ(count({.target = "alpha.test", .klass = FailureClass::kTlsrptMissing, .limit = 9}),
            "0 of 0");
}

}  // namespace
}  // namespace postwatch::collector
