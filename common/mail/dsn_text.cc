#include "common/mail/dsn_text.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/mail/mime.h"

namespace postwatch {
namespace {

constexpr size_t kMaxText = 64 * 1024;
constexpr size_t kMaxLines = 400;
constexpr size_t kMaxReplyText = 1024;
constexpr size_t kMaxAddress = 320;
constexpr int kPermanentFailure = 550;
constexpr int kTemporaryFailure = 450;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "5.1.1" at the start of `text`; "" when there is none. RFC 3463: class 2, 4 or 5, then two
// numbers of up to three digits.
std::string_view EnhancedAt(std::string_view text) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5')) return "";
  size_t at = 1;
  for (int part = 0; part < 2; ++part) {
    if (at >= text.size() || text[at] != '.') return "";
    const size_t begin = ++at;
    while (at < text.size() && IsDigit(text[at]) && at - begin < 3) ++at;
    if (at == begin) return "";
  }
  if (at < text.size() && (IsDigit(text[at]) || text[at] == '.') &&
      (at + 1 < text.size() && IsDigit(text[at + 1]))) {
    return "";  // an address like 5.1.1.9
  }
  return text.substr(0, at);
}

struct FoundReply {
  size_t at = std::string_view::npos;
  size_t text_at = 0;  // behind the codes
  int code = 0;        // 0: only an enhanced code
  std::string_view enhanced;
};

// "550 5.1.1 ..." or "550-..." at `at`, where no word runs into it.
std::optional<FoundReply> ReplyAt(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.size() < 4 || (rest[0] != '4' && rest[0] != '5') || !IsDigit(rest[1]) ||
      !IsDigit(rest[2]) || (rest[3] != ' ' && rest[3] != '-')) {
    return std::nullopt;
  }
  FoundReply found;
  found.at = at;
  found.code = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
  found.text_at = at + 4;
  const std::string_view behind = rest.substr(4);
  const std::string_view from = behind.substr(behind.starts_with('#') ? 1 : 0);
  found.enhanced = EnhancedAt(from);
  if (!found.enhanced.empty()) {
    found.text_at += found.enhanced.size() + (behind.size() - from.size());
  }
  return found;
}

bool StartsWords(std::string_view text, size_t at) {
  if (at >= text.size()) return false;
  const char c = text[at];
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '<' || c == '[' || c == '(';
}

bool StartsWord(std::string_view text, size_t at) {
  if (at == 0) return true;
  const char before = text[at - 1];
  return before == ' ' || before == '\t' || before == '\n' || before == '\r' || before == '#' ||
         before == ';' || before == ':' || before == '(' || before == '\'' || before == '"';
}

// The first reply with a basic code counts, else the first "#5.1.1" or "(5.1.1)". A number that is
// followed by neither an enhanced code nor words is none.
FoundReply FindReply(std::string_view text) {
  FoundReply bare;
  for (size_t at = 0; at + 4 < text.size(); ++at) {
    if ((text[at] != '4' && text[at] != '5') || !StartsWord(text, at)) continue;
    const std::optional<FoundReply> reply = ReplyAt(text, at);
    if (reply.has_value() && (!reply->enhanced.empty() || StartsWords(text, reply->text_at))) {
      return *reply;
    }
    const std::string_view enhanced = EnhancedAt(text.substr(at));
    if (bare.at != text.npos || enhanced.empty()) continue;
    bare.at = at;
    bare.enhanced = enhanced;
  }
  return bare;
}

// The words of one reply: line ends become blanks, and the codes that began further lines go.
std::string OneText(std::string_view text, int code) {
  std::string out;
  const std::string plain = Concat(code, " ");
  const std::string more = Concat(code, "-");
  for (const std::string_view raw : Split(text, '\n')) {
    std::string_view line = Trim(raw);
    if (line.empty() && !out.empty()) break;
    if (!out.empty() && !line.empty()) out += ' ';
    out += line;
    if (out.size() > 2 * kMaxReplyText) break;
  }
  for (const std::string& mark : {more, plain}) {
    for (size_t at = out.find(mark); at != out.npos; at = out.find(mark, at)) {
      const bool word = at == 0 || out[at - 1] == ' ';
      const std::string_view enhanced =
          word ? EnhancedAt(std::string_view(out).substr(at + mark.size())) : "";
      if (enhanced.empty()) {
        ++at;
        continue;
      }
      out.erase(at, std::min(mark.size() + enhanced.size() + 1, out.size() - at));
    }
  }
  return std::string(Truncate(Trim(out), kMaxReplyText));
}

