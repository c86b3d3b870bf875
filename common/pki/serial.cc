#include "common/pki/serial.h"

#include <openssl/bn.h>

#include <algorithm>
#include <array>
#include <memory>

#include "absl/strings/escaping.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/pki/openssl_ptr.h"

namespace postwatch {
namespace {

constexpr unsigned char kMark = 0x51;
constexpr int kBackdatePart = 12;  // of the lifetime
constexpr size_t kTimeBytes = 5;
constexpr size_t kOurBytes = 16;
constexpr size_t kMaxBytes = 20;  // RFC 5280 section 4.1.2.2
const int64_t kEarliest =
    absl::ToUnixSeconds(absl::FromCivil(absl::CivilYear(2020), absl::UTCTimeZone()));

using NumberPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;

bool SetBytes(ASN1_INTEGER* serial, std::string_view bytes) {
  const NumberPtr number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), serial) != nullptr;
}

}  // namespace

absl::Duration BackdateOf(absl::Duration lifetime) {
  return std::min(kBackdate, absl::Trunc(lifetime / kBackdatePart, absl::Seconds(1)));
}

absl::Duration LifetimeOf(absl::Duration validity) {
  const absl::Duration part = validity - validity * kBackdatePart / (kBackdatePart + 1);
  return validity - std::min(kBackdate, absl::Trunc(part, absl::Seconds(1)));
}

bool SetSerial(ASN1_INTEGER* serial, absl::Time enrolled) {
  const auto seconds = static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixSeconds(enrolled)));
  std::string bytes(1, static_cast<char>(kMark));
  for (size_t i = kTimeBytes; i-- > 0;) bytes += static_cast<char>((seconds >> (8 * i)) & 0xFF);
  return SetBytes(serial, bytes + RandomBytes(kOurBytes - bytes.size()));
}

Serial ReadSerial(const ASN1_INTEGER* serial) {
  const NumberPtr number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (number == nullptr || BN_num_bytes(number.get()) > static_cast<int>(kMaxBytes)) return {};
  std::array<unsigned char, kMaxBytes> bytes{};
  const auto size = static_cast<size_t>(BN_bn2bin(number.get(), bytes.data()));
  Serial read;
  read.hex = absl::BytesToHexString({reinterpret_cast<const char*>(bytes.data()), size});
  if (size != kOurBytes || bytes[0] != kMark) return read;
  int64_t seconds = 0;
  for (size_t i = 1; i <= kTimeBytes; ++i) seconds = (seconds << 8) | bytes[i];
  if (seconds >= kEarliest) read.enrolled = absl::FromUnixSeconds(seconds);
  return read;
}

bool SetSerialHex(ASN1_INTEGER* serial, const std::string& hex) {
  const bool digits = hex.find_first_not_of("0123456789abcdefABCDEF") == hex.npos;
  if (!digits || hex.empty() || hex.size() > 2 * kMaxBytes || hex.size() % 2 != 0) return false;
  return SetBytes(serial, absl::HexStringToBytes(ToAbsl(hex)));
}

}  // namespace postwatch
