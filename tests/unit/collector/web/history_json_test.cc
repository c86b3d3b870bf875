#include "collector/web/history_json.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(HistoryJsonTest, EachHourWithItsNumbers) {
  History history;
  const absl::Time hour = absl::FromCivil(absl::CivilHour(2026, 11, 23, 12), absl::UTCTimeZone());
  Observation run;
  run.took = absl::Milliseconds(250);
  run.outcome = Outcome::kFail;
  run.failure = Failure{.klass = FailureClass::kTcpTimeout};
  history.hours[{hour, "a.test", "a.test/smtp.mx", "a1"}].Add(run);
  Observation untested;
  untested.outcome = Outcome::kNotTested;
  history.hours[{hour, "a.test", "a.test/smtp.mx", "a2"}].Add(untested);
  EXPECT_EQ(HistoryJson(history),
            R"({"hours":[{"hour":"2026-11-23T12:00:00.000Z","target":"a.test",)"
            R"("check":"a.test/smtp.mx","agent":"a1","pass":0,"fail":1,"not_tested":0,)"
            R"("classes":{"tcp_timeout":1},"seconds":{"min":0.25,"mean":0.25,"max":0.25,)"
            R"("p50":0.25,"p95":0.25,"p99":0.25}},{"hour":"2026-11-23T12:00:00.000Z",)"
            R"("target":"a.test","check":"a.test/smtp.mx","agent":"a2","pass":0,"fail":0,)"
            R"("not_tested":1,"classes":{},"seconds":null}],"next":null,"complete":true})");
}

TEST(HistoryJsonTest, SaysWhereToGoOn) {
  const History history{.next = absl::FromUnixSeconds(7200), .complete = false};
  EXPECT_EQ(HistoryJson(history), R"({"hours":[],"next":7200,"complete":false})");
}

}  // namespace
}  // namespace postwatch::collector
