// Reply rules by code alone: the enhanced code (RFC 3463, IANA registry), then the basic code with
// the stage (RFC 5321 section 4.2.3). Weaker than words: many servers choose codes carelessly.
#include <array>

#include "common/mail/reply_rules.h"
#include "common/mail/rule_classes.h"

namespace postwatch {
namespace {

using namespace rules;

constexpr double kEnhanced = 0.7;
constexpr double kBasic = 0.5;
constexpr double kNothingKnown = 0.3;

constexpr SmtpRule Code(std::string_view id, std::string_view enhanced, RuleClass klass,
                        StageSet stages = ~kConnect) {
  return {id, stages, "4|5", enhanced, "", klass, kEnhanced};
}

// Codes that say only "security" or "refused" are worth no more than the basic code.
constexpr SmtpRule Vague(std::string_view id, std::string_view enhanced, RuleClass klass,
                         StageSet stages = ~kConnect) {
  return {id, stages, "4|5", enhanced, "", klass, kBasic};
}

// A refused banner is about our address, whatever enhanced code comes with it: no row for kConnect.
constexpr auto kEnhancedCodeRules = std::to_array<SmtpRule>({
    Code("code.auth.account", "x.7.12|x.7.13|x.7.14", kAuthAccount, kAuth),
    Code("code.auth.method", "x.7.9|x.7.11|x.5.4|x.5.1|x.5.2|x.7.4", kAuthMethod, kAuth),
    Code("code.auth.failed", "x.7.8", kAuthFailed, kAuth),
    Code("code.auth.server", "x.3.x|x.4.x", kAuthTemp, kAuth),
    Vague("code.auth.security", "x.7.x", kAuthFailed, kAuth),
    Code("code.mail.sender", "x.1.0", kSenderRejected, kMail),
    Code("code.null-mx", "5.1.10", kNullMx),
    Code("code.mailbox", "x.1.0|x.1.1|x.1.3|x.1.4|x.1.6", kMailboxUnknown),
    Code("code.destination-system", "x.1.2", kRouting),
    Code("code.sender", "x.1.7|x.1.8|x.1.9", kSenderRejected),
    Code("code.mailbox-disabled", "x.2.1", kMailboxUnknown),
    Code("code.mailbox-full", "x.2.2", kMailboxFull),
    Code("code.message-size", "x.2.3|x.3.4", kSize),
    Code("code.mailbox-status", "x.2.x", kServer),
    Code("code.system-full", "x.3.1", kSystemFull),
    Code("code.system", "x.3.x", kServer),
    Code("code.loop", "x.4.6", kLoop),
    Code("code.congestion", "x.4.5", kServer),
    Code("code.routing", "x.4.x", kRouting),
    Code("code.too-many-recipients", "x.5.3", kThrottled),
    Code("code.protocol", "x.5.x", kProtocol),
    Code("code.content", "x.6.x", kContent),
    Code("code.auth-required", "x.7.57", kAuthRequired),
    Code("code.credentials", "x.7.8", kAuthRequired),
    Code("code.auth-method", "x.7.9|x.7.11", kAuthMethod),
    Code("code.account-disabled", "x.7.13", kAuthAccount),
    Code("code.flood", "x.7.28", kThrottled),
    Code("code.null-mx-sender", "x.7.27", kSenderRejected),
    Code("code.sender-authentication", "x.7.20-26|x.7.29|x.7.31|x.7.32|x.7.40", kPolicy),
    Code("code.requiretls", "x.7.30|x.7.10", kPolicy),
    Vague("code.security", "x.7.x", kPolicy),
});

constexpr SmtpRule Basic(std::string_view id, StageSet stages, std::string_view codes,
                         RuleClass klass) {
  return {id, stages, codes, "", "", klass, kBasic};
}

constexpr auto kBasicCodeRules = std::to_array<SmtpRule>({
    Basic("basic.banner", kConnect, "4|5", kBannerRefused),
    Basic("basic.starttls", kStartTls, "45|5|43", kStartTlsRefused),
    Basic("basic.shutdown", kAnyStage, "421", kShutdown),
    Basic("basic.auth-required", ~kAuth, "530", kAuthRequired),
    Basic("basic.auth.required", kAuth, "530", kAuthRequired),
    Basic("basic.auth.account", kAuth, "432|525", kAuthAccount),
    Basic("basic.auth.method", kAuth, "500|501|502|503|504|534|538", kAuthMethod),
    Basic("basic.auth.temporary", kAuth, "4", kAuthTemp),
    Basic("basic.auth.failed", kAuth, "535|55", kAuthFailed),
    Basic("basic.ehlo.temporary", kEhlo, "4", kServer),
    Basic("basic.syntax", kAnyStage, "500|501|502|503|504|455|555", kProtocol),
    Basic("basic.ehlo.refused", kEhlo, "5", kProtocol),
    Basic("basic.no-mail-here", kAnyStage, "521|556", kNullMx),
    Basic("basic.mail.sender", kMail, "550|553", kSenderRejected),
    Basic("basic.mail.size", kMail, "552", kSize),
    Basic("basic.rcpt.unknown", kRcpt, "550|551|553", kMailboxUnknown),
    Basic("basic.rcpt.full", kRcpt, "552", kMailboxFull),
    Basic("basic.content.size", kContentStages, "552", kSize),
    Basic("basic.content.refused", kContentStages, "550", kContent),
    Basic("basic.storage", kAnyStage, "452", kSystemFull),
    Basic("basic.temporary", kAnyStage, "450|451|454", kServer),
    Basic("basic.transaction", kAnyStage, "554", kServer),
    {"basic.unclassified", kAnyStage, "", "", "", kUnclassified, kNothingKnown},
});

}  // namespace

std::span<const SmtpRule> EnhancedCodeRules() { return kEnhancedCodeRules; }
std::span<const SmtpRule> BasicCodeRules() { return kBasicCodeRules; }

}  // namespace postwatch
