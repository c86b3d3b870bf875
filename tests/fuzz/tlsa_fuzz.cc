// Fuzzes the match of TLSA records against served certificates, both any bytes: the three numbers
// of a record, the length of its data, the data, then a certificate, served as leaf and authority.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/tlsa_match.h"

namespace {

constexpr size_t kHead = 4;
constexpr size_t kMaxText = 128;

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < kHead) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(bytes) + kHead, size - kHead);
  postwatch::TlsaRecord record;
  record.usage = bytes[0];
  record.selector = bytes[1];
  record.matching_type = bytes[2];
  record.data = std::string(rest.substr(0, bytes[3]));
  postwatch::CertificateFacts certificate;
  certificate.der = std::string(rest.substr(record.data.size()));
  certificate.spki = certificate.der.substr(0, certificate.der.size() / 2);
  Require(postwatch::TlsaText(record).size() <= kMaxText);

  const std::vector<postwatch::TlsaRecord> records = {record};
  const std::vector<postwatch::CertificateFacts> chain = {certificate, certificate};
  const std::vector<std::string> names = {"mx.alpha.test"};
  const absl::Time now = absl::FromUnixSeconds(1763856000);
  const postwatch::TlsaVerdict verdict = postwatch::MatchTlsa(records, chain, names, now);
  const bool usable = postwatch::IsUsableTlsa(record);
  Require(!verdict.why.empty() && (usable || !verdict.matches));
  Require(!postwatch::MatchTlsa(records, {}, names, now).matches);
  if (!usable || record.usage != 3 || record.matching_type != 0) return 0;
  // Without a digest the data is the thing itself.
  const std::string& selected = record.selector == 1 ? certificate.spki : certificate.der;
  Require(verdict.matches == (record.data == selected));
  return 0;
}
