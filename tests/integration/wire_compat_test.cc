// What was ever sent or stored must stay readable: messages frozen as bytes, and the numbers of all
// fields and values.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "common/base/text.h"
#include "common/wire/convert.h"
#include "postwatch/v1/enrollment.pb.h"
#include "postwatch/v1/incident.pb.h"
#include "postwatch/v1/received.pb.h"
#include "postwatch/v1/schedule.pb.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;

const fs::path kFolder = fs::path(POSTWATCH_TESTDATA) / "wire";

std::string Read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// "Hello-first.bin" holds a postwatch.v1.Hello.
std::unique_ptr<Message> EmptyOf(const fs::path& file) {
  const std::string stem = file.stem().string();
  const Descriptor* type = DescriptorPool::generated_pool()->FindMessageTypeByName(
      Concat("postwatch.v1.", stem.substr(0, stem.find('-'))));
  if (type == nullptr) return nullptr;
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

TEST(WireCompatTest, MessagesOfVersionOneReadAsWhatTheyWere) {
  int read = 0;
  for (const auto& entry : fs::directory_iterator(kFolder / "v1")) {
    if (entry.path().extension() != ".bin") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const std::unique_ptr<Message> from_bytes = EmptyOf(entry.path());
    const std::unique_ptr<Message> from_text = EmptyOf(entry.path());
    ASSERT_NE(from_bytes, nullptr) << "there is no such message any more";
    ASSERT_TRUE(from_bytes->ParseFromString(Read(entry.path())));
    const std::string text = Read(fs::path(entry.path()).replace_extension(".txt"));
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, from_text.get()));
    std::string difference;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(*from_text, *from_bytes)) << difference;
    ++read;
  }
  EXPECT_EQ(read, 17);
}

TEST(WireCompatTest, ObservationsOfVersionOneAreWithinBounds) {
  v1::AgentMessage message;
  ASSERT_TRUE(message.ParseFromString(Read(kFolder / "v1/AgentMessage-batch.bin")));
  ASSERT_EQ(message.batch().observations_size(), 3);
  for (const v1::Observation& observation : message.batch().observations()) {
    const auto read = ParseObservation(observation.SerializeAsString());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(ToProto(*read).SerializeAsString(), observation.SerializeAsString());
  }
  v1::CollectorMessage orders;
  ASSERT_TRUE(orders.ParseFromString(Read(kFolder / "v1/CollectorMessage-assignment.bin")));
  for (const v1::CheckSpec& check : orders.assignment().checks()) {
    EXPECT_TRUE(FromProto(check).ok()) << FromProto(check).status();
  }
}

void Tell(const EnumDescriptor& type, std::set<std::string>& lines) {
  for (int i = 0; i < type.value_count(); ++i) {
    lines.insert(
        Concat(type.full_name(), " ", type.value(i)->number(), " ", type.value(i)->name()));
  }
}

std::string TypeOf(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.type_name();
}

void Tell(const Descriptor& type, std::set<std::string>& lines) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    lines.insert(Concat(type.full_name(), " ", field.number(), " ", field.name(), " ",
                        field.is_repeated() ? "repeated " : "", TypeOf(field)));
  }
  for (int i = 0; i < type.nested_type_count(); ++i) Tell(*type.nested_type(i), lines);
  for (int i = 0; i < type.enum_type_count(); ++i) Tell(*type.enum_type(i), lines);
}

std::set<std::string> AllNumbers() {
  std::set<std::string> lines;
  for (const FileDescriptor* file :
       {v1::CheckSpec::descriptor()->file(), v1::Observation::descriptor()->file(),
        v1::Hello::descriptor()->file(), v1::ReceivedBatch::descriptor()->file(),
        v1::Incident::descriptor()->file(), v1::JoinRequest::descriptor()->file(),
        v1::ScheduleState::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) Tell(*file->message_type(i), lines);
    for (int i = 0; i < file->enum_type_count(); ++i) Tell(*file->enum_type(i), lines);
  }
  return lines;
}

// A number that was ever given means for ever what it meant. tests/testdata/wire/numbers.txt has
// all that were: lines are added to it, never changed or taken away. A field that is of no more use
// is `reserved` in its message, and keeps its line, with "reserved" in front.
TEST(WireCompatTest, NoNumberIsEverReusedOrRetyped) {
  std::set<std::string> known;
  std::istringstream in(Read(kFolder / "numbers.txt"));
  for (std::string line; std::getline(in, line);) known.insert(line);
  const std::set<std::string> now = AllNumbers();
  std::string missing;
  for (const std::string& line : now) {
    if (!known.contains(line)) Append(missing, line, "\n");
  }
  EXPECT_EQ(missing, "") << "new numbers: add these lines to tests/testdata/wire/numbers.txt";
  for (const std::string& line : known) {
    if (!line.starts_with("reserved ")) {
      EXPECT_TRUE(now.contains(line)) << "gone or changed: " << line;
      continue;
    }
    const std::vector<std::string_view> words = Split(line, ' ');
    const Descriptor* type =
        DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(words[1]));
    const auto number = ParseInteger(words[2]);
    ASSERT_TRUE(number.has_value()) << line;
    if (type != nullptr) {
      EXPECT_TRUE(type->IsReservedNumber(static_cast<int>(*number))) << line;
    }
  }
}

}  // namespace
}  // namespace postwatch
