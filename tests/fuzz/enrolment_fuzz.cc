// Fuzzes what a stranger may send to join: any bytes as a token, as a certificate request and as
// the number of a certificate.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/pki/ca.h"
#include "common/pki/certificate_request.h"
#include "common/pki/join_token.h"
#include "common/pki/revocation_list.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace postwatch;
  static const absl::Time now = absl::FromUnixSeconds(1793620800);
  static const auto* authority =
      new absl::StatusOr<IssuedCertificate>(MakeAuthority("fuzz", now, absl::Hours(24)));
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);

  const absl::StatusOr<JoinToken> token = ReadJoinToken(text);
  if (token.ok()) {
    Require(IdentityUri(token->identity).ok() && token->id.size() == 32);
    Require(token->made < token->expires);
    Require(token->expires - token->made <= kMaxJoinTokenLifetime);
  }
  // Nobody but the authority can make one.
  Require(!VerifyJoinToken(text, (*authority)->certificate, now).ok());

  const absl::StatusOr<KeyPtr> key = ReadCertificateRequest(text);
  Require(!key.ok() || (*key != nullptr && size <= kMaxCertificateRequestBytes));
  const bool list = RevocationList::Parse(text, (*authority)->certificate).ok();
  Require(!list);
  RevocationList revoked;
  if (revoked.Revoke(std::string(text), now)) Require(revoked.size() == 1 && size <= 40);
  return 0;
}
