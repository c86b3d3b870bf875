#include "common/dns/message.h"

#include <arpa/inet.h>

#include "common/base/text.h"
#include "common/dns/wire.h"

namespace postwatch {
namespace {

constexpr size_t kMaxPacket = 65535;
constexpr size_t kMaxRecords = 512;
constexpr size_t kMaxTxtStrings = 256;
constexpr size_t kMaxExtendedErrors = 8;
constexpr size_t kMaxExtendedErrorText = 256;
constexpr uint16_t kUdpPayload = 1232;  // what passes any path unfragmented (DNS flag day 2020)
constexpr uint16_t kClassIn = 1;
constexpr uint32_t kDnssecOk = 0x8000;
constexpr uint16_t kOptionExtendedError = 15;  // RFC 8914
constexpr uint32_t kMaxTtl = 0x7fffffff;       // RFC 2181 section 8
constexpr uint8_t kCaaCritical = 0x80;         // RFC 8659 section 4.1.1
constexpr uint8_t kRsaMd5 = 1;                 // whose key tags are another thing

constexpr uint16_t kFlagQr = 0x8000, kFlagAa = 0x0400, kFlagTc = 0x0200, kFlagRd = 0x0100,
                   kFlagRa = 0x0080, kFlagAd = 0x0020, kFlagCd = 0x0010;

std::string AddressOf(RrType type, std::string_view rdata) {
  char text[INET6_ADDRSTRLEN];
  int family = type == RrType::kA ? AF_INET : AF_INET6;
  return inet_ntop(family, rdata.data(), text, sizeof(text)) == nullptr ? "" : text;
}

// Reads one RDATA of a known type; the reader ends at the end of the RDATA, so that a name may
// point back into the message but nothing may run past its record.
bool ReadTxt(DnsWireReader& in, TxtRecord& txt) {
  while (!in.at_end()) {
    uint8_t length = 0;
    std::string_view text;
    if (txt.strings.size() == kMaxTxtStrings || !in.U8(length) || !in.Bytes(length, text)) {
      return false;
    }
    txt.strings.emplace_back(text);
  }
  return !txt.strings.empty();
}

bool ReadSoa(DnsWireReader& in, SoaRecord& soa) {
  return in.Name(soa.mname) && in.Name(soa.rname) && in.U32(soa.serial) && in.U32(soa.refresh) &&
         in.U32(soa.retry) && in.U32(soa.expire) && in.U32(soa.minimum);
}

bool ReadRest(DnsWireReader& in, std::string& octets) {
  std::string_view bytes;
  if (!in.Bytes(in.left(), bytes)) return false;
  octets = std::string(bytes);
  return true;
}

bool ReadRrsig(DnsWireReader& in, RrsigRecord& rrsig) {
  uint16_t type = 0;
  uint32_t ttl = 0, expiration = 0, inception = 0;
  std::string signature;
  if (!in.U16(type) || !in.U8(rrsig.algorithm) || !in.U8(rrsig.labels) || !in.U32(ttl) ||
      !in.U32(expiration) || !in.U32(inception) || !in.U16(rrsig.key_tag) ||
      !in.Name(rrsig.signer) || !ReadRest(in, signature)) {
    return false;
  }
  rrsig.type_covered = static_cast<RrType>(type);
  rrsig.original_ttl = absl::Seconds(ttl > kMaxTtl ? 0 : ttl);
  rrsig.expiration = absl::FromUnixSeconds(expiration);
  rrsig.inception = absl::FromUnixSeconds(inception);
  return true;
}

bool ReadCaa(DnsWireReader& in, CaaRecord& caa) {
  uint8_t flags = 0, length = 0;
  std::string_view tag;
  if (!in.U8(flags) || !in.U8(length) || length == 0 || !in.Bytes(length, tag)) return false;
  caa.critical = (flags & kCaaCritical) != 0;
  caa.tag = std::string(tag);
  return ReadRest(in, caa.value);
}

template <class Record, class Read>
bool Into(RecordValue& value, Read read) {
  Record record;
  if (!read(record)) return false;
  value = std::move(record);
  return true;
}

// The types that say what may be trusted; anything unknown stays raw.
bool ReadSecurityValue(DnsWireReader& in, RrType type, RecordValue& value) {
  switch (type) {
    case RrType::kTlsa:
      return Into<TlsaRecord>(value, [&](TlsaRecord& r) {
        return in.U8(r.usage) && in.U8(r.selector) && in.U8(r.matching_type) &&
               ReadRest(in, r.data);
      });
    case RrType::kDs:
      return Into<DsRecord>(value, [&](DsRecord& r) {
        return in.U16(r.key_tag) && in.U8(r.algorithm) && in.U8(r.digest_type) &&
               ReadRest(in, r.digest);
      });
    case RrType::kDnskey:
      return Into<DnskeyRecord>(value, [&](DnskeyRecord& r) {
        return in.U16(r.flags) && in.U8(r.protocol) && in.U8(r.algorithm) && ReadRest(in, r.key);
      });
    case RrType::kRrsig:
      return Into<RrsigRecord>(value, [&](RrsigRecord& r) { return ReadRrsig(in, r); });
    case RrType::kCaa:
      return Into<CaaRecord>(value, [&](CaaRecord& r) { return ReadCaa(in, r); });
    default:
      return Into<RawRecord>(value, [&](RawRecord& r) { return ReadRest(in, r.rdata); });
  }
}

bool ReadValue(DnsWireReader& in, RrType type, RecordValue& value) {
  switch (type) {
    case RrType::kA:
    case RrType::kAaaa:
      return Into<AddressRecord>(value, [&](AddressRecord& r) {
        std::string_view bytes;
        if (!in.Bytes(type == RrType::kA ? 4 : 16, bytes)) return false;
        r.ip = AddressOf(type, bytes);
        return true;
      });
    case RrType::kNs:
    case RrType::kCname:
    case RrType::kPtr:
      return Into<NameRecord>(value, [&](NameRecord& r) { return in.Name(r.name); });
    case RrType::kMx:
      return Into<MxRecord>(value,
                            [&](MxRecord& r) { return in.U16(r.preference) && in.Name(r.host); });
    case RrType::kTxt:
      return Into<TxtRecord>(value, [&](TxtRecord& r) { return ReadTxt(in, r); });
    case RrType::kSrv:
      return Into<SrvRecord>(value, [&](SrvRecord& r) {
        return in.U16(r.priority) && in.U16(r.weight) && in.U16(r.port) && in.Name(r.target);
      });
    case RrType::kSoa:
      return Into<SoaRecord>(value, [&](SoaRecord& r) { return ReadSoa(in, r); });
    default:
      return ReadSecurityValue(in, type, value);
  }
}

void ReadExtendedErrors(std::string_view options, DnsMessage& message) {
  DnsWireReader in(options);
  uint16_t code = 0, length = 0;
  std::string_view value;
  // A broken option list is the server's mistake, but the answer beside it is still the answer.
  while (in.U16(code) && in.U16(length) && in.Bytes(length, value)) {
    if (code != kOptionExtendedError || value.size() < 2) continue;
    if (message.extended_errors.size() == kMaxExtendedErrors) return;
    DnsWireReader body(value);
    ExtendedError error;
    body.U16(error.code);
    std::string_view text = value.substr(2);
    while (!text.empty() && text.back() == '\0') text.remove_suffix(1);  // some end it with NUL
    error.text = std::string(Truncate(text, kMaxExtendedErrorText));
    message.extended_errors.push_back(std::move(error));
  }
}

absl::Status Broken(const DnsWireReader& in, std::string_view where) {
  return absl::InvalidArgumentError(
      Concat("DNS message of ", in.size(), " bytes: broken ", where, " at byte ", in.offset()));
}

// One record. The root OPT record is not kept: its fields are not what other records' mean.
absl::Status ReadRecord(DnsWireReader& in, std::string_view section, DnsMessage& message,
                        std::vector<ResourceRecord>& out) {
  ResourceRecord record;
  uint16_t type = 0, klass = 0, length = 0;
  uint32_t ttl = 0;
  if (!in.Name(record.name)) return Broken(in, Concat("owner name in ", section));
  if (!in.U16(type) || !in.U16(klass) || !in.U32(ttl) || !in.U16(length)) {
    return Broken(in, Concat("record header in ", section));
  }
  if (in.left() < length) return Broken(in, Concat("RDATA length in ", section));
  record.type = static_cast<RrType>(type);
  if (record.type == RrType::kOpt) {
    std::string_view options;
    in.Bytes(length, options);
    message.rcode = static_cast<Rcode>(static_cast<uint16_t>(message.rcode) | (ttl >> 24) << 4);
    ReadExtendedErrors(options, message);
    return absl::OkStatus();
  }
  record.ttl = absl::Seconds(ttl > kMaxTtl ? 0 : ttl);
  DnsWireReader rdata = in.Sub(length);
  // Types of other classes have other RDATA, and UPDATE's prerequisites have none at all.
  RrType shape = klass == kClassIn ? record.type : RrType::kOpt;
  if (!ReadValue(rdata, shape, record.value) || !rdata.at_end()) {
    return Broken(rdata, Concat(RrTypeText(record.type), " RDATA in ", section));
  }
  std::string_view skipped;
  in.Bytes(length, skipped);
  out.push_back(std::move(record));
  return absl::OkStatus();
}

void ReadFlags(uint16_t flags, DnsMessage& message) {
  message.rcode = static_cast<Rcode>(flags & 0xf);
  message.is_reply = (flags & kFlagQr) != 0;
  message.aa = (flags & kFlagAa) != 0;
  message.tc = (flags & kFlagTc) != 0;
  message.rd = (flags & kFlagRd) != 0;
  message.ra = (flags & kFlagRa) != 0;
  message.ad = (flags & kFlagAd) != 0;
  message.cd = (flags & kFlagCd) != 0;
}

absl::Status ReadQuestions(DnsWireReader& in, uint16_t count, DnsMessage& message) {
  for (uint16_t i = 0; i < count; ++i) {
    DnsQuestion question;
    uint16_t type = 0, klass = 0;
    if (!in.Name(question.name) || !in.U16(type) || !in.U16(klass)) return Broken(in, "question");
    question.type = static_cast<RrType>(type);
    question.recursion_desired = message.rd;
    question.checking_disabled = message.cd;
    message.questions.push_back(std::move(question));
  }
  return absl::OkStatus();
}

}  // namespace

std::string DnskeyRecord::Wire() const {
  WireWriter out;
  out.U16(flags);
  out.U8(protocol);
  out.U8(algorithm);
  out.Bytes(key);
  return out.Take();
}

uint16_t DnskeyRecord::KeyTag() const {
  const std::string wire = Wire();
  const auto octet = [&](size_t i) { return uint32_t{static_cast<unsigned char>(wire[i])}; };
  if (algorithm == kRsaMd5) {  // RFC 4034 appendix B.1: of the modulus' end
    if (key.size() < 3) return 0;
    return static_cast<uint16_t>(octet(wire.size() - 3) << 8 | octet(wire.size() - 2));
  }
  uint32_t sum = 0;
  for (size_t i = 0; i < wire.size(); ++i) sum += i % 2 == 0 ? octet(i) << 8 : octet(i);
  return static_cast<uint16_t>(sum + (sum >> 16));
}

absl::StatusOr<std::string> EncodeQuery(const DnsQuestion& question, uint16_t id) {
  WireWriter out;
  out.U16(id);
  out.U16((question.recursion_desired ? kFlagRd : 0) | kFlagAd |
          (question.checking_disabled ? kFlagCd : 0));
  out.U16(1);
  out.U16(0);
  out.U16(0);
  out.U16(1);
  if (!out.Name(question.name)) {
    return absl::InvalidArgumentError(
        Concat("cannot ask DNS for \"", Truncate(question.name, 300),
               "\": not a domain name (empty label, label over 63 or name over 255 octets)"));
  }
  out.U16(static_cast<uint16_t>(question.type));
  out.U16(kClassIn);
  // OPT (RFC 6891 section 6.1.2): root owner, payload size as class, flags as TTL, no options.
  out.U8(0);
  out.U16(static_cast<uint16_t>(RrType::kOpt));
  out.U16(kUdpPayload);
  out.U32(kDnssecOk);
  out.U16(0);
  return out.Take();
}

absl::StatusOr<DnsMessage> ParseMessage(std::string_view packet) {
  DnsWireReader in(packet);
  if (packet.size() > kMaxPacket) return Broken(in, "size: more than 65535 bytes");
  DnsMessage message;
  uint16_t flags = 0, questions = 0, counts[3] = {};
  if (!in.U16(message.id) || !in.U16(flags) || !in.U16(questions) || !in.U16(counts[0]) ||
      !in.U16(counts[1]) || !in.U16(counts[2])) {
    return Broken(in, "header");
  }
  ReadFlags(flags, message);
  size_t total = size_t{questions} + counts[0] + counts[1] + counts[2];
  if (total > kMaxRecords) return Broken(in, Concat("header: ", total, " records promised"));
  if (absl::Status status = ReadQuestions(in, questions, message); !status.ok()) return status;
  std::vector<ResourceRecord>* sections[] = {&message.answers, &message.authorities,
                                             &message.additionals};
  constexpr std::string_view kNames[] = {"answers", "authorities", "additionals"};
  for (int i = 0; i < 3; ++i) {
    for (uint16_t record = 0; record < counts[i]; ++record) {
      absl::Status status = ReadRecord(in, kNames[i], message, *sections[i]);
      if (!status.ok()) return status;
    }
  }
  return message;
}

std::string RrTypeText(RrType type) {
  switch (type) {
    case RrType::kA:
      return "A";
    case RrType::kNs:
      return "NS";
    case RrType::kCname:
      return "CNAME";
    case RrType::kSoa:
      return "SOA";
    case RrType::kPtr:
      return "PTR";
    case RrType::kMx:
      return "MX";
    case RrType::kTxt:
      return "TXT";
    case RrType::kAaaa:
      return "AAAA";
    case RrType::kSrv:
      return "SRV";
    case RrType::kOpt:
      return "OPT";
    case RrType::kDs:
      return "DS";
    case RrType::kRrsig:
      return "RRSIG";
    case RrType::kNsec:
      return "NSEC";
    case RrType::kDnskey:
      return "DNSKEY";
    case RrType::kNsec3:
      return "NSEC3";
    case RrType::kTlsa:
      return "TLSA";
    case RrType::kCaa:
      return "CAA";
  }
  return Concat("TYPE", static_cast<int>(type));  // RFC 3597
}

std::string RcodeText(Rcode rcode) {
  switch (rcode) {
    case Rcode::kNoError:
      return "NOERROR";
    case Rcode::kFormErr:
      return "FORMERR";
    case Rcode::kServFail:
      return "SERVFAIL";
    case Rcode::kNxDomain:
      return "NXDOMAIN";
    case Rcode::kNotImp:
      return "NOTIMP";
    case Rcode::kRefused:
      return "REFUSED";
  }
  return Concat("RCODE", static_cast<int>(rcode));
}

}  // namespace postwatch
