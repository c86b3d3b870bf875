// ParseObservation beside protobuf's own parser: what it takes must mean the same to both.
#include <gtest/gtest.h>

#include <random>

#include "common/wire/convert.h"

namespace postwatch {
namespace {

Observation Failed() {
  Observation o;
  o.id = std::string(32, 'a');
  o.check_id = "alpha.test/mx";
  o.kind = "smtp.mx";
  o.target = "alpha.test";
  o.started = absl::FromUnixSeconds(1'793'620'800) + absl::Nanoseconds(123'456'789);
  o.took = absl::Milliseconds(1500);
  o.outcome = Outcome::kFail;
  o.steps = {{"connect", absl::Microseconds(12)}, {"rcpt", absl::ZeroDuration()}};
  o.failure = Failure{FailureClass::kSmtpGreylisted, "rcpt", "450 gr\xc3\xbc\xc3\x9f",
                      Reply{450, "4.2.0", "greylisted", "postgrey"}};
  o.touched = {{"mx", "mx1.alpha.test"}, {"site", "192.0.2.1"}};
  o.evidence.transcript = {"S: 220 hi", "C: EHLO x"};
  o.evidence.facts = {{"tls.version", "TLSv1.3"}, {"empty", ""}};
  o.findings = {{FailureClass::kSmtpTarpitted, "banner", "slow", std::nullopt}};
  return o;
}

TEST(ObservationParseTest, APieceThatComesLaterIsMergedAsProtobufHasIt) {
  v1::Observation later;
  later.set_target("beta.test");
  later.mutable_started()->set_nanos(5);
  later.mutable_failure()->set_step("data");
  later.mutable_failure()->mutable_reply()->set_code(451);
  (*later.mutable_evidence()->mutable_facts())["empty"] = "no more";
  later.mutable_evidence()->add_transcript("S: 451");
  Observation merged = Failed();
  merged.target = "beta.test";
  merged.started = absl::FromUnixSeconds(1'793'620'800) + absl::Nanoseconds(5);
  merged.failure->step = "data";
  merged.failure->reply->code = 451;
  merged.evidence.facts["empty"] = "no more";
  merged.evidence.transcript.push_back("S: 451");
  const absl::StatusOr<Observation> read =
      ParseObservation(SerializeObservation(Failed()) + later.SerializeAsString());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, merged);
}

TEST(ObservationParseTest, FieldsOfAnotherVersionArePassedOver) {
  const std::string number("\xf8\x7f\x01", 3), text("\xfa\x7f\x02hi", 5);
  const std::string id_as_number("\x08\x01", 2);  // a known number in another form
  const absl::StatusOr<Observation> read =
      ParseObservation(number + SerializeObservation(Failed()) + text + id_as_number);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Failed());
}

TEST(ObservationParseTest, WithoutDetailsAllElseIsThere) {
  Observation without = Failed();
  without.steps.clear();
  without.evidence = {};
  const absl::StatusOr<Observation> read =
      ParseObservation(SerializeObservation(Failed()), ObservationParts::kWithoutDetails);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, without);
}

TEST(ObservationParseTest, TextThatIsNotUtf8IsNoObservation) {
  std::string bytes = SerializeObservation(Failed());
  bytes.replace(bytes.find("smtp.mx"), 1, "\xff");
  EXPECT_EQ(ParseObservation(bytes).status().code(), absl::StatusCode::kDataLoss);
}

TEST(ObservationParseTest, MoreBytesThanAnyObservationHasAreNone) {
  std::string padding = "\xfa\x7f\x80\x80\x08";  // an unknown field of 128 KiB
  padding.append(128 << 10, 'x');
  EXPECT_EQ(ParseObservation(SerializeObservation(Failed()) + padding).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(ObservationParseTest, TheLargestThatIsInBoundsIsTaken) {
  Observation o = Failed();
  const Failure failure{
      FailureClass::kSmtpGreylisted, std::string(32, 's'), std::string(1024, 'd'),
      Reply{450, std::string(16, '4'), std::string(2048, 't'), std::string(128, 'r')}};
  o.failure = failure;
  o.findings.assign(kMaxFindings, failure);
  o.steps.assign(kMaxSteps, {std::string(32, 's'), absl::Minutes(59) + absl::Nanoseconds(1)});
  o.touched.assign(kMaxTouched, {std::string(32, 'k'), std::string(512, 'n')});
  o.evidence.transcript.assign(kMaxTranscriptLines, std::string(256, 'x'));
  o.evidence.facts.clear();
  for (size_t i = 0; i < kMaxFacts; ++i) {
    o.evidence.facts[std::string(62, 'k') + std::to_string(10 + i)] = std::string(512, 'v');
  }
  const absl::StatusOr<Observation> read = ParseObservation(SerializeObservation(o));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, o);
}

// Damages valid bytes at random places, always the same ones.
TEST(ObservationParseTest, DamagedBytesMeanTheSameToProtobufOrAreRefused) {
  std::mt19937 random(20261122);
  const std::string whole = SerializeObservation(Failed());
  const auto below = [&random](size_t limit) { return static_cast<size_t>(random() % limit); };
  int taken = 0;
  for (int round = 0; round < 40000; ++round) {
    std::string bytes = whole;
    for (size_t i = 0; i <= below(3); ++i) {
      const size_t at = below(bytes.size() - 1);
      const size_t kind = below(4);
      if (kind == 0) bytes[at] = static_cast<char>(random());
      if (kind == 1) bytes.erase(at, 1 + below(4));
      if (kind == 2) bytes.insert(at, 1, static_cast<char>(random()));
      if (kind == 3) bytes.insert(at, whole.substr(below(whole.size()), below(40)));
    }
    const absl::StatusOr<Observation> ours = ParseObservation(bytes);
    ASSERT_EQ(ParseObservation(bytes, ObservationParts::kWithoutDetails).status(), ours.status());
    if (!ours.ok()) continue;
    ++taken;
    v1::Observation theirs;
    ASSERT_TRUE(theirs.ParseFromString(bytes)) << "round " << round;
    const absl::StatusOr<Observation> again = ParseObservation(theirs.SerializeAsString());
    ASSERT_TRUE(again.ok()) << again.status() << " in round " << round;
    ASSERT_EQ(*again, *ours) << "round " << round;
  }
  EXPECT_GT(taken, 1000);
}

// What protobuf reads of sound bytes, and the bounds allow, is never refused.
TEST(ObservationParseTest, EveryPrefixIsJudgedAsProtobufJudgesIt) {
  const std::string whole = SerializeObservation(Failed());
  for (size_t length = 0; length <= whole.size(); ++length) {
    const std::string bytes = whole.substr(0, length);
    const bool garbage = ParseObservation(bytes).status().code() == absl::StatusCode::kDataLoss;
    EXPECT_EQ(v1::Observation().ParseFromString(bytes), !garbage) << length;
  }
}

}  // namespace
}  // namespace postwatch
