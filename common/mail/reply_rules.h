// Reply rules: the tables by which servers' words become failure classes; data, in order of trial.
#pragma once

#include <span>
#include <string_view>

namespace postwatch {

// Class names of common/model/failure_class.h for a 4xx and for a 5xx; the same where the class
// does not depend on it. Retryability follows the basic code, the cause follows the rule.
struct RuleClass {
  std::string_view temporary;
  std::string_view permanent;
};

// Stages as bits, 1 << SmtpStage or 1 << ImapStage.
using StageSet = unsigned;
inline constexpr StageSet kAnyStage = ~0u;

// All conditions must hold; patterns as in text_pattern.h, an empty one always holds.
struct SmtpRule {
  std::string_view id;
  StageSet stages;
  std::string_view codes;     // "421|45"
  std::string_view enhanced;  // "4.7.500-699|x.7.26"
  std::string_view text;      // "over quota|mailbox*full"
  RuleClass klass;
  double confidence;
};

// Texts of one provider or product, then texts that mean the same everywhere.
std::span<const SmtpRule> ProviderRules();
std::span<const SmtpRule> TextRules();
// Defaults by enhanced code (RFC 3463 and the IANA registry), then by basic code and stage.
std::span<const SmtpRule> EnhancedCodeRules();
std::span<const SmtpRule> BasicCodeRules();

struct ImapRule {
  std::string_view id;
  StageSet stages;
  std::string_view kinds;  // "no", "bad", "no|bad"; "" = any
  std::string_view codes;  // response codes: "LIMIT|INUSE"; "" = any or none
  std::string_view text;
  std::string_view klass;
  double confidence;
};

// Texts that decide whatever the code is, response codes, other texts, defaults by stage.
std::span<const ImapRule> ImapRules();

}  // namespace postwatch
