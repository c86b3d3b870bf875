// The two descriptions of an agent's messages: as agents write them, and as the collector reads
// them.
#include <gtest/gtest.h>

#include "postwatch/v1/received.pb.h"

namespace postwatch::collector {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

TEST(UplinkStreamTest, TheMessagesReadHaveTheFieldsOfThoseSent) {
  const Descriptor* sent = v1::AgentMessage::descriptor();
  const Descriptor* read = v1::ReceivedMessage::descriptor();
  ASSERT_EQ(read->field_count(), sent->field_count());
  for (int i = 0; i < sent->field_count(); ++i) {
    const FieldDescriptor* field = read->FindFieldByName(sent->field(i)->name());
    ASSERT_NE(field, nullptr) << sent->field(i)->name();
    EXPECT_EQ(field->number(), sent->field(i)->number());
    if (field->name() == "batch") continue;
    EXPECT_EQ(field->message_type(), sent->field(i)->message_type());
  }
  EXPECT_EQ(v1::ReceivedBatch::descriptor()->field_count(),
            v1::ObservationBatch::descriptor()->field_count());
  EXPECT_EQ(v1::ReceivedBatch::kFirstSequenceFieldNumber,
            v1::ObservationBatch::kFirstSequenceFieldNumber);
  EXPECT_EQ(v1::ReceivedBatch::kObservationsFieldNumber,
            v1::ObservationBatch::kObservationsFieldNumber);
}

TEST(UplinkStreamTest, ABatchIsReadAsItWasSent) {
  v1::AgentMessage sent;
  sent.mutable_batch()->set_first_sequence(7);
  for (const char* target : {"alpha.test", "beta.test"}) {
    sent.mutable_batch()->add_observations()->set_target(target);
  }
  v1::ReceivedMessage read;
  ASSERT_TRUE(read.ParseFromString(sent.SerializeAsString()));
  ASSERT_TRUE(read.has_batch());
  EXPECT_EQ(read.batch().first_sequence(), 7u);
  ASSERT_EQ(read.batch().observations_size(), 2);
  EXPECT_EQ(read.batch().observations(1), sent.batch().observations(1).SerializeAsString());
}

}  // namespace
}  // namespace postwatch::collector
