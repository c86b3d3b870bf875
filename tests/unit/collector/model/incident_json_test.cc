#include "collector/model/incident_json.h"

#include <gtest/gtest.h>

#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

std::string Json(const Incident& incident) {
  JsonWriter out;
  WriteIncident(out, incident);
  return out.Take();
}

bool Holds(const std::string& json, const std::string& part) {
  return json.find(part) != std::string::npos;
}

TEST(JsonTime, IsUtcWithMilliseconds) {
  EXPECT_EQ(JsonTime(Noon()), "2026-11-02T12:00:00.000Z");
  EXPECT_EQ(JsonTime(Noon() + absl::Microseconds(1999)), "2026-11-02T12:00:00.001Z");
}

TEST(WriteIncident, ShowsTheRevisionWhereThereIsOne) {
  Incident incident = AccessOutage();
  EXPECT_FALSE(Holds(Json(incident), "revision"));
  incident.revision = "v1.2";
  EXPECT_TRUE(Holds(Json(incident), R"("revision":"v1.2"})"));
}

TEST(WriteIncident, ShowsEveryField) {
  EXPECT_EQ(
      Json(AccessOutage()),
      R"({"id":"inc-0123456789ab","state":"open","level":"real","alerting":true,)"
      R"("severity":"sev2","component":"svc:alpha/imap","class":"tcp_refused","leg":"access",)"
      R"("provider":"alpha","targets":["alpha.test"],"targets_hit":1,)"
      R"("confidence":0.9,"failing_share":0.5,)"
      R"("mail_loss":"accessible","explanation":"IMAP of alpha refuses connections in eu and us.",)"
      R"("opened":"2026-11-02T12:00:00.000Z","started":"2026-11-02T11:59:18.000Z","ended":null,"reopened":null,)"
      R"("updated":"2026-11-02T12:00:00.000Z",)"
      R"("scope":[{"region":"ap","failing":0,"healthy":1,"masked":0},)"
      R"({"region":"eu","failing":2,"healthy":0,"masked":0},)"
      R"({"region":"us","failing":1,"healthy":1,"masked":0}],)"
      R"("evidence":{"failures":7,"passes":3,"gain":31.5,"agents":["eu-1","eu-2","us-1"],)"
      R"("networks":["AS64500","AS64501"],"classes":{"tcp_refused":6,"tcp_timeout":1},)"
      R"("observations":["00000000000000000000000000000001"],"replies":["* BYE overloaded"],)"
      R"("bounded":21.25,"odds":9.5,"share":0.75,"reach":1,"looked":5,"against":1,)"
      R"("masked":{"sa-1":"silent"}},)"
      R"("alternatives":[{"component":"site:198.51.100.7","confidence":0.08,)"
      R"("deciding":"imap.access from eu over IPv6"}],)"
      R"("history":[{"at":"2026-11-02T12:00:00.000Z","text":"opened: alpha refuses IMAP"}]})");
}

TEST(WriteIncident, AResolvedOneHasItsEnd) {
  const std::string json = Json(ResolvedOutage());
  EXPECT_TRUE(Holds(json, R"("state":"resolved")"));
  EXPECT_TRUE(Holds(json, R"("ended":"2026-11-02T12:04:30.000Z")"));
}

TEST(WriteIncident, AServersWordsCannotBreakOut) {
  Incident incident = AccessOutage();
  incident.verdict.evidence.replies = {"\",\"alerting\":false,\"x\":\"</script>\xff"};
  EXPECT_TRUE(Holds(Json(incident),
                    R"("replies":["\",\"alerting\":false,\"x\":\"\u003c/script>\ufffd"],)"));
}

TEST(WriteIncident, AnEmptyOneIsWellFormed) {
  const std::string json = Json({});
  EXPECT_TRUE(Holds(json, R"("class":"unspecified")"));
  EXPECT_TRUE(Holds(json, R"("targets":[])"));
  EXPECT_TRUE(Holds(json, R"("classes":{},)"));
  EXPECT_TRUE(Holds(json, R"("masked":{}})"));
  EXPECT_TRUE(Holds(json, R"("alternatives":[],"history":[]})"));
}

}  // namespace
}  // namespace postwatch::collector
