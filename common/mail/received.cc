#include "common/mail/received.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxHops = 100;
constexpr size_t kMaxValue = 4 * 1024;
constexpr size_t kMaxWord = 256;
constexpr size_t kMaxHeaders = 256 * 1024;
constexpr std::string_view kField = "Received:";

constexpr auto kMonths = std::to_array<std::string_view>(
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"});

struct Zone {
  std::string_view name;
  int minutes;
};

// RFC 5322 section 4.3; every other name counts as UTC.
constexpr auto kZones = std::to_array<Zone>({{"edt", -4 * 60},
                                             {"est", -5 * 60},
                                             {"cdt", -5 * 60},
                                             {"cst", -6 * 60},
                                             {"mdt", -6 * 60},
                                             {"mst", -7 * 60},
                                             {"pdt", -7 * 60},
                                             {"pst", -8 * 60}});

// Comments in parentheses become blanks; an open one takes the rest.
std::string WithoutComments(std::string_view text) {
  std::string out;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && depth > 0) {
      ++i;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && depth > 0) {
      --depth;
      out += ' ';
    } else if (depth == 0) {
      out += c == '\t' || c == '\r' || c == '\n' ? ' ' : c;
    }
  }
  return out;
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view word : Split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

std::optional<int> Number(std::string_view text, int low, int high, size_t max_digits) {
  if (text.empty() || text.size() > max_digits ||
      text.find_first_not_of("0123456789") != text.npos) {
    return std::nullopt;
  }
  const int64_t value = *ParseInteger(text);
  if (value < low || value > high) return std::nullopt;
  return static_cast<int>(value);
}

std::optional<int> Month(std::string_view text) {
  const std::string lower = AsciiLower(text.substr(0, 3));
  const auto* at = std::find(kMonths.begin(), kMonths.end(), lower);
  if (at == kMonths.end()) return std::nullopt;
  return static_cast<int>(at - kMonths.begin()) + 1;
}

std::optional<int> Year(std::string_view text) {
  std::optional<int> year = Number(text, 0, 9999, 4);
  if (!year.has_value()) return std::nullopt;
  if (text.size() <= 2) year = *year + (*year < 50 ? 2000 : 1900);
  if (text.size() == 3) year = *year + 1900;
  return year;
}

// "+0130" in minutes.
std::optional<int> ZoneMinutes(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) {
    const std::optional<int> number =
        text.size() == 5 ? Number(text.substr(1), 0, 9959, 4) : std::nullopt;
    if (!number.has_value() || *number % 100 > 59) return std::nullopt;
    const int minutes = *number / 100 * 60 + *number % 100;
    return text.front() == '-' ? -minutes : minutes;
  }
  for (const Zone& zone : kZones) {
    if (EqualsIgnoreCase(text, zone.name)) return zone.minutes;
  }
  return 0;
}

// "02:03:04" or "02:03".
std::optional<absl::Duration> TimeOfDay(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const std::optional<int> hour = Number(parts[0], 0, 23, 2);
  const std::optional<int> minute = Number(parts[1], 0, 59, 2);
  const std::optional<int> second =
      parts.size() == 3 ? Number(parts[2], 0, 60, 2) : std::optional<int>(0);
  if (!hour.has_value() || !minute.has_value() || !second.has_value()) return std::nullopt;
  return absl::Hours(*hour) + absl::Minutes(*minute) + absl::Seconds(*second);
}

std::string Host(std::string_view word) {
  while (word.ends_with('.') || word.ends_with(',')) word.remove_suffix(1);
  return AsciiLower(Truncate(word, kMaxWord));
}

bool MatchesPattern(std::string_view host, std::string_view pattern) {
  if (host.empty()) return false;
  if (!pattern.starts_with("*.")) return EqualsIgnoreCase(host, pattern);
  const std::string_view tail = pattern.substr(1);
  return host.size() > tail.size() &&
         EqualsIgnoreCase(host.substr(host.size() - tail.size()), tail);
}

