#include "cli/explain/incident_reader.h"

#include <gtest/gtest.h>

#include "collector/model/incident_json.h"
#include "tests/support/incident_samples.h"

namespace postwatch::cli {
namespace {

using collector::AccessOutage;
using collector::Incident;
using collector::Noon;
using collector::ResolvedOutage;

std::string Json(const Incident& incident) {
  JsonWriter out;
  collector::WriteIncident(out, incident);
  return out.Take();
}

TEST(IncidentReader, WhatTheCollectorWritesComesBackWhole) {
  Incident again = ResolvedOutage();
  again.reopened = Noon() + absl::Seconds(100);
  for (const Incident& incident : {AccessOutage(), ResolvedOutage(), again}) {
    const absl::StatusOr<Incident> read = ReadIncident(Json(incident));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, incident);
  }
}

TEST(IncidentReader, AListKeepsItsOrder) {
  Incident other = ResolvedOutage();
  other.id = "inc-ffffffffffff";
  const auto read =
      ReadIncidents(R"({"incidents":[)" + Json(other) + "," + Json(AccessOutage()) + "]}");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, (std::vector<Incident>{other, AccessOutage()}));
}

TEST(IncidentReader, WordsOfANewerCollectorAreNoMistake) {
  const absl::StatusOr<Incident> read = ReadIncident(
      R"({"id":"inc-0123456789ab","started":"2026-11-02T12:00:00Z","class":"ufo","level":"odd",)"
      R"("severity":"sev9","mail_loss":"eaten","component":"thing","leg":"tail","confidence":1,)"
      R"("evidence":{"failures":"many","classes":{"ufo":2,"x":"y"},"masked":7},"scope":[3,{}]})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->verdict.klass, FailureClass::kUnspecified);
  EXPECT_EQ(read->verdict.level, collector::VerdictLevel::kLocal);
  EXPECT_EQ(read->verdict.severity, collector::Severity::kSev4);
  EXPECT_EQ(read->verdict.component, (ComponentRef{"", "thing"}));
  EXPECT_EQ(read->verdict.confidence, 1);
  EXPECT_EQ(read->verdict.evidence.failures, 0);
  EXPECT_EQ(read->verdict.evidence.classes, (std::map<std::string, int64_t>{{"ufo", 2}}));
  EXPECT_EQ(read->verdict.scope.size(), 1u);
  EXPECT_EQ(read->opened, Noon());
}

TEST(IncidentReader, NothingThatAPeerSaidActsOnATerminal) {
  Incident incident = AccessOutage();
  incident.verdict.evidence.replies = {"\x1b[31m* BYE\r\nOPEN for 1 s"};
  incident.verdict.component.name = "a\x1b]0;x\a";
  const absl::StatusOr<Incident> read = ReadIncident(Json(incident));
  ASSERT_TRUE(read.ok()) << read.status();
  for (const std::string& text :
       {read->verdict.evidence.replies.front(), read->verdict.component.name}) {
    EXPECT_EQ(text.find_first_of("\x1b\r\n\a"), std::string::npos) << text;
  }
}

TEST(IncidentReader, WhatIsNoIncidentIsRefused) {
  for (const char* text : {"", "[]", "{}", "nonsense", R"({"id":"inc-1","started":"later"})"}) {
    EXPECT_FALSE(ReadIncident(text).ok()) << text;
    EXPECT_FALSE(ReadIncidents(text).ok()) << text;
  }
  EXPECT_FALSE(ReadIncidents(R"({"incidents":[7]})").ok());
}

}  // namespace
}  // namespace postwatch::cli