SmtpStage StageOf(std::string_view words) {
  if (ContainsIgnoreCase(words, "end of data") || ContainsIgnoreCase(words, "after DATA")) {
    return SmtpStage::kFinal;
  }
  if (ContainsIgnoreCase(words, "to MAIL FROM") || ContainsIgnoreCase(words, "after MAIL FROM")) {
    return SmtpStage::kMail;
  }
  return SmtpStage::kRcpt;
}

// Words that make a form known, in any case of letters.
struct Form {
  DsnForm form;
  std::string_view word;
};

constexpr auto kForms = std::to_array<Form>({
    {DsnForm::kQmail, "this is the qmail-send program"},
    {DsnForm::kQmail, "i'm afraid i wasn't able to deliver your message"},
    {DsnForm::kExim, "created automatically by mail delivery software"},
    {DsnForm::kExchange, "diagnostic information for administrators"},
    {DsnForm::kExchange, "the following recipient(s) could not be reached"},
    {DsnForm::kExchange, "the following recipient(s) cannot be reached"},
    {DsnForm::kSendmail, "transcript of session follows"},
    {DsnForm::kSendmail, "the following addresses had permanent fatal errors"},
});

// Subjects of notices in the languages that servers write.
constexpr auto kSubjects = std::to_array<std::string_view>({"undeliver",
                                                            "delivery failure",
                                                            "delivery failed",
                                                            "delivery status notification",
                                                            "delivery has failed",
                                                            "failure notice",
                                                            "returned mail",
                                                            "returning message",
                                                            "mail delivery",
                                                            "delivery delayed",
                                                            "delayed mail",
                                                            "message delayed",
                                                            "could not be delivered",
                                                            "non-delivery",
                                                            "nicht zugestellt",
                                                            "unzustellbar",
                                                            "non remis",
                                                            "non distribu",
                                                            "no se puede entregar",
                                                            "non recapitabile",
                                                            "onbestelbaar"});

constexpr auto kDelays = std::to_array<std::string_view>(
    {"not yet been delivered", "has not been delivered yet", "will continue to be",
     "delivery attempts will continue", "still being retried", "will be retried",
     "will keep trying", "could not be delivered for the last", "delivery is delayed",
     "warning message only", "you do not need to resend"});

constexpr auto kDelaySubjects =
    std::to_array<std::string_view>({"delayed", "(delay)", "warning:", "delay)"});

template <class Words>
bool HasAny(std::string_view text, const Words& words) {
  return std::any_of(words.begin(), words.end(),
                     [text](std::string_view word) { return ContainsIgnoreCase(text, word); });
}

bool FromMailSystem(std::string_view headers) {
  const std::string from = HeaderField(headers, "From");
  return ContainsIgnoreCase(from, "mailer-daemon") || ContainsIgnoreCase(from, "postmaster") ||
         ContainsIgnoreCase(from, "mail delivery") ||
         ContainsIgnoreCase(from, "microsoftexchange") ||
         Trim(HeaderField(headers, "Return-Path")) == "<>";
}

std::optional<DsnForm> FormOf(std::string_view headers, std::string_view text) {
  for (const Form& form : kForms) {
    if (ContainsIgnoreCase(text, form.word)) return form.form;
  }
  if (!HeaderField(headers, "X-Failed-Recipients").empty()) return DsnForm::kExim;
  const bool notice = FromMailSystem(headers) && HasAny(HeaderField(headers, "Subject"), kSubjects);
  if (notice) return DsnForm::kOther;
  return std::nullopt;
}

// The copy of our letter at the end of a notice holds no words of the server.
std::string_view WithoutCopy(std::string_view text) {
  constexpr auto kMarks = std::to_array<std::string_view>(
      {"--- Below this line is a copy", "------ This is a copy of",
       "--- Undelivered message follows", "----- Original message", "----- Message header follows",
       "Original message headers:", "--- The header of the original message"});
  size_t end = text.size();
  for (const std::string_view mark : kMarks) end = std::min(end, text.find(mark));
  return text.substr(0, end);
}

bool IsAddressChar(char c) {
  return c > ' ' && c != '<' && c != '>' && c != '"' && c != '(' && c != ')' && c != ',' &&
         c != ';' && c != ':' && c != '[' && c != ']' && c != '\'' && c != 0x7f;
}

