// DNS messages: questions and replies, typed; nothing about a reply is flattened into "failed".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace postwatch {

enum class RrType : uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kOpt = 41,
  kDs = 43,
  kRrsig = 46,
  kNsec = 47,
  kDnskey = 48,
  kNsec3 = 50,
  kTlsa = 52,
  kCaa = 257,
};

// RFC 1035 section 4.1.1, RFC 2136 section 2.2. Values not listed are kept as they came.
enum class Rcode : uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
};

// "MX", "TYPE123"; "NXDOMAIN", "RCODE9".
std::string RrTypeText(RrType type);
std::string RcodeText(Rcode rcode);

struct DnsQuestion {
  std::string name;  // with or without the final dot; ASCII, at most 253 characters
  RrType type = RrType::kA;
  bool recursion_desired = true;  // false when asking an authoritative server
  bool checking_disabled =
      false;  // CD: tells a bogus zone from a dead one (RFC 4035 section 3.2.2)
};

// RDATA of the types we read; anything else stays raw.
struct AddressRecord {
  std::string ip;
};  // A, AAAA
struct NameRecord {
  std::string name;
};  // NS, CNAME, PTR
struct MxRecord {
  uint16_t preference = 0;
  std::string host;
};  // host "." = null MX (RFC 7505)
struct TxtRecord {
  std::vector<std::string> strings;
};
struct SrvRecord {
  uint16_t priority = 0, weight = 0, port = 0;
  std::string target;
};
struct SoaRecord {
  std::string mname, rname;
  uint32_t serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0;
};
// RFC 6698 section 2.1.
struct TlsaRecord {
  uint8_t usage = 0, selector = 0, matching_type = 0;
  std::string data;  // octets
};
// RFC 4034 section 5.1.
struct DsRecord {
  uint16_t key_tag = 0;
  uint8_t algorithm = 0, digest_type = 0;
  std::string digest;  // octets
};
// RFC 4034 section 2.1.
struct DnskeyRecord {
  uint16_t flags = 0;
  uint8_t protocol = 3, algorithm = 0;
  std::string key;  // octets

  // Its whole RDATA in wire form, which DS digests and key tags are made of.
  std::string Wire() const;
  // RFC 4034 appendix B. Two keys of a zone may share it.
  uint16_t KeyTag() const;
};
// RFC 4034 section 3.1. The signature itself is not kept.
struct RrsigRecord {
  RrType type_covered = RrType::kA;
  uint8_t algorithm = 0, labels = 0;
  absl::Duration original_ttl;
  absl::Time expiration, inception;  // of this era: until 2106
  uint16_t key_tag = 0;
  std::string signer;
};
// RFC 8659 section 4.1.
struct CaaRecord {
  bool critical = false;
  std::string tag;  // as sent; compared without case
  std::string value;
};
struct RawRecord {
  std::string rdata;
};
using RecordValue =
    std::variant<AddressRecord, NameRecord, MxRecord, TxtRecord, SrvRecord, SoaRecord, TlsaRecord,
                 DsRecord, DnskeyRecord, RrsigRecord, CaaRecord, RawRecord>;

struct ResourceRecord {
  std::string name;  // lower case, no final dot, "." for the root
  RrType type = RrType::kA;
  absl::Duration ttl;
  RecordValue value;
};

// RFC 8914.
struct ExtendedError {
  uint16_t code = 0;
  std::string text;  // bounded, as sent
};

struct DnsMessage {
  uint16_t id = 0;
  Rcode rcode = Rcode::kNoError;  // with the EDNS extension bits
  bool is_reply = false;
  bool aa = false, tc = false, rd = false, ra = false, ad = false, cd = false;
  std::vector<DnsQuestion> questions;
  std::vector<ResourceRecord> answers, authorities, additionals;  // OPT is taken out
  std::vector<ExtendedError> extended_errors;
};

// How the exchange itself went; only kReplied has a message worth reading.
enum class DnsTransport {
  kReplied,
  kTimeout,
  kUnreachable,
  kMalformed,
  kTruncatedNoTcp,
  kCancelled
};

struct DnsReply {
  DnsTransport transport = DnsTransport::kTimeout;
  DnsMessage message;
  std::string server;  // "ip:port" asked
  absl::Duration took;
  bool over_tcp = false;
  std::string detail;  // for kMalformed, kUnreachable: why
};

// A query packet with EDNS0 (1232 bytes, DO set) and the AD bit. InvalidArgument for a name that is
// none (empty label, label over 63, over 255 octets on the wire).
absl::StatusOr<std::string> EncodeQuery(const DnsQuestion& question, uint16_t id);

// Parses any bytes a server may send: every length, count and pointer is checked; compression
// pointers must point backwards. At most 64 KiB and 512 records. InvalidArgument says where it
// broke.
absl::StatusOr<DnsMessage> ParseMessage(std::string_view packet);

// Lower case, without the final dot; the root is ".".
std::string CanonicalName(std::string_view name);

}  // namespace postwatch
