// A collector whose store is full: the link goes on, and keeps everything.
#include "tests/unit/agent/uplink/link_fixture.h"

namespace postwatch::agent {
namespace {

class CollectorLinkUnstoredTest : public LinkFixture {
 protected:
  void Unstored(uint64_t sequence) {
    v1::CollectorMessage message;
    message.mutable_unstored()->set_sequence(sequence);
    Send(message);
  }
};

TEST_F(CollectorLinkUnstoredTest, GoesOnSendingAndForgetsNothing) {
  Start();
  Spool(64 * 6);
  Welcome(0);
  EXPECT_EQ(Batches().size(), 4u);
  Unstored(64);
  EXPECT_EQ(Batches().size(), 5u);
  Unstored(64 * 4);
  EXPECT_EQ(Batches().size(), 6u);
  EXPECT_EQ(spool_->count(), 64u * 6);
  EXPECT_EQ(link_->counters().acknowledged, 0u);
  EXPECT_TRUE(link_->connected());
}

TEST_F(CollectorLinkUnstoredTest, SendsAllOfItAgainWhenThereIsRoom) {
  Start();
  Spool(10);
  Welcome(0);
  Unstored(10);
  Spool(3);
  EXPECT_EQ(Batches().back(), "11+3");
  Close(absl::UnavailableError("there is room again"));
  clock_.Advance(absl::Minutes(1));
  Flush();
  Welcome(0);
  EXPECT_EQ(Batches(), Texts{"1+13"});
  Ack(13);
  EXPECT_EQ(spool_->count(), 0u);
}

TEST_F(CollectorLinkUnstoredTest, OfWhatWasNeverSentIsNoSense) {
  Start();
  Spool(3);
  Welcome(0);
  Unstored(4);
  EXPECT_FALSE(link_->connected());
  EXPECT_EQ(link_->counters().bad_messages, 1u);
}

}  // namespace
}  // namespace postwatch::agent
