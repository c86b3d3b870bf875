// Ingest before a store that is slow, fails or has seen it all: nothing is lost, nothing is there
// twice.
#include "tests/integration/ingest_fixture.h"

namespace postwatch::collector {
namespace {

TEST_F(IngestTest, NothingIsAcknowledgedBeforeItIsCommitted) {
  auto agent = Call("a1");
  agent->Enter("a1");
  fake->Hold();
  agent->Send(1, Passes(3));
  fake->AwaitHeld();
  EXPECT_EQ(ingest.counters().committed, 0u);
  for (uint64_t batch = 0; batch < 4; ++batch) agent->Send(4 + batch * 3, Passes(3));
  agent->Heartbeat(15);
  ASSERT_TRUE(diary.Await("heard a1 spooled 15"));
  EXPECT_EQ(ingest.counters().batches, 5u);
  EXPECT_EQ(ingest.counters().committed, 0u);
  fake->Release();
  // What came meanwhile was stored together, and acknowledged together.
  EXPECT_EQ(agent->AwaitAck(15), 2);
  EXPECT_EQ(fake->appends(), std::vector<size_t>({3, 12}));
  EXPECT_EQ(Stored().size(), 15u);
}

TEST_F(IngestTest, ASlowStoreStopsTheReading) {
  auto agent = Call("a1");
  agent->Enter("a1");
  auto other = Call("a2");
  other->Enter("a2");
  fake->Hold();
  agent->Send(1, Passes(1));
  fake->AwaitHeld();
  for (uint64_t batch = 2; batch <= 20; ++batch) agent->Send(batch, Passes(1));
  agent->Heartbeat(1);
  // Other agents do not notice.
  other->Heartbeat(7);
  EXPECT_TRUE(diary.Await("heard a2 spooled 7"));
  EXPECT_LE(ingest.counters().batches, 9u);
  fake->Release();
  agent->AwaitAck(20);
  EXPECT_TRUE(diary.Await("heard a1 spooled 1"));
  EXPECT_EQ(Stored().size(), 20u);
}

TEST_F(IngestTest, AFailingStoreAcknowledgesNothingAndLosesNothing) {
  std::vector<Observation> sent = Passes(6);
  fake->FailWrites(absl::InternalError("disk I/O error"));
  auto agent = Call("a1");
  agent->Enter("a1");
  agent->Send(1, {sent.begin(), sent.begin() + 3});
  agent->Send(4, {sent.begin() + 3, sent.end()});
  bool acknowledged = false;
  while (std::optional<v1::CollectorMessage> message = agent->Read()) {
    acknowledged = acknowledged || message->has_ack();
  }
  EXPECT_FALSE(acknowledged);
  EXPECT_EQ(agent->End().error_code(), grpc::StatusCode::UNAVAILABLE);
  fake->FailWrites(absl::OkStatus());
  auto again = Call("a1");
  EXPECT_EQ(again->Enter("a1"), 0u);
  again->Send(1, sent);
  again->AwaitAck(6);
  EXPECT_EQ(Stored().size(), 6u);
}

TEST_F(IngestTest, WithAFullStoreTheStreamGoesOnAndNothingIsStoredOutOfTurn) {
  std::vector<Observation> sent = Passes(4);
  fake->FailWrites(absl::ResourceExhaustedError("disk full"));
  auto agent = Call("a1");
  agent->Enter("a1");
  agent->Send(1, {sent[0], sent[1]});
  EXPECT_EQ(agent->Read()->unstored().sequence(), 2u);
  // There is room again, but an acknowledgement of 3 would cover 1 and 2.
  fake->FailWrites(absl::OkStatus());
  agent->Send(3, {sent[2]});
  EXPECT_EQ(agent->Read()->unstored().sequence(), 3u);
  EXPECT_TRUE(diary.Await("behind 3 to 3"));
  EXPECT_TRUE(Stored().empty());
  diary.AnswerBehind(absl::UnavailableError("there is room again"));
  agent->Send(4, {sent[3]});
  EXPECT_EQ(agent->End().error_code(), grpc::StatusCode::UNAVAILABLE);

  auto again = Call("a1");
  EXPECT_EQ(again->Enter("a1"), 0u);
  again->Send(1, sent);
  again->AwaitAck(4);
  EXPECT_EQ(Stored().size(), 4u);
}

TEST_F(IngestTest, AnAgentKilledInTheMiddleOfABatchComesBackToAConsistentStore) {
  std::vector<Observation> sent = Passes(40);
  auto agent = Call("a1");
  agent->Enter("a1");
  fake->Hold();
  for (size_t i = 0; i < 4; ++i) {
    agent->Send(1 + i * 10, {sent.begin() + static_cast<long>(i * 10),
                             sent.begin() + static_cast<long>(i * 10 + 10)});
  }
  fake->AwaitHeld();
  agent->Kill();
  EXPECT_TRUE(diary.Await("gone a1"));
  fake->Release();
  auto again = Call("a1");
  uint64_t known = again->Enter("a1");
  EXPECT_GE(known, 10u);
  EXPECT_LE(known, 40u);
  if (known < 40) {
    again->Send(known + 1, {sent.begin() + static_cast<long>(known), sent.end()});
    again->AwaitAck(40);
  }
  std::vector<Sighting> stored = Stored();
  ASSERT_EQ(stored.size(), 40u);
  for (size_t i = 0; i < stored.size(); ++i) EXPECT_EQ(stored[i].observation.id, sent[i].id);
}

TEST_F(IngestTest, WhatIsSentAgainIsStoredOnce) {
  std::vector<Observation> sent = Passes(10);
  auto first = Call("a1");
  EXPECT_EQ(first->Enter("a1"), 0u);
  first->Send(1, sent);
  first->AwaitAck(10);
  first->Kill();
  auto second = Call("a1");
  EXPECT_EQ(second->Enter("a1"), 10u);
  second->Send(11, Passes(2));
  second->AwaitAck(12);
  EXPECT_EQ(Stored().size(), 12u);
  // A spool made anew starts to count anew.
  auto third = Call("a1");
  EXPECT_EQ(third->Enter("a1", "spool-2"), 0u);
  third->Send(1, Passes(1));
  third->AwaitAck(1);
  EXPECT_EQ(Stored().size(), 13u);
}

}  // namespace
}  // namespace postwatch::collector
