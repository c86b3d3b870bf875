// The collector with agents of other versions: what it does not know yet, and what they do not say.
#include <gmock/gmock.h>

#include "common/wire/protocol.h"
#include "tests/integration/ingest_fixture.h"

namespace postwatch::collector {
namespace {

using testing::HasSubstr;

constexpr int kNewField = 999;

// What a field of a newer version is to this one.
void AddNewField(google::protobuf::Message& message) {
  message.GetReflection()->MutableUnknownFields(&message)->AddLengthDelimited(kNewField, "new");
}

v1::AgentMessage HelloOf(uint32_t protocol) {
  v1::AgentMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_agent("a1");
  hello.set_region("eu-west");
  hello.set_network("AS64500");
  hello.set_version("99.0.0");
  hello.set_boot_id("boot-1");
  hello.set_spool_id("spool-1");
  hello.add_probe_kinds("smtp.mx");
  hello.add_probe_kinds("carrier.pigeon");
  hello.set_protocol(protocol);
  AddNewField(hello);
  AddNewField(message);
  return message;
}

using IngestCompatTest = IngestTest;

TEST_F(IngestCompatTest, AnAgentOneVersionAheadIsTakenWithAllThatItSays) {
  auto caller = Call("a1");
  caller->Write(HelloOf(kProtocolVersion + 1));
  const std::optional<v1::CollectorMessage> welcome = caller->Read();
  ASSERT_TRUE(welcome.has_value() && welcome->has_welcome());
  EXPECT_EQ(welcome->welcome().protocol(), kProtocolVersion);

  v1::AgentMessage of_a_new_kind;
  AddNewField(of_a_new_kind);
  caller->Write(of_a_new_kind);

  v1::AgentMessage message;
  message.mutable_batch()->set_first_sequence(1);
  AddNewField(*message.mutable_batch());
  v1::Observation& failed = *message.mutable_batch()->add_observations();
  failed = ToProto(Pass());
  failed.set_outcome(v1::OUTCOME_FAIL);
  failed.mutable_failure()->set_class_(static_cast<v1::FailureClass>(9999));
  failed.mutable_failure()->set_detail("of a class of tomorrow");
  AddNewField(*failed.mutable_failure());
  AddNewField(failed);
  v1::Observation& other = *message.mutable_batch()->add_observations();
  other = ToProto(Pass());
  other.set_outcome(static_cast<v1::Outcome>(9));
  caller->Write(message);
  caller->AwaitAck(2);

  const std::vector<Sighting> stored = Stored();
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(stored[0].observation.outcome, Outcome::kFail);
  EXPECT_EQ(static_cast<int>(stored[0].observation.failure->klass), 9999);
  EXPECT_EQ(stored[0].observation.failure->detail, "of a class of tomorrow");
  EXPECT_EQ(stored[1].observation.outcome, Outcome::kNotTested);
  EXPECT_EQ(stored[1].observation.not_tested_reason,
            "its outcome is one that only newer versions know");
  EXPECT_TRUE(diary.Await("connected a1"));
}

TEST_F(IngestCompatTest, AHeartbeatWithMoreOrLessThanWeKnowIsHeard) {
  auto caller = Call("a1");
  caller->Write(HelloOf(kProtocolVersion));
  v1::AgentMessage message;
  message.mutable_heartbeat();  // says nothing at all
  caller->Write(message);
  EXPECT_TRUE(diary.Await("heard a1 spooled 0"));
  message.mutable_heartbeat()->set_spooled(7);
  AddNewField(*message.mutable_heartbeat());
  caller->Write(message);
  EXPECT_TRUE(diary.Await("heard a1 spooled 7"));
}

TEST_F(IngestCompatTest, AnAgentOfBeforeVersionsWereToldIsTaken) {
  auto caller = Call("a1");
  EXPECT_EQ(caller->Enter("a1"), 0u);  // a Hello of the first version
  caller->Send(1, Passes(1));
  EXPECT_EQ(caller->AwaitAck(1), 1);
}

TEST_F(IngestCompatTest, AnAgentTooFarAheadIsToldWhatToUpgrade) {
  auto caller = Call("a1");
  caller->Write(HelloOf(kProtocolVersion + 2));
  const grpc::Status status = caller->End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(),
              HasSubstr("they may be one apart: upgrade the collector, one version at a time"));
  EXPECT_TRUE(diary.lines().empty());
}

TEST_F(IngestCompatTest, AnythingButAHelloFirstIsStillRefused) {
  auto caller = Call("a1");
  v1::AgentMessage of_a_new_kind;
  AddNewField(of_a_new_kind);
  caller->Write(of_a_new_kind);
  EXPECT_EQ(caller->End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace postwatch::collector
