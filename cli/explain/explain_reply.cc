#include "cli/explain/explain_reply.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/explain/explain_class.h"
#include "cli/explain/reply_codes.h"
#include "cli/paragraphs.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/mail/reply_classifier.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxReply = 2048;

struct Stage {
  SmtpStage stage;
  std::string_view when;
};

// The likeliest first: its class is the one told at length.
constexpr auto kStages = std::to_array<Stage>({
    {SmtpStage::kRcpt, "to RCPT TO"},
    {SmtpStage::kConnect, "as the greeting"},
    {SmtpStage::kEhlo, "to EHLO"},
    {SmtpStage::kStartTls, "to STARTTLS"},
    {SmtpStage::kAuth, "to the login"},
    {SmtpStage::kMail, "to MAIL FROM"},
    {SmtpStage::kData, "to DATA"},
    {SmtpStage::kFinal, "to the message itself"},
});

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "5.7.1" at the start, with nothing or a space behind it; "" when there is none.
std::string_view LeadingEnhanced(std::string_view text) {
  const std::string_view word = text.substr(0, text.find_first_of(" \n"));
  const std::vector<std::string_view> parts = Split(word, '.');
  if (parts.size() != 3) return "";
  if (parts[0] != "2" && parts[0] != "4" && parts[0] != "5") return "";
  for (const std::string_view part : {parts[1], parts[2]}) {
    if (part.empty() || part.size() > 3 || !std::ranges::all_of(part, IsDigit)) return "";
  }
  return word;
}

// "550" at the start, with nothing, a space or a hyphen behind it; 0 when there is none.
int LeadingCode(std::string_view text) {
  if (text.size() < 3 || !std::ranges::all_of(text.substr(0, 3), IsDigit)) return 0;
  if (text.size() > 3 && text[3] != ' ' && text[3] != '-') return 0;
  const int64_t code = ParseInteger(text.substr(0, 3)).value_or(0);
  return code >= 200 && code < 600 ? static_cast<int>(code) : 0;
}

// "550 mx.example.com" is a record of the DNS.
bool IsMxRecord(std::string_view words) {
  const std::vector<std::string_view> parts = Split(Trim(words), ' ');
  return parts.size() == 2 && IsDomainName(AsciiLower(parts[1])) &&
         parts[1].find_first_not_of("0123456789.") != std::string_view::npos;
}

std::optional<SmtpReply> ReadReply(std::string_view words) {
  if (IsMxRecord(words)) return std::nullopt;
  std::string_view rest = Trim(Truncate(words, kMaxReply));
  SmtpReply reply;
  reply.code = LeadingCode(rest);
  if (reply.code != 0) rest = Trim(rest.substr(std::min<size_t>(4, rest.size())));
  reply.enhanced = LeadingEnhanced(rest);
  if (reply.code == 0 && reply.enhanced.empty()) return std::nullopt;
  if (reply.code == 0) reply.code = (reply.enhanced[0] - '0') * 100 + 50;
  // Codes of further lines: "550-5.7.1 more".
  for (const std::string_view line : Split(rest, '\n')) {
    std::string_view text = Trim(line);
    if (LeadingCode(text) == reply.code) text = Trim(text.substr(std::min<size_t>(4, text.size())));
    if (!reply.text.empty()) reply.text += '\n';
    reply.text += text;
  }
  return reply;
}

std::string_view FirstDigit(int code) {
  if (code >= 500) return "the server refuses for good: senders return the mail";
  if (code >= 400) return "the server refuses for now: senders try again";
  return "the server agrees";
}

// "to RCPT TO and to the message itself smtp_policy_perm" for each class, in order of the stages.
struct Reading {
  Classification classification;
  std::vector<std::string_view> when;
};

std::vector<Reading> Classify(const SmtpReply& reply) {
  std::vector<Reading> readings;
  for (const Stage& stage : kStages) {
    const Classification found = ClassifySmtpReply(stage.stage, reply);
    const auto same = std::ranges::find_if(readings, [&found](const Reading& reading) {
      return reading.classification.klass == found.klass;
    });
    if (same == readings.end()) {
      readings.push_back({found, {stage.when}});
    } else {
      same->when.push_back(stage.when);
    }
  }
  return readings;
}

std::string ClassLine(const Classification& found) {
  return absl::StrFormat("%s (rule %s, confidence %.2g)", std::string(found.klass),
                         std::string(found.rule), found.confidence);
}

}  // namespace

std::optional<std::string> ExplainReply(std::string_view words) {
  const std::optional<SmtpReply> reply = ReadReply(words);
  if (!reply) return std::nullopt;
  std::string out;
  if (LeadingCode(Trim(words)) != 0) {
    out += Paragraph(Concat(reply->code, "    "),
                     Concat(BasicCodeMeaning(reply->code), "; ", FirstDigit(reply->code), "."));
  }
  if (!reply->enhanced.empty()) {
    const std::string_view meaning = EnhancedCodeMeaning(reply->enhanced);
    std::string code = reply->enhanced;
    code.resize(std::max<size_t>(code.size() + 1, 7), ' ');
    out +=
        Paragraph(code, Concat(meaning.empty() ? "a code that is not registered" : meaning, "."));
  }
  if (reply->code < 400) return out;
  const std::vector<Reading> readings = Classify(*reply);
  out += Paragraph("class  ", ClassLine(readings.front().classification));
  for (size_t i = 1; i < readings.size(); ++i) {
    out += Paragraph("       ", Concat("but ", Join(readings[i].when, ", "), ": ",
                                       ClassLine(readings[i].classification)));
  }
  const std::optional<FailureClass> klass =
      ParseFailureClass(readings.front().classification.klass);
  if (klass) Append(out, "\n", ExplainClass(*klass));
  return out;
}

}  // namespace postwatch::cli
