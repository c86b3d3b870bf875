#include "common/mail/reply_rules.h"

#include <array>

#include "common/mail/rule_classes.h"

namespace postwatch {
namespace {

using namespace rules;

constexpr double kProvider = 0.95;

constexpr SmtpRule Of(std::string_view id, std::string_view codes, std::string_view enhanced,
                      std::string_view text, RuleClass klass, StageSet stages = kAnyStage) {
  return {id, stages, codes, enhanced, text, klass, kProvider};
}

// The order matters inside a block only: the more particular text first.
constexpr auto kProviderRules = std::to_array<SmtpRule>({
    // Gmail and Google Workspace. " - gcdp " marks a rule of the customer's own.
    Of("gmail.customer-policy", "", "", " - gcdp ", kPolicy),
    Of("gmail.auth-temporary", "454", "4.7.0", "cannot authenticate due to a temporary system",
       kAuthTemp, kAuth),
    Of("gmail.login-rate", "4", "4.7.0", "too many login attempts", kThrottled, kAuth),
    Of("gmail.bad-credentials", "535", "5.7.8", "username and password not accepted", kAuthFailed),
    Of("gmail.app-password", "534", "5.7.9", "application-specific password", kAuthMethod),
    Of("gmail.web-login", "53", "5.7.14|5.7.9", "web browser", kAuthAccount),
    Of("gmail.temporary", "421|451|450", "4.3.0", "temporary system problem|gsmtp", kServer),
    Of("gmail.busy", "421|451", "4.4.5", "server busy|gsmtp", kServer),
    Of("gmail.unusual-rate", "4", "4.7.0|4.7.28", "unusual rate of unsolicited", kThrottled),
    Of("gmail.rate", "4|5", "x.7.28", "gsmtp|rate", kThrottled),
    Of("gmail.recipient-rate", "4|5", "4.2.1|5.2.1",
       "receiving mail too quickly|receiving mail at a rate|at a rate that", kThrottled),
    Of("gmail.try-later", "421", "4.7.0", "try again later, closing connection", kThrottled),
    Of("gmail.tls-required", "421|530", "4.7.0|5.7.0", "tls required|must issue a starttls",
       kPolicy),
    Of("gmail.over-quota", "45|55", "x.2.2", "over quota|out of storage", kMailboxFull),
    Of("gmail.no-user", "550", "5.1.1", "tried to reach does not exist", kMailboxUnknown),
    Of("gmail.disabled", "550", "5.2.1", "disabled|inactive", kMailboxUnknown),
    Of("gmail.daily-limit", "4|550", "x.4.5", "daily user sending|daily sending", kThrottled),
    Of("gmail.blocked-content", "552", "5.7.0", "", kContent),
    Of("gmail.ptr", "4|5", "x.7.23|x.7.25", "gsmtp", kPolicy),
    Of("gmail.unauthenticated", "4|5", "x.7.26", "gsmtp|sender is unauthenticated", kPolicy),
    Of("gmail.spf", "4|5", "x.7.27", "gsmtp", kPolicy),
    Of("gmail.tls", "4|5", "x.7.29", "gsmtp", kPolicy),
    Of("gmail.dkim", "4|5", "x.7.30", "gsmtp|dkim", kPolicy),
    Of("gmail.dmarc", "4|5", "x.7.31|x.7.40", "gsmtp", kPolicy),
    Of("gmail.alignment", "4|5", "x.7.32", "gsmtp", kPolicy),
    Of("gmail.content", "4|5", "", "likely unsolicited|likely suspicious|unsolicited mail*gsmtp",
       kContent),

    // Microsoft 365.
    Of("m365.concurrent", "4", "4.3.2", "concurrent connections limit", kThrottled),
    Of("m365.sender-threads", "4", "", "storedrv.clientsubmit*sender thread limit", kThrottled),
    Of("m365.send-as", "5", "", "sendasdenied|send as this sender|send-as denied", kSenderRejected),
    Of("m365.sender-throttled", "55", "5.2.251-255", "", kThrottled),
    Of("m365.sender-quota", "55", "x.2.2|x.2.0", "quotaexceeded|storedrv*mailbox full",
       kMailboxFull),
    Of("m365.busy", "451", "4.7.500-699", "server busy", kThrottled),
    Of("m365.access-denied", "451", "4.7.500-699", "", kBlocklisted),
    Of("m365.temporary", "451", "4.3.2", "temporary server error", kServer),
    Of("m365.remote-connection", "4", "4.4.316|4.4.317", "", kRouting),
    Of("m365.block-list", "5", "",
       "block list (s3140|block list (s3150|network is on our block list", kBlocklisted),
    Of("m365.banned-ip", "5", "5.7.606-649|5.7.708|5.7.511|5.7.501-503", "", kBlocklisted),
    Of("m365.recipient-not-found", "550", "5.1.10", "recipientnotfound|recipient not found",
       kMailboxUnknown),
    Of("m365.directory-block", "550", "5.4.1", "recipient address rejected: access denied",
       kMailboxUnknown),
    Of("m365.limits", "5", "5.7.508|5.7.705", "", kThrottled),
    Of("m365.outbound-spam", "5", "", "outboundspamexception", kThrottled),
    Of("m365.group-senders", "5", "5.7.133", "", kPolicy),
    Of("m365.relay", "5", "5.7.64", "", kRelayDenied),
    Of("m365.smtp-auth-disabled", "535", "5.7.139", "smtpclientauthentication is disabled",
       kAuthAccount),
    Of("m365.basic-auth-disabled", "535", "5.7.139", "basic authentication is disabled",
       kAuthAccount),
    Of("m365.security-defaults", "535", "5.7.139", "security defaults", kAuthAccount),
    Of("m365.account-locked", "535", "5.7.139", "%locked", kAuthAccount),
    Of("m365.auth-refused", "535", "5.7.139", "", kAuthAccount),
    Of("m365.basic-auth-retired", "5", "5.7.30", "basic authentication", kAuthMethod),
    Of("m365.not-authenticated", "5", "5.7.57", "", kAuthRequired),
    Of("m365.send-as-code", "5", "5.7.60", "", kSenderRejected),
    Of("m365.mta-sts", "4|5", "x.4.8", "mta-sts", kMtaSts),
    Of("m365.dane", "4|5", "x.7.321-325", "", kDane),
    Of("m365.remote-spam", "5", "5.7.350", "", kBounce),
    Of("m365.expired", "5", "5.4.300|5.4.316", "", kBounce),

    // Yahoo and AOL. TS03 behaves as permanent although it is a 421.
    Of("yahoo.ts03", "4", "", "[ts03]|permanently deferred", Always("smtp_throttled_perm")),
    Of("yahoo.deferred", "4", "", "[tss#]|[ts#]", kThrottled),
    Of("yahoo.resources", "451", "", "resources temporarily unavailable", kThrottled),
    Of("yahoo.blocklist", "5", "", "[bl#]", kBlocklisted),
    Of("yahoo.policy", "554", "5.7.9", "policy", kPolicy),
    Of("yahoo.no-user", "55", "", "this user doesn't have a*account", kMailboxUnknown),

    // iCloud and Proofpoint.
    Of("icloud.local-policy", "5", "5.7.1", "[cs#]|[hm#]", kPolicy),
    Of("proofpoint.blocked", "4|5", "", "ipcheck.proofpoint.com", kBlocklisted),

    // Other providers and filters.
    Of("zoho.not-own-address", "5", "", "relaying disallowed as", kSenderRejected),
    Of("ses.unverified-address", "5", "", "address is not verified", kSenderRejected),
    Of("mimecast.greylisted", "451", "", "internal resources are temporarily unavailable*mimecast",
       kGreylisted),
    Of("barracuda.recipient-policy", "5", "", "failure for one or more recipients*:blocked",
       kPolicy),
    Of("yandex.unavailable", "45", "", "service is currently unavailable. please come back later",
       kServer),
    Of("orange.connections", "", "", "ofr004|ofr007", kThrottled),
    Of("t-online.reputation", "554", "", "problem occurred*tosa@rx.t-online.de", kBlocklisted),
    Of("cpanel.no-account", "550", "", "the account or domain may not exist", kMailboxUnknown),
    Of("qmail.rcpthosts", "5", "", "list of allowed rcpthosts", kRelayDenied),
    Of("qmail.content", "554", "", "mail server permanently rejected message", kContent),
    Of("haraka.relay-denied", "5", "", "i cannot deliver mail for", kRelayDenied),
    Of("amavis.broken", "45", "", "error in processing, id=", kServer),

    // Postfix and what is commonly put before it. A list that answers "open resolver" or
    // 127.255.255.x refuses the query: the server's own resolver is at fault, not our address.
    Of("postfix.rbl-query-error", "4|5", "",
       "blocked using*open resolver|blocked using*127.255.255.", kRblQueryError),
    Of("postfix.rbl", "4|5", "", "client host*blocked using", kBlocklisted),
    Of("postfix.reverse-hostname", "4|5", "",
       "cannot find your reverse hostname|cannot find your hostname", kPolicy),
    Of("postfix.lookup", "451|450", "", "temporary lookup failure", kServer),
    Of("postfix.postscreen-retry", "450", "4.3.2", "service currently unavailable", kGreylisted),
    Of("postfix.milter-down", "451", "4.7.1", "service unavailable - try again later", kServer),
    Of("postgrey.greylisted", "4", "", "greylisted, see http", kGreylisted),
    Of("rspamd.rate-limit", "4", "", "rate limit|ratelimit|limit exceeded", kThrottled),
    Of("rspamd.greylisted", "451", "4.7.1", "try again later|greylist", kGreylisted),
    Of("postfix.relay-denied", "4|5", "", "relay access denied", kRelayDenied),
    Of("postfix.too-many-connections", "421", "4.7.0", "too many connections", kThrottled),
    Of("postfix.too-much-mail", "450", "4.7.1", "too much mail from", kThrottled),
    Of("postfix.tls-local-problem", "454", "", "tls not available", kStartTlsRefused),
    Of("postfix.auth-connection-lost", "4|5", "", "connection lost to authentication server",
       kAuthTemp),
    Of("postfix.auth-temporary", "4|5", "", "temporary authentication failure", kAuthTemp),
    Of("postfix.sender-authentication", "4|5", "", "address rejected*%spf%|address rejected*dmarc",
       kPolicy),
    Of("postfix.sender-rejected", "4|5", "", "sender address rejected", kSenderRejected),
    Of("postfix.timeout", "421", "4.4.2", "timeout", kShutdown),
    Of("postfix.system-full", "45", "x.3.1", "", kSystemFull),

    // Dovecot LMTP and LDA.
    Of("dovecot.quota", "45|55", "x.2.2", "quota|mailbox*full", kMailboxFull),
});

}  // namespace

std::span<const SmtpRule> ProviderRules() { return kProviderRules; }

}  // namespace postwatch
