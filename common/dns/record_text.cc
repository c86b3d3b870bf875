#include "common/dns/record_text.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <vector>

#include "common/base/text.h"
#include "common/dns/wire.h"

namespace postwatch {
namespace {

constexpr std::array<RrType, 10> kKnownTypes = {
    RrType::kA,     RrType::kAaaa, RrType::kMx,   RrType::kNs,  RrType::kTxt,
    RrType::kCname, RrType::kCaa,  RrType::kTlsa, RrType::kSrv, RrType::kPtr};
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string Hex(std::string_view octets) {
  std::string hex;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    hex += kHexDigits[octet >> 4];
    hex += kHexDigits[octet & 15];
  }
  return hex;
}

// RFC 1035 section 5.1: in quotes, so that white space keeps its place.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < ' ' || octet > '~') {
      out += '\\';
      out += static_cast<char>('0' + octet / 100);
      out += static_cast<char>('0' + octet / 10 % 10);
      out += static_cast<char>('0' + octet % 10);
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

struct Writer {
  std::string operator()(const AddressRecord& r) const { return r.ip; }
  std::string operator()(const NameRecord& r) const { return CanonicalName(r.name); }
  std::string operator()(const MxRecord& r) const {
    return Concat(r.preference, " ", CanonicalName(r.host));
  }
  std::string operator()(const TxtRecord& r) const { return Quoted(Join(r.strings, "")); }
  std::string operator()(const SrvRecord& r) const {
    return Concat(r.priority, " ", r.weight, " ", r.port, " ", CanonicalName(r.target));
  }
  std::string operator()(const SoaRecord& r) const {
    return Concat(CanonicalName(r.mname), " ", CanonicalName(r.rname), " ", r.serial, " ",
                  r.refresh, " ", r.retry, " ", r.expire, " ", r.minimum);
  }
  std::string operator()(const TlsaRecord& r) const {
    return Concat(int{r.usage}, " ", int{r.selector}, " ", int{r.matching_type}, " ", Hex(r.data));
  }
  std::string operator()(const DsRecord& r) const {
    return Concat(r.key_tag, " ", int{r.algorithm}, " ", int{r.digest_type}, " ", Hex(r.digest));
  }
  std::string operator()(const DnskeyRecord& r) const {
    return Concat(r.flags, " ", int{r.protocol}, " ", int{r.algorithm}, " ", Hex(r.key));
  }
  std::string operator()(const RrsigRecord& r) const {
    return Concat(RrTypeText(r.type_covered), " ", int{r.algorithm}, " ", r.key_tag, " ",
                  CanonicalName(r.signer));
  }
  std::string operator()(const CaaRecord& r) const {
    return Concat(r.critical ? 128 : 0, " ", AsciiLower(r.tag), " ", Quoted(r.value));
  }
  std::string operator()(const RawRecord& r) const {
    return Concat("\\# ", r.rdata.size(), " ", Hex(r.rdata));
  }
};

// The next word, or the inside of a quoted one with its escapes resolved. Nothing when there
// is none, and when a quote or an escape does not end.
std::optional<std::string> TakeWord(std::string_view& rest) {
  rest = Trim(rest);
  if (rest.empty()) return std::nullopt;
  const bool quoted = rest.starts_with('"');
  if (quoted) rest.remove_prefix(1);
  std::string word;
  while (!rest.empty()) {
    const char c = rest.front();
    if (quoted ? c == '"' : c == ' ' || c == '\t') break;
    rest.remove_prefix(1);
    if (c != '\\') {
      word += c;
      continue;
    }
    if (rest.empty()) return std::nullopt;
    const std::optional<int64_t> number = rest.size() >= 3 && rest[0] >= '0' && rest[0] <= '9'
                                              ? ParseInteger(rest.substr(0, 3))
                                              : std::nullopt;
    if (number.has_value() && *number > 255) return std::nullopt;
    word += number.has_value() ? static_cast<char>(*number) : rest.front();
    rest.remove_prefix(number.has_value() ? 3 : 1);
  }
  if (quoted) {
    if (rest.empty()) return std::nullopt;
    rest.remove_prefix(1);
  }
  return word;
}

bool TakeNumber(std::string_view& rest, int64_t high, uint16_t& number) {
  rest = Trim(rest);
  const size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::optional<int64_t> value = ParseInteger(rest.substr(0, end));
  if (!value.has_value() || *value < 0 || *value > high) return false;
  number = static_cast<uint16_t>(*value);
  rest.remove_prefix(end);
  return true;
}

// A name is the last field of whatever has one. A quote begins a word, and is part of no name.
bool TakeName(std::string_view rest, std::string& name) {
  rest = Trim(rest);
  if (rest.find_first_of(" \t") != rest.npos || !WireWriter().Name(rest)) return false;
  name = CanonicalName(rest);
  return name.find('"') == name.npos;
}

bool TakeHex(std::string_view rest, std::string& octets) {
  int high = -1;
  for (const char c : rest) {
    if (c == ' ' || c == '\t') continue;
    const std::string digit = AsciiLower(std::string_view(&c, 1));
    const size_t value = kHexDigits.find(digit);
    if (value == kHexDigits.npos) return false;
    if (high < 0) {
      high = static_cast<int>(value);
    } else {
      octets += static_cast<char>(high << 4 | static_cast<int>(value));
      high = -1;
    }
  }
  return high < 0 && !octets.empty();
}

std::optional<RecordValue> ReadAddress(RrType type, std::string_view text) {
  unsigned char octets[16];
  char written[INET6_ADDRSTRLEN];
  const int family = type == RrType::kA ? AF_INET : AF_INET6;
  if (inet_pton(family, std::string(Trim(text)).c_str(), octets) != 1 ||
      inet_ntop(family, octets, written, sizeof(written)) == nullptr) {
    return std::nullopt;
  }
  return AddressRecord{written};
}

// Text without quotes is one string with the white space it has.
std::optional<RecordValue> ReadText(std::string_view text) {
  std::string_view rest = Trim(text);
  TxtRecord record;
  if (!rest.starts_with('"')) {
    record.strings.emplace_back(rest);
    return record;
  }
  while (!(rest = Trim(rest)).empty()) {
    std::optional<std::string> word = TakeWord(rest);
    if (!word.has_value()) return std::nullopt;
    record.strings.push_back(*std::move(word));
  }
  return record;
}

// RFC 8659 section 4.1: what a CAA tag consists of.
bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::optional<RecordValue> ReadCaa(std::string_view rest) {
  uint16_t flags = 0;
  if (!TakeNumber(rest, 255, flags)) return std::nullopt;
  const std::optional<std::string> tag = TakeWord(rest);
  const std::optional<std::string> value = TakeWord(rest);
  const bool whole = tag.has_value() && value.has_value() && Trim(rest).empty();
  if (!whole || tag->empty() || !std::ranges::all_of(*tag, IsLetterOrDigit)) return std::nullopt;
  return CaaRecord{(flags & 0x80) != 0, *tag, *value};
}

std::optional<RecordValue> ReadTlsa(std::string_view rest) {
  uint16_t usage = 0, selector = 0, matching = 0;
  TlsaRecord record;
  if (!TakeNumber(rest, 255, usage) || !TakeNumber(rest, 255, selector) ||
      !TakeNumber(rest, 255, matching) || !TakeHex(rest, record.data)) {
    return std::nullopt;
  }
  record.usage = static_cast<uint8_t>(usage);
  record.selector = static_cast<uint8_t>(selector);
  record.matching_type = static_cast<uint8_t>(matching);
  return record;
}

std::optional<RecordValue> ReadValue(RrType type, std::string_view text) {
  constexpr int64_t kMaxU16 = 65535;
  std::string name;
  MxRecord mx;
  SrvRecord srv;
  switch (type) {
    case RrType::kA:
    case RrType::kAaaa:
      return ReadAddress(type, text);
    case RrType::kNs:
    case RrType::kCname:
    case RrType::kPtr:
      if (!TakeName(text, name)) return std::nullopt;
      return NameRecord{name};
    case RrType::kMx:
      if (!TakeNumber(text, kMaxU16, mx.preference) || !TakeName(text, mx.host)) {
        return std::nullopt;
      }
      return mx;
    case RrType::kSrv:
      if (!TakeNumber(text, kMaxU16, srv.priority) || !TakeNumber(text, kMaxU16, srv.weight) ||
          !TakeNumber(text, kMaxU16, srv.port) || !TakeName(text, srv.target)) {
        return std::nullopt;
      }
      return srv;
    case RrType::kTxt:
      return ReadText(text);
    case RrType::kCaa:
      return ReadCaa(text);
    case RrType::kTlsa:
      return ReadTlsa(text);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string RecordText(const ResourceRecord& record) { return std::visit(Writer(), record.value); }

std::optional<std::string> NormalRecordText(RrType type, std::string_view text) {
  std::optional<RecordValue> value = ReadValue(type, text);
  if (!value.has_value()) return std::nullopt;
  return std::visit(Writer(), *value);
}

std::optional<RrType> ParseRrType(std::string_view name) {
  for (const RrType type : kKnownTypes) {
    if (EqualsIgnoreCase(RrTypeText(type), name)) return type;
  }
  return std::nullopt;
}

}  // namespace postwatch
