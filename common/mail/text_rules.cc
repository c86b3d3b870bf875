// Reply rules for texts that mean the same whoever says them. Families in a fixed order: words of
// blocking, greylisting, throttling and quota are tried before "user unknown", because many servers
// refuse a blocked client with "Recipient address rejected".
#include <array>

#include "common/mail/reply_rules.h"
#include "common/mail/rule_classes.h"

namespace postwatch {
namespace {

using namespace rules;

constexpr double kGeneric = 0.8;

constexpr SmtpRule Of(std::string_view id, StageSet stages, std::string_view codes,
                      std::string_view enhanced, std::string_view text, RuleClass klass) {
  return {id, stages, codes, enhanced, text, klass, kGeneric};
}

constexpr auto kTextRules = std::to_array<SmtpRule>({
    Of("text.loop", kAnyStage, "", "",
       "too many hops|mail loop|loops back to myself|hop count exceeded|routing loop", kLoop),
    // "Too many connections, try again in 60 seconds" is no greylisting.
    Of("text.connections", kAnyStage, "4|5", "",
       "too many*connections|too many concurrent|too many simultaneous|too many*sessions|"
       "rate limit|too fast|too quickly|slow down|throttl|rate exceeded",
       kThrottled),
    Of("text.greylist", kAnyStage, "", "",
       "greylist|graylist|grey-list|gray-list|grey list|gray list|try again in # sec|"
       "try again in # min|come back later|come back in|first contact|retry in # sec|"
       "retry in # min",
       kGreylisted),
    // A quota said by code is the mailbox's, whatever else is exceeded in the sentence.
    Of("text.quota-code", ~kAuth, "4|5", "x.2.2", "quota|full|storage|space|limit", kMailboxFull),
    Of("text.quota-words", ~kAuth, "4|5", "",
       "mailbox full|mailbox is full|mailbox has exceeded*quota|user*over quota|"
       "exceeded his quota|exceeded their quota|mailbox quota|storage limit",
       kMailboxFull),
    Of("text.system-full", ~kAuth, "4|5", "",
       "insufficient system storage|insufficient system resources|insufficient disk|disk full|"
       "no space left",
       kSystemFull),
    Of("text.size", ~kAuth, "4|5", "x.3.4|x.2.3", "", kSize),
    Of("text.size-words", ~kAuth, "5|452", "",
       "message size exceeds|message exceeds*size|message is too large|message too large|"
       "message too big|message file too big|maximum message size|message length exceeds|"
       "size limit exceeded|exceeds*size limit|exceeded*size limit",
       kSize),
    // Sender authentication named by code and by word, before "sender ip" is taken for a list.
    Of("text.sender-authentication", kAnyStage, "4|5", "x.7.20-27",
       "spf|sender policy|dkim|dmarc|ptr|reverse|authentica", kPolicy),
    // Lists of links are about the message, not about us.
    Of("text.content-links", kContentStages, "", "", "surbl|uribl|url in|link in|%urls%|%links%",
       kContent),
    Of("text.blocklist", kAnyStage, "", "",
       "blocked using|blacklist|black-list|black list|blocklist|block-list|block list|"
       "%listed at|%listed by|%listed in|%listed on|dnsbl|%rbl%|spamhaus|barracuda|reputation|"
       "banned sending ip|banned ip|sender ip|your ip*blocked|ip address*blocked|block for spam|"
       "blocked for spam|blocked due to spam|too many spam|too many recent spam|"
       "spam*from your ip|spam abuse",
       kBlocklisted),
    Of("text.auth-locked", kAuth, "", "", "account*%locked|user*%locked|locked out", kAuthAccount),
    Of("text.throttle", kAnyStage, "", "",
       "rate-limit|ratelimit|too many messages|too many recipients|too many*login|"
       "too many failed|too many auth|too many*attempts|too much mail|per hour|per minute|"
       "exceeded*limit*send|exceeded*limit*messag|exceeded*limit*hour|exceeded*limit*day|"
       "exceeded*quota*send|exceeded*quota*messag|exceeded*quota*hour|exceeded*quota*day|"
       "daily limit|hourly limit|daily*quota|hourly*quota|sending limit|concurren|"
       "limit exceeded|exceeded permitted limit|exceeded*threshold|unusual sending activity",
       kThrottled),
    Of("text.quota", ~kAuth, "4|5", "",
       "over quota|overquota|over-quota|quota exceeded|exceeded*quota|insufficient storage|"
       "not enough space|not enough storage|out of storage",
       kMailboxFull),

    // Only during AUTH: elsewhere "disabled" is said of recipients.
    Of("text.auth-temporary", kAuth, "4", "",
       "temporar|try again|unavailable|internal|connection|timeout|timed out", kAuthTemp),
    Of("text.auth-unavailable", kAuth, "5", "", "temporary*fail|temporarily|internal*error",
       kAuthTemp),
    Of("text.auth-method", kAuth, "4|5", "",
       "mechanism|basic authentication|auth type|authentication type|not supported|"
       "not implemented|not enabled|not advertised|unrecogni|encryption required|starttls",
       kAuthMethod),
    Of("text.auth-account", kAuth, "", "",
       "disabled|suspended|%locked|consent|access rights|not have access|"
       "no access|%mfa%|multi-factor|security defaults|web browser|expired|deactivated|blocked",
       kAuthAccount),
    Of("text.auth", kAuth, "", "",
       "authentication failed|authentication unsuccessful|authentication failure|"
       "authentication rejected|username and password not accepted|invalid credentials|"
       "credentials*invalid|incorrect|bad username|invalid login|invalid user|wrong password|"
       "auth failed|login failed|bad credentials|access denied",
       kAuthFailed),

    Of("text.relay-denied", kAnyStage, "4|5", "",
       "relaying denied|relay denied|relay not permitted|relaying not permitted|unable to relay|"
       "not permitted to relay|not allowed to relay|relaying not allowed|relay not allowed|"
       "relay*prohibited|relaying is prohibited|do not relay|not relay|relaying disallowed|"
       "not a relay|open relay|%relaying%|third-party relay",
       kRelayDenied),
    Of("text.auth-required", ~kAuth, "4|5", "",
       "authentication required|authentication is required|requires authentication|"
       "must authenticate|authenticate first|must be authenticated|not authenticated|"
       "log in first|auth first|login first|auth command first",
       kAuthRequired),
    Of("text.tls-required", ~kAuth, "4|5", "",
       "must issue a starttls|tls required|tls is required|requires tls|starttls first|"
       "encryption required|use starttls",
       kPolicy),
    Of("text.starttls", kStartTls, "4|5", "", "", kStartTlsRefused),
    Of("text.sender-authentication-words", kAnyStage, "4|5", "", "%spf%|dkim|dmarc", kPolicy),
    Of("text.sender", kAnyStage, "4|5", "",
       "sender verify failed|sender rejected|invalid sender|unknown sender|sender domain|"
       "domain of sender|sender address|sender not|unverified sender|not owned by user|"
       "not allowed to send|envelope sender|sender verify|sender verification|verify sender|"
       "verify the sender|verifying sender",
       kSenderRejected),
    Of("text.sender-domain", kMail, "4|5", "",
       "domain*does not exist|domain not found|domain*not resolve|unresolvable|not a valid domain",
       kSenderRejected),
    Of("text.policy", kAnyStage, "4|55|504|501|521", "",
       "%spf%|dkim|dmarc|reverse dns|reverse hostname|reverse lookup|name lookup "
       "failed|%rdns%|%ptr%|%helo%",
       kPolicy),
    Of("text.content", kAnyStage, "", "",
       "spam|virus|malware|content|unsolicited|%junk%|infected|phishing|attachment|message "
       "filtered|eicar",
       kContent),
    Of("text.no-user", ~(kAuth | kConnect | kEhlo), "4|5", "",
       "user unknown|no such user|no such person|no such account|not known here|nonexistent|"
       "non-existent|no longer|unknown or illegal|mailbox is disabled|account closed|"
       "not a valid email|not a valid address|no account|no such recipient|no such address|no such "
       "mailbox|"
       "no such local user|does not exist|doesn't exist|invalid recipient|unknown user|"
       "unknown mailbox|unknown recipient|unknown address|unknown local|recipient not found|"
       "recipient unknown|user not found|mailbox not found|address not found|mailbox unavailable|"
       "no mailbox|not a valid mailbox|not a valid user|not a known user|address unknown|"
       "unrouteable address|unroutable address|account*inactive|mailbox*disabled|account*disabled|"
       "not our customer|user doesn't have|addressee unknown|recipient address verification failed|"
       "recipient verification failed|recipient verify failed",
       kMailboxUnknown),
    Of("text.routing", ~(kAuth | kConnect), "4|5", "",
       "no route to host|host not found|name server|connection refused|connection timed out|"
       "domain not found|could not resolve|unable to route|host unknown|unknown host|no mx",
       kRouting),
    Of("text.local-policy", ~kConnect, "4|5", "",
       "local policy|policy reasons|policy violation|violates*policy|against policy|"
       "administrative prohibition|administratively|security polic|policy restrictions|"
       "rejected by policy|blocked by policy|due to*polic|anti-spoofing|"
       "rejected by destination domain",
       kPolicy),
    Of("text.shutdown", ~kConnect, "421", "",
       "closing transmission channel|closing channel|closing connection|shutting down|"
       "shutdown|going down|system shut",
       kShutdown),
    Of("text.server", ~kConnect, "4|5", "",
       "internal error|internal server error|local error in processing|local problem|"
       "temporary local|temporary server|temporary system|service not available|"
       "configuration error|unexpected error",
       kServer),
});

}  // namespace

std::span<const SmtpRule> TextRules() { return kTextRules; }

}  // namespace postwatch
