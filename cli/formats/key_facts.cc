#include "cli/formats/key_facts.h"

#include <array>
#include <optional>
#include <vector>

#include "cli/printable.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxFact = 72;  // a longer one is no summary

// How facts are told, by the end of their key ("tls.not_after"); the first that fits. "" leaves it
// out, "%" stands for the value, "@" for the days until the time that it is.
struct Telling {
  std::string_view key;
  std::string_view text;
};

constexpr auto kTellings = std::to_array<Telling>({
    {"mx", "%"},
    {"mx.ok", "% hosts"},
    {"record", "%"},
    {"not_after", "certificate good for @"},
    {"expires", "expires in @"},
    {"delivery.seconds", "arrived in % s"},
    {"mailbox.exists", "% messages"},
    {"tls.version", "%"},
    {"anchors.ok", "% anchors"},
});

// What tells a person nothing by itself.
constexpr auto kLeftOut = std::to_array<std::string_view>(
    {"ttl", "cipher", "sha256", "issuer", "verify", "authenticated", "ip", "ipv6", "took", "id",
     "integrity", "seconds", "fingerprint", "serial"});

bool EndsWithKey(std::string_view key, std::string_view end) {
  if (!key.ends_with(end)) return false;
  const size_t rest = key.size() - end.size();
  return rest == 0 || key[rest - 1] == '.' || key[rest - 1] == '_' || end.find('.') != end.npos;
}

bool LeftOut(std::string_view key) {
  if (key.starts_with("addresses.")) return true;
  for (const std::string_view end : kLeftOut) {
    if (EndsWithKey(key, end)) return true;
  }
  return false;
}

// "61 days" until a time of RFC 3339; nothing when it is none.
std::optional<std::string> DaysUntil(const std::string& value, absl::Time now) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, value, &time, &error)) return std::nullopt;
  const int64_t days = absl::ToInt64Hours(time - now) / 24;
  return Concat(days, days == 1 ? " day" : " days");
}

std::string Tell(std::string_view text, const std::string& value, absl::Time now) {
  std::string out;
  for (const char c : text) {
    if (c == '%') {
      out += value;
    } else if (c == '@') {
      const std::optional<std::string> days = DaysUntil(value, now);
      out += days ? *days : value;
    } else {
      out += c;
    }
  }
  return out;
}

std::string KeyInWords(std::string_view key) {
  std::string words(key);
  for (char& c : words) {
    if (c == '.' || c == '_') c = ' ';
  }
  return words;
}

}  // namespace

std::string KeyFacts(const std::map<std::string, std::string>& facts, absl::Time now,
                     size_t width) {
  std::vector<std::string> told, others;
  for (const Telling& telling : kTellings) {
    for (const auto& [key, value] : facts) {
      const bool exact = telling.key == "mx" ? key == "mx" : EndsWithKey(key, telling.key);
      if (exact) told.push_back(Tell(telling.text, value, now));
    }
  }
  for (const auto& [key, value] : facts) {
    bool known = LeftOut(key);
    for (const Telling& telling : kTellings) known |= EndsWithKey(key, telling.key);
    if (!known && !value.empty()) others.push_back(Concat(KeyInWords(key), " ", value));
  }
  told.insert(told.end(), others.begin(), others.end());
  std::string out;
  for (const std::string& fact : told) {
    const std::string text = Printable(fact);
    if (out.empty()) {
      out = text.size() <= width ? text : Concat(Truncate(text, width > 3 ? width - 3 : 0), "...");
    } else if (text.size() <= kMaxFact && out.size() + 2 + text.size() <= width) {
      Append(out, "; ", text);
    }
  }
  return out;
}

}  // namespace postwatch::cli
