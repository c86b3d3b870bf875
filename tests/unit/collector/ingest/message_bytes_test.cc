#include "collector/ingest/message_bytes.h"

#include <grpcpp/support/slice.h>
#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

grpc::ByteBuffer Buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

TEST(MessageBytesTest, TheMessagesReadHaveTheFieldsOfThoseSent) {
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

TEST(MessageBytesTest, ABatchIsReadAsItWasSent) {
  v1::AgentMessage sent;
  sent.mutable_batch()->set_first_sequence(7);
  for (const char* target : {"alpha.test", "beta.test"}) {
    sent.mutable_batch()->add_observations()->set_target(target);
  }
  grpc::ByteBuffer bytes = Buffer(sent.SerializeAsString());
  v1::ReceivedMessage read;
  ASSERT_TRUE(ReadMessage(bytes, read));
  ASSERT_TRUE(read.has_batch());
  EXPECT_EQ(read.batch().first_sequence(), 7u);
  ASSERT_EQ(read.batch().observations_size(), 2);
  EXPECT_EQ(read.batch().observations(1), sent.batch().observations(1).SerializeAsString());
}

TEST(MessageBytesTest, OtherBytesAreNoMessage) {
  grpc::ByteBuffer bytes = Buffer("\xff\xff\xff");
  v1::ReceivedMessage read;
  EXPECT_FALSE(ReadMessage(bytes, read));
}

TEST(MessageBytesTest, WhatIsWrittenTakesThePlaceOfWhatWasThere) {
  grpc::ByteBuffer bytes = Buffer("something else");
  v1::CollectorMessage ack;
  ack.mutable_ack()->set_sequence(300);
  ASSERT_TRUE(WriteMessage(ack, bytes));
  grpc::Slice slice;
  ASSERT_TRUE(bytes.DumpToSingleSlice(&slice).ok());
  v1::CollectorMessage read;
  ASSERT_TRUE(read.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
  EXPECT_EQ(read.ack().sequence(), 300u);
}

}  // namespace
}  // namespace postwatch::collector
