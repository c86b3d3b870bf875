#include "common/pki/revocation_list.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pemerr.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/pki/certificate_names.h"
#include "common/pki/openssl_ptr.h"
#include "common/pki/serial.h"

namespace postwatch {
namespace {

constexpr size_t kMaxEntries = 100000;
constexpr size_t kMaxLists = 16;
constexpr size_t kMarkBytes = 20;
constexpr long kVersion2 = 1;  // X.509 counts from 0
constexpr std::string_view kMarkPrefix = "postwatch/agent/";

void FreeInteger(ASN1_INTEGER* number) { ASN1_INTEGER_free(number); }
void FreeTime(ASN1_TIME* time) { ASN1_TIME_free(time); }
using CrlPtr = std::unique_ptr<X509_CRL, OpensslFree<X509_CRL_free>>;
using RevokedPtr = std::unique_ptr<X509_REVOKED, OpensslFree<X509_REVOKED_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, OpensslFree<FreeInteger>>;
using TimePtr = std::unique_ptr<ASN1_TIME, OpensslFree<FreeTime>>;

std::string MarkOf(std::string_view name) {
  const std::string text = Concat(kMarkPrefix, name);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    std::abort();  // there is no SHA-256: nothing of ours is safe then
  }
  digest[0] = static_cast<unsigned char>((digest[0] & 0x3F) | 0x40);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), kMarkBytes});
}

absl::Time ToSecond(absl::Time time) { return absl::FromUnixSeconds(absl::ToUnixSeconds(time)); }

// All of them or none: a list that is left out would let somebody in.
absl::StatusOr<std::vector<CrlPtr>> ReadLists(std::string_view pem) {
  std::vector<CrlPtr> lists;
  const BioPtr text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (text != nullptr && lists.size() <= kMaxLists) {
    CrlPtr next(PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    lists.push_back(std::move(next));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string why = OpensslError();
  if (lists.size() > kMaxLists) {
    return absl::InvalidArgumentError(Concat("there are more than ", kMaxLists, " CRLs"));
  }
  if (lists.empty()) return absl::InvalidArgumentError("there is no X.509 CRL in PEM");
  if (!at_end) {
    return absl::InvalidArgumentError(Concat("a CRL cannot be read: ", why, "; is it whole?"));
  }
  return lists;
}

bool IsSigned(X509_CRL* list, const std::vector<CertificatePtr>& authorities) {
  bool good = false;
  for (const CertificatePtr& authority : authorities) {
    good = good || X509_CRL_verify(list, X509_get0_pubkey(authority.get())) == 1;
  }
  OpensslError();
  return good;
}

bool AddEntry(X509_CRL* list, const std::string& serial, absl::Time at) {
  RevokedPtr entry(X509_REVOKED_new());
  const IntegerPtr number(ASN1_INTEGER_new());
  const TimePtr date(ASN1_TIME_set(nullptr, absl::ToTimeT(at)));
  if (entry == nullptr || number == nullptr || date == nullptr) return false;
  if (!SetSerialHex(number.get(), serial) ||
      X509_REVOKED_set_serialNumber(entry.get(), number.get()) != 1 ||
      X509_REVOKED_set_revocationDate(entry.get(), date.get()) != 1 ||
      X509_CRL_add0_revoked(list, entry.get()) != 1) {
    return false;
  }
  entry.release();  // the list's now
  return true;
}

// RFC 5280 section 5.2.1 and 5.2.3: who signed it, and a number that grows.
bool AddExtensions(X509_CRL* list, X509* issuer, absl::Time now) {
  const IntegerPtr number(ASN1_INTEGER_new());
  if (number == nullptr || ASN1_INTEGER_set_int64(number.get(), absl::ToUnixSeconds(now)) != 1 ||
      X509_CRL_add1_ext_i2d(list, NID_crl_number, number.get(), 0, 0) != 1) {
    return false;
  }
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, list, 0);
  X509_EXTENSION* by =
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid");
  const bool added = by != nullptr && X509_CRL_add_ext(list, by, -1) == 1;
  X509_EXTENSION_free(by);
  return added;
}

absl::Status Broken() {
  return absl::InternalError(Concat("cannot make a list of revocations: ", OpensslError()));
}

}  // namespace

