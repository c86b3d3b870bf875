// Rule classes: the failure classes that the tables of reply rules name, and their stages.
#pragma once

#include "common/mail/reply_classifier.h"
#include "common/mail/reply_rules.h"

namespace postwatch::rules {

consteval RuleClass Always(std::string_view name) { return {name, name}; }

inline constexpr RuleClass kBannerRefused{"smtp_banner_refused_temp", "smtp_banner_refused_perm"};
inline constexpr RuleClass kThrottled{"smtp_throttled_temp", "smtp_throttled_perm"};
inline constexpr RuleClass kBlocklisted{"smtp_blocklisted_temp", "smtp_blocklisted_perm"};
inline constexpr RuleClass kPolicy{"smtp_policy_temp", "smtp_policy_perm"};
inline constexpr RuleClass kRelayDenied{"smtp_relay_denied_temp", "smtp_relay_denied_perm"};
inline constexpr RuleClass kSenderRejected{"smtp_sender_rejected_temp",
                                           "smtp_sender_rejected_perm"};
inline constexpr RuleClass kMailboxUnknown{"smtp_mailbox_unknown_temp",
                                           "smtp_mailbox_unknown_perm"};
inline constexpr RuleClass kMailboxFull{"smtp_mailbox_full_temp", "smtp_mailbox_full_perm"};
inline constexpr RuleClass kContent{"smtp_content_temp", "smtp_content_perm"};
inline constexpr RuleClass kRouting{"smtp_routing_temp", "smtp_routing_perm"};
inline constexpr RuleClass kServer{"smtp_server_temp", "smtp_server_perm"};
inline constexpr RuleClass kUnclassified{"smtp_unclassified_4xx", "smtp_unclassified_5xx"};
// A refused credential is only certain when the refusal is permanent (RFC 4954 section 6).
inline constexpr RuleClass kAuthFailed{"smtp_auth_temp", "smtp_auth_failed"};
inline constexpr RuleClass kAuthTemp = Always("smtp_auth_temp");
inline constexpr RuleClass kAuthMethod = Always("smtp_auth_method");
inline constexpr RuleClass kAuthAccount = Always("smtp_auth_account");
inline constexpr RuleClass kAuthRequired = Always("smtp_auth_required");
inline constexpr RuleClass kGreylisted = Always("smtp_greylisted");
inline constexpr RuleClass kSystemFull = Always("smtp_system_full");
inline constexpr RuleClass kRblQueryError = Always("smtp_rbl_query_error");
inline constexpr RuleClass kSize = Always("smtp_size");
inline constexpr RuleClass kLoop = Always("smtp_loop");
inline constexpr RuleClass kProtocol = Always("smtp_protocol");
inline constexpr RuleClass kShutdown = Always("smtp_shutdown");
inline constexpr RuleClass kBounce = Always("bounce");
inline constexpr RuleClass kNullMx = Always("dns_null_mx");
inline constexpr RuleClass kStartTlsRefused = Always("tls_starttls_refused");
inline constexpr RuleClass kMtaSts = Always("tls_mtasts_mismatch");
inline constexpr RuleClass kDane = Always("tls_dane_mismatch");

constexpr StageSet Bit(SmtpStage stage) { return 1u << static_cast<unsigned>(stage); }
constexpr StageSet Bit(ImapStage stage) { return 1u << static_cast<unsigned>(stage); }

inline constexpr StageSet kConnect = Bit(SmtpStage::kConnect);
inline constexpr StageSet kEhlo = Bit(SmtpStage::kEhlo);
inline constexpr StageSet kStartTls = Bit(SmtpStage::kStartTls);
inline constexpr StageSet kAuth = Bit(SmtpStage::kAuth);
inline constexpr StageSet kMail = Bit(SmtpStage::kMail);
inline constexpr StageSet kRcpt = Bit(SmtpStage::kRcpt);
inline constexpr StageSet kContentStages = Bit(SmtpStage::kData) | Bit(SmtpStage::kFinal);

}  // namespace postwatch::rules
