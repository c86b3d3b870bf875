#include "cli/reply_tally.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/printable.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxUnknown = 10'000;
constexpr size_t kExampleColumns = 100;
constexpr size_t kColumns[] = {8, 10, 27, 30};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "550 ", "550-", "550" at the start of the line.
bool LooksLikeReply(std::string_view line) {
  return line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && IsDigit(line[1]) &&
         IsDigit(line[2]) && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
}

std::string WordsOf(const SmtpReply& reply) {
  const std::string shape = ReplyShape(reply.text);
  return Concat(reply.code, " ", reply.enhanced, reply.enhanced.empty() ? "" : " ", shape);
}

void AppendCell(std::string& out, std::string_view text, size_t column, bool right = false) {
  const size_t width = kColumns[column];
  const std::string pad(text.size() < width ? width - text.size() : 0, ' ');
  Append(out, right ? pad : "", text, right ? "" : pad, "  ");
}

// The entries, most frequent first; equal ones in order of their names.
template <class Map, class CountOf>
auto ByCount(const Map& map, CountOf count) {
  std::vector<const typename Map::value_type*> order;
  for (const auto& entry : map) order.push_back(&entry);
  std::ranges::stable_sort(
      order, [&](const auto* a, const auto* b) { return count(a->second) > count(b->second); });
  return order;
}

}  // namespace

void ReplyTally::Count(std::string_view event, const Classification& cause,
                       std::string_view words) {
  ++understood_;
  Row& row = rows_[{cause.klass, cause.rule, event}];
  if (++row.count == 1) row.example = words;
  if (!IsWithoutRule(cause.rule)) return;
  const auto known = unknown_.find(words);
  if (known != unknown_.end()) {
    ++known->second;
  } else if (unknown_.size() < kMaxUnknown) {
    unknown_.emplace(words, 1);
  } else {
    ++unknown_left_out_;
  }
}

void ReplyTally::Take(std::string_view line) {
  ++lines_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (TakeBare(line)) return;
  const std::optional<LogLine> read = ReadLogLine(line);
  if (!read.has_value()) return;
  if (read->event == LogEvent::kDelivered) {
    ++understood_;
    ++delivered_;
    return;
  }
  Count(LogEventName(read->event), ClassifyLogLine(*read),
        read->reply.has_value() ? WordsOf(*read->reply) : ReplyShape(read->trouble));
}

// A reply in the middle of which another line comes ends there, unread.
bool ReplyTally::TakeBare(std::string_view line) {
  if (!LooksLikeReply(line)) {
    in_bare_ = false;
    return false;
  }
  if (!in_bare_) bare_ = SmtpReplyParser();
  bare_.Feed(line);
  bare_.Feed("\n");
  in_bare_ = bare_.progress() == SmtpReplyParser::Progress::kMore;
  if (bare_.progress() != SmtpReplyParser::Progress::kDone) return true;
  const SmtpReply& reply = bare_.reply();
  if (reply.code < 400) {
    ++understood_;
    ++delivered_;
  } else {
    Count("replied", ClassifySmtpReply(stage_, reply), WordsOf(reply));
  }
  return true;
}

void ReplyTally::TakeTooLong() {
  ++lines_;
  ++too_long_;
}

void ReplyTally::Take(const Dsn& dsn) {
  for (const DsnRecipient& recipient : dsn.recipients) {
    const bool bad =
        recipient.action == DsnAction::kFailed || recipient.action == DsnAction::kDelayed;
    if (bad) {
      Count(DsnActionName(recipient.action), recipient.cause, WordsOf(recipient.reply));
    } else {
      ++understood_;
      ++delivered_;
    }
  }
}

std::string ReplyTally::Text(bool unknown) const {
  std::string out;
  if (unknown) {
    for (const auto* entry : ByCount(unknown_, [](uint64_t count) { return count; })) {
      AppendCell(out, Concat(entry->second), 0, true);
      Append(out, Printable(entry->first), "\n");
    }
    if (unknown_left_out_ > 0) Append(out, unknown_left_out_, " more of other texts\n");
    return out;
  }
  if (!rows_.empty()) {
    AppendCell(out, "COUNT", 0, true);
    AppendCell(out, "EVENT", 1);
    AppendCell(out, "CLASS", 2);
    AppendCell(out, "RULE", 3);
    out += "EXAMPLE\n";
  }
  for (const auto* entry : ByCount(rows_, [](const Row& row) { return row.count; })) {
    AppendCell(out, Concat(entry->second.count), 0, true);
    AppendCell(out, std::get<2>(entry->first), 1);
    AppendCell(out, std::get<0>(entry->first), 2);
    AppendCell(out, std::get<1>(entry->first), 3);
    Append(out, Printable(Truncate(entry->second.example, kExampleColumns)), "\n");
  }
  Append(out, rows_.empty() ? "" : "\n", lines_, " lines, ", understood_, " results: ", delivered_,
         " good, ", understood_ - delivered_, " bad, ");
  uint64_t without = unknown_left_out_;
  for (const auto& [text, count] : unknown_) without += count;
  Append(out, without, " of these without a rule of their own\n");
  if (too_long_ > 0) Append(out, too_long_, " lines over 64 KiB were skipped\n");
  return out;
}

std::string ReplyTally::Json() const {
  JsonWriter json;
  json.BeginObject();
  json.Field("version", 1);
  json.Field("lines", static_cast<int64_t>(lines_));
  json.Field("too_long", static_cast<int64_t>(too_long_));
  json.Field("results", static_cast<int64_t>(understood_));
  json.Field("good", static_cast<int64_t>(delivered_));
  json.Key("classes");
  json.BeginArray();
  for (const auto* entry : ByCount(rows_, [](const Row& row) { return row.count; })) {
    json.BeginObject();
    json.Field("class", std::get<0>(entry->first));
    json.Field("rule", std::get<1>(entry->first));
    json.Field("event", std::get<2>(entry->first));
    json.Field("count", static_cast<int64_t>(entry->second.count));
    json.Field("example", std::string_view(entry->second.example));
    json.EndObject();
  }
  json.EndArray();
  json.Key("unknown");
  json.BeginArray();
  for (const auto* entry : ByCount(unknown_, [](uint64_t count) { return count; })) {
    json.BeginObject();
    json.Field("text", std::string_view(entry->first));
    json.Field("count", static_cast<int64_t>(entry->second));
    json.EndObject();
  }
  json.EndArray();
  json.Field("unknown_left_out", static_cast<int64_t>(unknown_left_out_));
  json.EndObject();
  return json.Take();
}

}  // namespace postwatch::cli