absl::StatusOr<RevocationList> RevocationList::Parse(std::string_view crls,
                                                     std::string_view authorities) {
  const absl::StatusOr<std::vector<CrlPtr>> lists = ReadLists(crls);
  if (!lists.ok()) return lists.status();
  const std::vector<CertificatePtr> trusted = ReadCertificates(authorities);
  RevocationList out;
  for (const CrlPtr& list : *lists) {
    if (!IsSigned(list.get(), trusted)) {
      return absl::UnauthenticatedError("the CRL is not signed by a trusted authority");
    }
    STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(list.get());
    for (int i = 0; entries != nullptr && i < sk_X509_REVOKED_num(entries); ++i) {
      const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
      const absl::StatusOr<absl::Time> at = ToTime(X509_REVOKED_get0_revocationDate(entry));
      if (!at.ok()) return at.status();
      if (!out.Revoke(ReadSerial(X509_REVOKED_get0_serialNumber(entry)).hex, *at)) {
        return absl::InvalidArgumentError(
            Concat("the CRL has more than ", kMaxEntries, " entries, or one without a number"));
      }
    }
  }
  return out;
}

absl::StatusOr<std::string> RevocationList::Sign(const IssuedCertificate& authority,
                                                 absl::Time now) const {
  const CertificatePtr issuer = ReadCertificate(authority.certificate);
  const KeyPtr key = ReadPrivateKey(authority.key);
  if (issuer == nullptr || key == nullptr || X509_check_private_key(issuer.get(), key.get()) != 1) {
    return absl::InvalidArgumentError(
        Concat("the authority's certificate and key do not belong together: ", OpensslError()));
  }
  const CrlPtr list(X509_CRL_new());
  const TimePtr made(ASN1_TIME_set(nullptr, absl::ToTimeT(now)));
  if (list == nullptr || made == nullptr) return Broken();
  bool ok = X509_CRL_set_version(list.get(), kVersion2) == 1 &&
            X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.get())) == 1 &&
            X509_CRL_set1_lastUpdate(list.get(), made.get()) == 1 &&
            X509_CRL_set1_nextUpdate(list.get(), X509_get0_notAfter(issuer.get())) == 1 &&
            AddExtensions(list.get(), issuer.get(), now);
  for (const auto& [serial, at] : entries_) ok = ok && AddEntry(list.get(), serial, at);
  ok = ok && X509_CRL_sort(list.get()) == 1 &&
       X509_CRL_sign(list.get(), key.get(), EVP_sha256()) > 0;
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!ok || bio == nullptr || PEM_write_bio_X509_CRL(bio.get(), list.get()) != 1) return Broken();
  return TextOf(bio.get());
}

bool RevocationList::Revoke(const std::string& serial, absl::Time at) {
  const IntegerPtr number(ASN1_INTEGER_new());
  if (number == nullptr || !SetSerialHex(number.get(), serial)) return false;
  const std::string hex = ReadSerial(number.get()).hex;
  if (hex.empty()) return false;  // zero
  if (!entries_.contains(hex) && entries_.size() >= kMaxEntries) return false;
  Keep(hex, at);
  return true;
}

void RevocationList::RevokeAgent(std::string_view name, absl::Time at) { Keep(MarkOf(name), at); }

void RevocationList::Keep(const std::string& serial, absl::Time at) {
  absl::Time& last = entries_.emplace(serial, ToSecond(at)).first->second;
  last = std::max(last, ToSecond(at));
}

size_t RevocationList::Include(const RevocationList& other) {
  size_t lacking = 0;
  for (const auto& [serial, at] : other.entries_) {
    const auto found = entries_.find(serial);
    if (found != entries_.end() && found->second >= at) continue;
    Keep(serial, at);
    ++lacking;
  }
  return lacking;
}

std::optional<absl::Time> RevocationList::RevokedAt(const IdentityCertificate& certificate) const {
  const auto single = entries_.find(certificate.serial);
  if (single != entries_.end()) return single->second;
  if (certificate.identity.role != PeerRole::kAgent) return std::nullopt;
  const std::optional<absl::Time> all = AgentRevokedAt(certificate.identity.name);
  return all && ToSecond(certificate.enrolled) <= *all ? all : std::nullopt;
}

std::optional<absl::Time> RevocationList::AgentRevokedAt(std::string_view name) const {
  const auto found = entries_.find(MarkOf(name));
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace postwatch