// Every value of the field, unfolded.
std::vector<std::string> FieldValues(std::string_view headers) {
  std::vector<std::string> values;
  bool inside = false;
  for (std::string_view line : Split(headers.substr(0, kMaxHeaders), '\n')) {
    if (Trim(line).empty()) break;
    const bool folded = line.starts_with(' ') || line.starts_with('\t');
    if (folded && inside && values.back().size() < kMaxValue)
      Append(values.back(), " ", Trim(line));
    if (folded) continue;
    inside = StartsWithIgnoreCase(line, kField);
    if (inside) values.emplace_back(Trim(line.substr(kField.size())));
  }
  return values;
}

}  // namespace

std::optional<absl::Time> ReadMailDate(std::string_view text) {
  const std::string plain = WithoutComments(text.substr(0, kMaxValue));
  std::vector<std::string_view> words = Words(plain);
  if (!words.empty() && words[0].ends_with(',')) words.erase(words.begin());
  if (words.size() < 4) return std::nullopt;
  // "Mon,23" is seen too.
  const size_t comma = words[0].find(',');
  if (comma != words[0].npos) words[0].remove_prefix(comma + 1);
  const std::optional<int> day = Number(words[0], 1, 31, 2);
  const std::optional<int> month = Month(words[1]);
  const std::optional<int> year = Year(words[2]);
  const std::optional<absl::Duration> time = TimeOfDay(words[3]);
  const std::optional<int> zone = words.size() > 4 ? ZoneMinutes(words[4]) : std::optional<int>(0);
  if (!day.has_value() || !month.has_value() || !year.has_value() || !time.has_value() ||
      !zone.has_value()) {
    return std::nullopt;
  }
  const absl::CivilDay civil(*year, *month, *day);
  if (civil.day() != *day) return std::nullopt;  // the 31st of a month that has 30
  return absl::FromCivil(civil, absl::UTCTimeZone()) + *time - absl::Minutes(*zone);
}

ReceivedHop ReadReceived(std::string_view value) {
  value = value.substr(0, kMaxValue);
  ReceivedHop hop;
  // The date stands behind the last ';' outside of comments.
  const std::string plain = WithoutComments(value);
  const size_t semicolon = plain.rfind(';');
  const std::string_view all(plain);
  if (semicolon != plain.npos) hop.date = ReadMailDate(all.substr(semicolon + 1));
  const std::vector<std::string_view> words = Words(all.substr(0, semicolon));
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string_view next = words[i + 1];
    if (EqualsIgnoreCase(words[i], "from") && hop.from.empty()) {
      hop.from = Host(next);
    } else if (EqualsIgnoreCase(words[i], "by") && hop.by.empty()) {
      hop.by = Host(next);
    } else if (EqualsIgnoreCase(words[i], "with") && hop.with.empty()) {
      hop.with = AsciiUpper(Truncate(next, kMaxWord));
    } else if (EqualsIgnoreCase(words[i], "id") && hop.id.empty()) {
      hop.id = std::string(Truncate(next, kMaxWord));
    } else {
      continue;
    }
    ++i;
  }
  return hop;
}

ReceivedChain ReadReceivedChain(std::string_view headers) {
  ReceivedChain chain;
  const std::vector<std::string> values = FieldValues(headers);
  chain.count = values.size();
  // Each server puts its line on top.
  for (auto it = values.rbegin(); it != values.rend() && chain.hops.size() < kMaxHops; ++it) {
    chain.hops.push_back(ReadReceived(*it));
  }
  return chain;
}

std::vector<HopDelay> HopDelays(const ReceivedChain& chain, absl::Time sent) {
  std::vector<HopDelay> delays;
  absl::Time before = sent;
  for (const ReceivedHop& hop : chain.hops) {
    if (!hop.date.has_value()) continue;
    HopDelay delay{hop.by.empty() ? hop.from : hop.by, *hop.date - before, false};
    delay.skewed = delay.delay < absl::ZeroDuration();
    delay.delay = std::max(delay.delay, absl::ZeroDuration());
    before = *hop.date;
    delays.push_back(std::move(delay));
  }
  return delays;
}

bool PassedThrough(const ReceivedChain& chain, std::string_view pattern) {
  return std::any_of(chain.hops.begin(), chain.hops.end(), [pattern](const ReceivedHop& hop) {
    return MatchesPattern(hop.by, pattern) || MatchesPattern(hop.from, pattern);
  });
}

}  // namespace postwatch
