#include "common/dns/ds_digest.h"

#include <openssl/evp.h>

#include "common/dns/wire.h"

namespace postwatch {
namespace {

const EVP_MD* DigestOf(uint8_t type) {
  switch (type) {
    case 1:
      return EVP_sha1();
    case 2:
      return EVP_sha256();
    case 4:  // RFC 6605
      return EVP_sha384();
    default:
      return nullptr;
  }
}

}  // namespace

std::optional<std::string> DsDigest(std::string_view zone, const DnskeyRecord& key,
                                    uint8_t digest_type) {
  const EVP_MD* digest = DigestOf(digest_type);
  WireWriter owner;
  if (digest == nullptr || !owner.Name(CanonicalName(zone))) return std::nullopt;
  owner.Bytes(key.Wire());
  const std::string octets = owner.Take();
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(octets.data(), octets.size(), out, &size, digest, nullptr) != 1) {
    return std::nullopt;
  }
  return std::string(out, out + size);
}

bool PointsAt(std::string_view zone, const DsRecord& ds, const DnskeyRecord& key) {
  return ds.key_tag == key.KeyTag() && ds.algorithm == key.algorithm &&
         DsDigest(zone, key, ds.digest_type) == ds.digest;
}

}  // namespace postwatch
