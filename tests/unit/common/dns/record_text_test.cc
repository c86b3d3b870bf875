#include "common/dns/record_text.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

std::string Text(RrType type, RecordValue value) {
  ResourceRecord record;
  record.type = type;
  record.value = std::move(value);
  return RecordText(record);
}

TEST(RecordTextTest, IsThatOfZoneFiles) {
  EXPECT_EQ(Text(RrType::kA, AddressRecord{"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(Text(RrType::kNs, NameRecord{"NS1.Alpha.test."}), "ns1.alpha.test");
  EXPECT_EQ(Text(RrType::kMx, MxRecord{10, "mx1.alpha.test"}), "10 mx1.alpha.test");
  EXPECT_EQ(Text(RrType::kMx, MxRecord{0, "."}), "0 .");
  EXPECT_EQ(Text(RrType::kTxt, TxtRecord{{"v=spf1 ", "\"-all\\\"\x01"}}),
            "\"v=spf1 \\\"-all\\\\\\\"\\001\"");
  EXPECT_EQ(Text(RrType::kSrv, SrvRecord{0, 1, 993, "imap.alpha.test"}), "0 1 993 imap.alpha.test");
  EXPECT_EQ(Text(RrType::kCaa, CaaRecord{true, "Issue", "ca.test"}), "128 issue \"ca.test\"");
  EXPECT_EQ(Text(RrType::kTlsa, TlsaRecord{3, 1, 1, "\xab\x12"}), "3 1 1 ab12");
  EXPECT_EQ(Text(RrType::kDs, DsRecord{7, 8, 2, "\x01"}), "7 8 2 01");
  EXPECT_EQ(Text(RrType::kSoa, SoaRecord{"m", "r", 1, 2, 3, 4, 5}), "m r 1 2 3 4 5");
  EXPECT_EQ(Text(static_cast<RrType>(99), RawRecord{"\xab\xcd"}), "\\# 2 abcd");
}

TEST(NormalRecordTextTest, TakesWhatPeopleWrite) {
  const auto same = [](RrType type, std::string_view written, std::string_view normal) {
    EXPECT_EQ(NormalRecordText(type, written), normal) << written;
  };
  same(RrType::kA, " 192.0.2.1 ", "192.0.2.1");
  same(RrType::kAaaa, "2001:0DB8:0:0::1", "2001:db8::1");
  same(RrType::kMx, "10\t MX1.Alpha.test.", "10 mx1.alpha.test");
  same(RrType::kMx, "0 .", "0 .");
  same(RrType::kCname, "Www.alpha.test.", "www.alpha.test");
  same(RrType::kTxt, "v=DMARC1; p=reject", "\"v=DMARC1; p=reject\"");
  same(RrType::kTxt, "\"v=spf1 \" \"-all\"", "\"v=spf1 -all\"");
  same(RrType::kTxt, "\"a\\\"b\\065\"", "\"a\\\"bA\"");
  same(RrType::kTxt, "", "\"\"");
  same(RrType::kCaa, "0 ISSUE ca.test", "0 issue \"ca.test\"");
  same(RrType::kCaa, "128 issuewild \";\"", "128 issuewild \";\"");
  same(RrType::kTlsa, "3 1 1 AB 12", "3 1 1 ab12");
  same(RrType::kSrv, "0 1 993 imap.alpha.test.", "0 1 993 imap.alpha.test");
  same(RrType::kPtr, "mx1.alpha.test", "mx1.alpha.test");
}

TEST(NormalRecordTextTest, RefusesWhatIsNone) {
  const auto refused = [](RrType type, std::string_view written) {
    EXPECT_EQ(NormalRecordText(type, written), std::nullopt) << written;
  };
  refused(RrType::kA, "2001:db8::1");
  refused(RrType::kAaaa, "192.0.2.1");
  refused(RrType::kMx, "mx1.alpha.test");
  refused(RrType::kMx, "70000 mx1.alpha.test");
  refused(RrType::kMx, "10");
  refused(RrType::kMx, "10 a b");
  refused(RrType::kNs, "");
  refused(RrType::kNs, "a..b");
  refused(RrType::kNs, "ns1\\");
  refused(RrType::kNs, "ns\\256.alpha.test");
  refused(RrType::kNs, "\"ns1.alpha.test\"");
  refused(RrType::kNs, "ns\\0341.alpha.test");
  refused(RrType::kNs, std::string(64, 'a'));
  refused(RrType::kTxt, "\"open");
  refused(RrType::kTxt, "\"a\\256\"");
  refused(RrType::kCaa, "0 issue");
  refused(RrType::kCaa, "0 issue a b");
  refused(RrType::kTlsa, "3 1 1");
  refused(RrType::kTlsa, "3 1 1 abc");
  refused(RrType::kTlsa, "3 1 300 ab");
  refused(RrType::kSrv, "0 1 imap.alpha.test");
  refused(RrType::kSoa, "m r 1 2 3 4 5");
}

TEST(NormalRecordTextTest, ItsOwnFormStaysAsItIs) {
  for (const std::string_view text : {"\"a\\\"b\\001\"", "\"\"", "\"v=spf1 -all\""}) {
    EXPECT_EQ(NormalRecordText(RrType::kTxt, text), text);
  }
  for (const std::string_view name : {"a\\.b.alpha.test", "a\\032b\\.", "."}) {
    EXPECT_EQ(NormalRecordText(RrType::kCname, name), name);
  }
}

TEST(ParseRrTypeTest, KnowsTheTypesThatCanBeWritten) {
  EXPECT_EQ(ParseRrType("mx"), RrType::kMx);
  EXPECT_EQ(ParseRrType("CAA"), RrType::kCaa);
  EXPECT_EQ(ParseRrType("SOA"), std::nullopt);
  EXPECT_EQ(ParseRrType(""), std::nullopt);
}

}  // namespace
}  // namespace postwatch
