#include "common/dns/message.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/dns/wire.h"
#include "tests/support/dns_server.h"

namespace postwatch {
namespace {

std::string Query(std::string name, RrType type) {
  DnsQuestion question;
  question.name = std::move(name);
  question.type = type;
  absl::StatusOr<std::string> packet = EncodeQuery(question, 0x1234);
  EXPECT_TRUE(packet.ok()) << packet.status();
  return packet.ok() ? *packet : "";
}

DnsMessage Parse(std::string_view packet) {
  absl::StatusOr<DnsMessage> message = ParseMessage(packet);
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? *std::move(message) : DnsMessage{};
}

std::string Refusal(std::string_view packet) {
  absl::StatusOr<DnsMessage> message = ParseMessage(packet);
  EXPECT_FALSE(message.ok());
  return std::string(message.status().message());
}

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

// A reply header with these counts, and then `rest`.
std::string Packet(int questions, int answers, const std::string& rest) {
  return Bytes({0x12, 0x34, 0x80, 0, questions >> 8, questions & 255, answers >> 8, answers & 255,
                0, 0, 0, 0}) +
         rest;
}

TEST(EncodeQueryTest, ExactBytes) {
  DnsQuestion question;
  question.name = "Ab.test.";
  question.type = RrType::kMx;
  question.checking_disabled = true;
  EXPECT_EQ(
      *EncodeQuery(question, 0xbeef),
      Bytes({0xbe, 0xef, 0x01, 0x30, 0,    1,   0,   0,    0, 0, 0,  1,  // RD AD CD, one question
             2,    'A',  'b',  4,    't',  'e', 's', 't',  0, 0, 15, 0, 1,  // MX IN
             0,    0,    41,   0x04, 0xd0, 0,   0,   0x80, 0, 0, 0}));      // OPT 1232 DO
  question.recursion_desired = false;
  question.checking_disabled = false;
  EXPECT_EQ((*EncodeQuery(question, 0)).substr(2, 2), Bytes({0x00, 0x20}));
}

TEST(EncodeQueryTest, NamesThatAreNone) {
  std::string label63(63, 'a'), label64(64, 'a');
  std::string longest = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b');
  EXPECT_EQ(longest.size(), 253u);
  EXPECT_EQ(Parse(Query(longest, RrType::kA)).questions[0].name, longest);
  for (std::string bad :
       {std::string(), std::string(".."), std::string("a..b"), std::string(".a"), label64,
        longest + "b", std::string("a\\"), std::string("a\\25"), std::string("\\256")}) {
    DnsQuestion question;
    question.name = bad;
    EXPECT_EQ(EncodeQuery(question, 1).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(EncodeQueryTest, EscapesAndTheRoot) {
  EXPECT_EQ(Query("a\\.b\\032.test", RrType::kA).substr(12, 11),
            Bytes({4, 'a', '.', 'b', ' ', 4, 't', 'e', 's', 't', 0}));
  EXPECT_EQ(Parse(Query("a\\.b\\032.TEST", RrType::kA)).questions[0].name, "a\\.b\\032.test");
  EXPECT_EQ(Query(".", RrType::kNs).substr(12, 5), Bytes({0, 0, 2, 0, 1}));
  EXPECT_EQ(Parse(Query(".", RrType::kNs)).questions[0].name, ".");
}

TEST(CanonicalNameTest, CaseDotAndEscapes) {
  EXPECT_EQ(CanonicalName("MX1.Example.TEST."), "mx1.example.test");
  EXPECT_EQ(CanonicalName("."), ".");
  EXPECT_EQ(CanonicalName(""), ".");
  EXPECT_EQ(CanonicalName("a\\."), "a\\.");
  EXPECT_EQ(CanonicalName("a\\\\."), "a\\\\");
  EXPECT_EQ(CanonicalName("\\065\\x.test"), "ax.test");
  EXPECT_EQ(CanonicalName("a b"), "a\\032b");
  EXPECT_EQ(CanonicalName("A\\2"), "a\\2");
}

// RFC 1035 section 4.1.4: F.ISI.ARPA, FOO.F.ISI.ARPA, ARPA and the root, at offset 20 there.
TEST(WireReaderTest, CompressionExampleOfRfc1035) {
  std::string message(20, 'x');
  message += Bytes({1, 'F', 3, 'I', 'S', 'I', 4, 'A', 'R', 'P', 'A', 0});
  message.resize(40, 'x');
  message += Bytes({3, 'F', 'O', 'O', 0xc0, 20});
  message.resize(64, 'x');
  message += Bytes({0xc0, 26});
  message.resize(92, 'x');
  message += Bytes({0});
  auto name_at = [&](size_t offset) {
    DnsWireReader in(message);
    std::string_view skipped;
    std::string name;
    EXPECT_TRUE(in.Bytes(offset, skipped));
    EXPECT_TRUE(in.Name(name));
    return name;
  };
  EXPECT_EQ(name_at(20), "f.isi.arpa");
  EXPECT_EQ(name_at(40), "foo.f.isi.arpa");
  EXPECT_EQ(name_at(64), "arpa");
  EXPECT_EQ(name_at(92), ".");
}

TEST(ParseMessageTest, EveryTypeWeRead) {
  std::string query = Query("x.test", RrType::kA);
  DnsReplyBuilder reply(query);
  reply.Authoritative().Answer(RrType::kA, Bytes({192, 0, 2, 1}));
  reply.Answer(RrType::kAaaa, Bytes({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  reply.Answer(RrType::kCname, Bytes({1, 'Y', 0xc0, 14}));
  reply.Mx(10, "MX.test").Answer(RrType::kMx, Bytes({0, 0, 0}));
  reply.Answer(RrType::kTxt, Bytes({2, 'a', 'b', 0, 1, 0xff}));
  reply.Answer(RrType::kSrv, Bytes({0, 1, 0, 2, 3, 0xe1, 1, 's', 0}));
  reply.Answer(RrType::kSoa, Bytes({1, 'm', 0, 1, 'r', 0, 0, 0, 0, 1, 0, 0, 0,
                                    2, 0,   0, 0, 3,   0, 0, 0, 4, 0, 0, 0, 5}));
  reply.Answer(static_cast<RrType>(65281), Bytes({1, 2, 3}));
  reply.Answer(static_cast<RrType>(65280), "");
  DnsMessage message = Parse(reply.Build());
  EXPECT_EQ(message.id, 0x1234);
  EXPECT_TRUE(message.is_reply && message.aa && message.rd && message.ra);
  EXPECT_FALSE(message.tc || message.ad || message.cd);
  ASSERT_EQ(message.answers.size(), 10u);
  const auto& a = message.answers;
  EXPECT_EQ(a[0].name, "x.test");
  EXPECT_EQ(a[0].ttl, absl::Seconds(300));
  EXPECT_EQ(std::get<AddressRecord>(a[0].value).ip, "192.0.2.1");
  EXPECT_EQ(std::get<AddressRecord>(a[1].value).ip, "2001:db8::1");
  EXPECT_EQ(std::get<NameRecord>(a[2].value).name, "y.test");
  EXPECT_EQ(std::get<MxRecord>(a[3].value).preference, 10);
  EXPECT_EQ(std::get<MxRecord>(a[3].value).host, "mx.test");
  EXPECT_EQ(std::get<MxRecord>(a[4].value).host, ".");
  EXPECT_EQ(std::get<TxtRecord>(a[5].value).strings, (std::vector<std::string>{"ab", "", "\xff"}));
  EXPECT_EQ(std::get<SrvRecord>(a[6].value).port, 993);
  EXPECT_EQ(std::get<SrvRecord>(a[6].value).target, "s");
  EXPECT_EQ(std::get<SoaRecord>(a[7].value).serial, 1u);
  EXPECT_EQ(std::get<SoaRecord>(a[7].value).minimum, 5u);
  EXPECT_EQ(std::get<SoaRecord>(a[7].value).rname, "r");
  EXPECT_EQ(std::get<RawRecord>(a[8].value).rdata, Bytes({1, 2, 3}));
  EXPECT_EQ(RrTypeText(a[9].type), "TYPE65280");
}

std::string Base64(std::string_view text) {
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(ToAbsl(text), &bytes));
  return bytes;
}

// The key of RFC 4034 section 5.4, whose tag is 60485.
constexpr std::string_view kRfc4034Key =
    "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphX"
    "dvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";

TEST(ParseMessageTest, TheTypesThatSayWhatMayBeTrusted) {
  DnsReplyBuilder reply(Query("x.test", RrType::kA));
  reply.Answer(RrType::kTlsa, Bytes({3, 1, 1, 0xab, 0xcd}));
  reply.Answer(RrType::kDs, Bytes({0xec, 0x45, 5, 1, 0x2b, 0xb1}));
  reply.Answer(RrType::kDnskey, Bytes({1, 0, 3, 5}) + Base64(kRfc4034Key));
  reply.Answer(RrType::kRrsig,
               Bytes({0,    15,   8,    2,    0, 0,   0x0e, 0x10, 0x65, 0x92, 0,   0, 0x65, 0x80,
                      0x8b, 0x80, 0x4f, 0x66, 1, 'X', 4,    't',  'e',  's',  't', 0, 0xde, 0xad}));
  reply.Answer(RrType::kCaa, Bytes({0x80, 5, 'i', 's', 's', 'u', 'e', 'c', 'a', '.', 'x'}));
  reply.Answer(RrType::kCaa, Bytes({0, 5, 'I', 'o', 'd', 'e', 'f'}));
  const std::vector<ResourceRecord> a = Parse(reply.Build()).answers;
  ASSERT_EQ(a.size(), 6u);
  const auto& tlsa = std::get<TlsaRecord>(a[0].value);
  EXPECT_EQ(tlsa.usage, 3);
  EXPECT_EQ(tlsa.selector, 1);
  EXPECT_EQ(tlsa.matching_type, 1);
  EXPECT_EQ(tlsa.data, Bytes({0xab, 0xcd}));
  const auto& ds = std::get<DsRecord>(a[1].value);
  EXPECT_EQ(ds.key_tag, 60485);
  EXPECT_EQ(ds.algorithm, 5);
  EXPECT_EQ(ds.digest_type, 1);
  EXPECT_EQ(ds.digest, Bytes({0x2b, 0xb1}));
  const auto& key = std::get<DnskeyRecord>(a[2].value);
  EXPECT_EQ(key.flags, 256);
  EXPECT_EQ(key.protocol, 3);
  EXPECT_EQ(key.algorithm, 5);
  EXPECT_EQ(key.KeyTag(), 60485);
  const auto& rrsig = std::get<RrsigRecord>(a[3].value);
  EXPECT_EQ(rrsig.type_covered, RrType::kMx);
  EXPECT_EQ(rrsig.algorithm, 8);
  EXPECT_EQ(rrsig.labels, 2);
  EXPECT_EQ(rrsig.original_ttl, absl::Hours(1));
  EXPECT_EQ(rrsig.expiration, absl::FromUnixSeconds(0x65920000));
  EXPECT_EQ(rrsig.inception, absl::FromUnixSeconds(0x65808b80));
  EXPECT_EQ(rrsig.key_tag, 0x4f66);
  EXPECT_EQ(rrsig.signer, "x.test");
  const auto& caa = std::get<CaaRecord>(a[4].value);
  EXPECT_TRUE(caa.critical);
  EXPECT_EQ(caa.tag, "issue");
  EXPECT_EQ(caa.value, "ca.x");
  EXPECT_FALSE(std::get<CaaRecord>(a[5].value).critical);
  EXPECT_EQ(std::get<CaaRecord>(a[5].value).tag, "Iodef");
  EXPECT_EQ(std::get<CaaRecord>(a[5].value).value, "");
}

TEST(ParseMessageTest, TypesThatSayWhatMayBeTrustedCutShort) {
  const auto refusal = [](RrType type, std::string rdata) {
    DnsReplyBuilder reply(Query("x.test", RrType::kA));
    return Refusal(reply.Answer(type, std::move(rdata)).Build());
  };
  EXPECT_NE(refusal(RrType::kTlsa, Bytes({3, 1})).find("TLSA RDATA"), std::string::npos);
  EXPECT_NE(refusal(RrType::kDs, Bytes({1, 2, 3})).find("DS RDATA"), std::string::npos);
  EXPECT_NE(refusal(RrType::kDnskey, Bytes({1, 0, 3})).find("DNSKEY RDATA"), std::string::npos);
  EXPECT_NE(refusal(RrType::kRrsig, std::string(18, '\1')).find("RRSIG RDATA"), std::string::npos);
  EXPECT_NE(refusal(RrType::kCaa, Bytes({0, 6, 'i', 's'})).find("CAA RDATA"), std::string::npos);
  EXPECT_NE(refusal(RrType::kCaa, Bytes({0, 0, 'i', 's'})).find("CAA RDATA"), std::string::npos);
}

TEST(DnskeyRecordTest, TheTagOfRsaMd5IsOfTheModulus) {
  DnskeyRecord key;
  key.flags = 257;
  key.algorithm = 1;
  key.key = Bytes({1, 3, 0x55, 0xaa, 0xbb, 0xcc});
  EXPECT_EQ(key.Wire(), Bytes({1, 1, 3, 1, 1, 3, 0x55, 0xaa, 0xbb, 0xcc}));
  EXPECT_EQ(key.KeyTag(), 0xaabb);
  key.key = "";
  EXPECT_EQ(key.KeyTag(), 0);
}

TEST(ParseMessageTest, OptIsTakenOutAndItsOptionsRead) {
  std::string query = Query("x.test", RrType::kA);
  DnsMessage message = Parse(
      DnsReplyBuilder(query).Set(Rcode::kServFail).Edns(22, "no reachable authority").Build());
  EXPECT_TRUE(message.additionals.empty());
  EXPECT_EQ(message.rcode, Rcode::kServFail);
  ASSERT_EQ(message.extended_errors.size(), 1u);
  EXPECT_EQ(message.extended_errors[0].code, 22);
  EXPECT_EQ(message.extended_errors[0].text, "no reachable authority");
  message = Parse(DnsReplyBuilder(query).Edns(0, std::string(900, 'x'), 1).Build());
  EXPECT_EQ(static_cast<int>(message.rcode), 16);  // BADVERS
  EXPECT_EQ(message.extended_errors[0].text.size(), 256u);
  // An option that is longer than the rest is dropped; the answer beside it counts.
  std::string lying = DnsReplyBuilder(query).Edns(3, "stale").Build();
  lying[lying.size() - 8] = 0x7f;
  EXPECT_TRUE(Parse(lying).extended_errors.empty());
}

TEST(ParseMessageTest, TtlsAboveTheTopBitAreZero) {
  std::string packet = DnsReplyBuilder(Query("x.test", RrType::kA)).Mx(1, "m").Build();
  size_t ttl = packet.size() - 5 - 2 - 4;
  packet.replace(ttl, 4, Bytes({0x80, 0, 0, 1}));
  EXPECT_EQ(Parse(packet).answers[0].ttl, absl::ZeroDuration());
}

TEST(ParseMessageTest, PointersMustPointBackwards) {
  std::string itself = Packet(1, 0, Bytes({0xc0, 12, 0, 1, 0, 1}));
  EXPECT_EQ(Refusal(itself), "DNS message of 18 bytes: broken question at byte 12");
  std::string forward = Packet(1, 0, Bytes({0xc0, 14, 0, 1, 0, 1}));
  EXPECT_EQ(Refusal(forward), "DNS message of 18 bytes: broken question at byte 12");
  // Two that point at each other: the second hop goes forward again.
  std::string pair = Packet(2, 0, Bytes({1, 'a', 0xc0, 20, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1}));
  EXPECT_NE(Refusal(pair).find("broken question"), std::string::npos);
  // A label and then a pointer to its own start would be endless.
  std::string endless = Packet(1, 0, Bytes({1, 'a', 0xc0, 12, 0, 1, 0, 1}));
  EXPECT_NE(Refusal(endless).find("broken question"), std::string::npos);
}

TEST(ParseMessageTest, ChainsOfPointersAreBounded) {
  std::string chain = Bytes({0, 0, 1, 0, 1});  // question: the root
  for (int i = 0; i < 200; ++i) {
    int previous = i == 0 ? 12 : 12 + 5 + (i - 1) * 2;
    chain += Bytes({0xc0 | previous >> 8, previous & 255});
  }
  // The chain as the RDATA of a TXT-like unknown type would be fine; as an owner name it is not.
  DnsWireReader in(chain);
  std::string padded = std::string(12, '\0') + chain;
  DnsWireReader reader(padded);
  std::string_view skipped;
  std::string name;
  ASSERT_TRUE(reader.Bytes(12 + 5 + 199 * 2, skipped));
  EXPECT_FALSE(reader.Name(name));
  DnsWireReader shorter(padded);
  ASSERT_TRUE(shorter.Bytes(12 + 5 + 100 * 2, skipped));
  EXPECT_TRUE(shorter.Name(name));
  EXPECT_EQ(name, ".");
}

TEST(ParseMessageTest, LengthsThatLie) {
  const std::string owner = Bytes({0, 0, 1, 0, 1, 0, 0, 0, 60});  // root A IN 60 s
  EXPECT_EQ(Refusal(Packet(0, 1, owner + Bytes({0, 5, 1, 2, 3, 4}))),
            "DNS message of 27 bytes: broken RDATA length in answers at byte 23");
  EXPECT_NE(Refusal(Packet(0, 1, owner + Bytes({0, 5, 1, 2, 3, 4, 5}))).find("A RDATA"),
            std::string::npos);
  EXPECT_NE(Refusal(Packet(0, 1, owner + Bytes({0, 3, 1, 2, 3}))).find("A RDATA"),
            std::string::npos);
  const std::string txt = Bytes({0, 0, 16, 0, 1, 0, 0, 0, 60});
  EXPECT_NE(Refusal(Packet(0, 1, txt + Bytes({0, 2, 2, 'a', 'b'}))).find("TXT RDATA"),
            std::string::npos);
  EXPECT_NE(Refusal(Packet(0, 1, txt + Bytes({0, 0}))).find("TXT RDATA"), std::string::npos);
  // A name in RDATA must end within it, even if the message goes on.
  const std::string mx = Bytes({0, 0, 15, 0, 1, 0, 0, 0, 60});
  EXPECT_NE(Refusal(Packet(0, 1, mx + Bytes({0, 4, 0, 1, 2, 'a', 'b', 0}))).find("MX RDATA"),
            std::string::npos);
  EXPECT_EQ(Refusal(Packet(1, 0, Bytes({0x40, 1, 0, 0, 1, 0, 1}))),
            "DNS message of 19 bytes: broken question at byte 12");
}

TEST(ParseMessageTest, CountsThatLie) {
  EXPECT_EQ(Refusal(""), "DNS message of 0 bytes: broken header at byte 0");
  EXPECT_EQ(Refusal("12345678901"), "DNS message of 11 bytes: broken header at byte 10");
  EXPECT_EQ(Refusal(Packet(0, 1, "")),
            "DNS message of 12 bytes: broken owner name in answers at byte 12");
  EXPECT_EQ(Refusal(Packet(0, 600, "")),
            "DNS message of 12 bytes: broken header: 600 records promised at byte 12");
  EXPECT_EQ(Refusal(std::string(70000, '\0')).substr(0, 27), "DNS message of 70000 bytes:");
  EXPECT_TRUE(Parse(Packet(0, 0, "trailing bytes are nobody's")).answers.empty());
}

TEST(ParseMessageTest, EveryPrefixAndEveryMutationIsHandled) {
  DnsReplyBuilder reply(Query("www.example.test", RrType::kMx));
  reply.Mx(10, "mx1.example.test")
      .Txt("v=spf1 -all")
      .Answer(RrType::kCname, Bytes({1, 'c', 0xc0, 12}));
  const std::string good = reply.Edns(9, "text").Build();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(ParseMessage(good.substr(0, size)).ok()) << size;
  }
  std::minstd_rand random(20240601);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (unsigned i = 0; i <= random() % 4; ++i)
      bad[random() % bad.size()] = static_cast<char>(random());
    absl::StatusOr<DnsMessage> message = ParseMessage(bad);
    if (!message.ok()) continue;
    ++accepted;
    for (const ResourceRecord& record : message->answers) EXPECT_FALSE(record.name.empty());
  }
  EXPECT_GT(accepted, 1000) << "the mutations should not all be caught by the header";
}

TEST(RcodeTextTest, KnownAndUnknown) {
  EXPECT_EQ(RcodeText(Rcode::kNxDomain), "NXDOMAIN");
  EXPECT_EQ(RcodeText(static_cast<Rcode>(9)), "RCODE9");
  EXPECT_EQ(RrTypeText(RrType::kTlsa), "TLSA");
  EXPECT_EQ(RrTypeText(static_cast<RrType>(47)), "NSEC");
  EXPECT_EQ(RrTypeText(static_cast<RrType>(50)), "NSEC3");
  EXPECT_EQ(RrTypeText(static_cast<RrType>(123)), "TYPE123");
}

}  // namespace
}  // namespace postwatch
