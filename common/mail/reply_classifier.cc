#include "common/mail/reply_classifier.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/mail/reply_rules.h"
#include "common/mail/rule_classes.h"
#include "common/mail/text_pattern.h"

namespace postwatch {
namespace {

constexpr size_t kMaxShape = 512;
constexpr std::array<std::string_view, 4> kImapDefaults = {"imap.bad", "imap.no", "imap.bye",
                                                           "imap.unexpected"};

bool Holds(const SmtpRule& rule, StageSet stage, const SmtpReply& reply, std::string_view folded) {
  return (rule.stages & stage) != 0 && ReplyCodeMatches(reply.code, rule.codes) &&
         EnhancedCodeMatches(reply.enhanced, rule.enhanced) && TextMatches(folded, rule.text);
}

bool OneOf(std::string_view word, std::string_view list) {
  if (list.empty()) return true;
  const std::vector<std::string_view> words = Split(list, '|');
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view KindName(ImapStatus::Kind kind) {
  switch (kind) {
    case ImapStatus::Kind::kOk:
      return "ok";
    case ImapStatus::Kind::kNo:
      return "no";
    case ImapStatus::Kind::kBad:
      return "bad";
  }
  return "bad";
}

// A BYE carries the server's response code, if any, at the front of its text.
std::string InnerCode(const ImapStatus& status) {
  if (ImapCodeAtom(status) != "BYE" || !status.text.starts_with('[')) return "";
  return status.text.substr(1, status.text.find_first_of(" ]") - 1);
}

}  // namespace

Classification ClassifySmtpReply(SmtpStage stage, const SmtpReply& reply) {
  if (reply.code < 400 || reply.code > 599) {
    return {"smtp_protocol", "protocol.unexpected-reply", 0.95};
  }
  const std::string folded = FoldText(reply.text);
  for (const auto table : {ProviderRules(), TextRules(), EnhancedCodeRules(), BasicCodeRules()}) {
    for (const SmtpRule& rule : table) {
      if (!Holds(rule, rules::Bit(stage), reply, folded)) continue;
      const std::string_view klass = reply.code < 500 ? rule.klass.temporary : rule.klass.permanent;
      return {klass, rule.id, rule.confidence};
    }
  }
  return {"smtp_protocol", "protocol.no-rule", 0};  // the last basic rule holds for every reply
}

bool IsWithoutRule(std::string_view rule) {
  if (rule.starts_with("basic.")) return true;
  return std::ranges::find(kImapDefaults, rule) != kImapDefaults.end();
}

std::string ReplyShape(std::string_view text) {
  std::string shape;
  const std::string folded = FoldText(text);
  for (const std::string_view word : Split(folded, ' ')) {
    if (shape.size() + word.size() >= kMaxShape) break;
    if (!shape.empty()) shape += ' ';
    const bool link = word.find("://") != word.npos;
    const bool varies = link || word.find_first_of("0123456789@") != word.npos;
    shape += varies ? std::string_view("*") : word;
  }
  return shape;
}

Classification ClassifyImapStatus(ImapStage stage, const ImapStatus& status) {
  const std::string folded = FoldText(status.text);
  const std::string inner = InnerCode(status);
  for (const ImapRule& rule : ImapRules()) {
    if ((rule.stages & rules::Bit(stage)) == 0 || !OneOf(KindName(status.kind), rule.kinds))
      continue;
    if (!OneOf(ImapCodeAtom(status), rule.codes) && !OneOf(inner, rule.codes)) continue;
    if (TextMatches(folded, rule.text)) return {rule.klass, rule.id, rule.confidence};
  }
  return {"imap_protocol", "imap.no-rule", 0};  // the last rule holds for every status
}

}  // namespace postwatch