// The address around the '@' at `at`; "" when there is none.
std::string_view AddressAround(std::string_view text, size_t at) {
  size_t begin = at;
  size_t end = at + 1;
  while (begin > 0 && IsAddressChar(text[begin - 1])) --begin;
  while (end < text.size() && IsAddressChar(text[end])) ++end;
  while (end > at && text[end - 1] == '.') --end;
  const bool whole = begin < at && end > at + 1 && end - begin <= kMaxAddress;
  return whole ? text.substr(begin, end - begin) : "";
}

// Whether a line says nothing but whom it is about: "<probe@example.com>:", "  probe@example.com".
bool IsRecipientLine(std::string_view line, std::string_view address) {
  const std::string_view bare = Trim(line);
  const size_t at = bare.find(address);
  const size_t behind = at + address.size();
  const bool starts = at == 0 || (at == 1 && (bare[0] == '<' || bare[0] == '\''));
  const bool alone = bare.size() - behind <= 2;
  return starts && (alone || bare.substr(behind).starts_with(" (") ||
                    bare.substr(behind).starts_with(" on "));
}

// A line of its own with an address begins the words about a recipient.
struct Place {
  std::string_view address;
  std::string_view words;  // from its line on
};

std::string_view BehindAddress(std::string_view words) {
  const size_t begin = words.find_first_not_of(">:') \t\r\n");
  return begin == words.npos ? "" : words.substr(begin);
}

Place FindRecipient(std::string_view text) {
  Place first{"", text};
  size_t lines = 0;
  for (size_t begin = 0; begin < text.size() && lines < kMaxLines; ++lines) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const size_t at = line.find('@');
    const std::string_view address = at == line.npos ? "" : AddressAround(line, at);
    if (!address.empty()) {
      const size_t behind = begin + static_cast<size_t>(address.data() - line.data());
      const Place place{address, BehindAddress(text.substr(behind + address.size()))};
      if (IsRecipientLine(line, address)) return place;
      if (first.address.empty() && line.find('<') != line.npos) first = {address, text};
    }
    begin = end + 1;
  }
  return first;
}

// What follows the address names the cause; where it names none, whatever in the text does.
std::string_view WordsAbout(const Place& place, std::string_view text) {
  if (FindReply(place.words).at != text.npos) return place.words;
  return place.words.empty() || FindReply(text).at != text.npos ? text : place.words;
}

}  // namespace

void ReadDsnReply(std::string_view words, std::string_view status, DsnRecipient& recipient) {
  words = words.substr(0, kMaxText);
  const FoundReply found = FindReply(words);
  const bool is_class = !EnhancedAt(status).empty() && EnhancedAt(status) == status;
  SmtpReply& reply = recipient.reply;
  reply.enhanced = std::string(found.enhanced.empty() && is_class ? status : found.enhanced);
  recipient.told_code = found.code != 0;
  const bool temporary = reply.enhanced.empty() ? recipient.action == DsnAction::kDelayed
                                                : reply.enhanced.starts_with('4');
  reply.code = temporary ? kTemporaryFailure : kPermanentFailure;
  if (recipient.told_code) reply.code = found.code;
  // A bare "(#5.1.1)" stands behind the words it belongs to.
  const size_t from = recipient.told_code ? found.text_at : 0;
  reply.text = OneText(words.substr(from), reply.code);
  const bool bad =
      recipient.action == DsnAction::kFailed || recipient.action == DsnAction::kDelayed;
  if (bad) recipient.cause = ClassifySmtpReply(StageOf(words), reply);
}

std::optional<Dsn> ReadDsnText(std::string_view headers, std::string_view text) {
  text = WithoutCopy(text.substr(0, kMaxText));
  const std::optional<DsnForm> form = FormOf(headers, text);
  if (!form.has_value()) return std::nullopt;
  Dsn dsn;
  dsn.form = *form;
  DsnRecipient recipient;
  const Place place = FindRecipient(text);
  recipient.address = std::string(place.address);
  const std::string failed = HeaderField(headers, "X-Failed-Recipients");
  if (!failed.empty()) {
    const std::string_view list = failed;
    recipient.address = std::string(Truncate(Trim(list.substr(0, list.find(','))), kMaxAddress));
  }
  const bool delayed =
      HasAny(text, kDelays) || HasAny(HeaderField(headers, "Subject"), kDelaySubjects);
  recipient.action = delayed ? DsnAction::kDelayed : DsnAction::kFailed;
  ReadDsnReply(WordsAbout(place, text), "", recipient);
  dsn.recipients.push_back(std::move(recipient));
  return dsn;
}

}  // namespace postwatch
