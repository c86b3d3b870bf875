// OAuth token: gets the access token of a mailbox by its refresh token (RFC 6749 section 6).
#pragma once

#include <optional>
#include <string>

#include "agent/probes/dns/mail_dns.h"
#include "common/base/secret.h"
#include "common/checks/mail/mailbox_settings.h"

namespace postwatch::agent {

// What the token of these settings is kept under. Holds no secret.
std::string TokenKey(const OauthSettings& oauth);

// The token kept from an earlier run (`kept`), or a fresh one: steps `dns`, `connect`, `tls` and
// `http` to the token endpoint, whose components count only when it is at fault. The fault is
// oauth_token_endpoint when the endpoint cannot be asked or fails itself; smtp_token_expired when
// it says that the refresh token has expired; `refused` for any other refusal. Every secret is kept
// out of the record.
Task<std::optional<Fault>> TakeAccessToken(const RunContext& context, const OauthSettings& oauth,
                                           FailureClass refused, Secret& token, bool& kept);

}  // namespace postwatch::agent
