#include "cli/formats/key_facts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "cli/printable.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxFact = 72;  // a longer one is no summary

// A key as it stands, with "*" before it any key that ends so ("*.ok"), with "*" behind it all keys
// that begin so ("ptr.*").
bool Fits(std::string_view pattern, std::string_view key) {
  if (pattern.starts_with('*')) return key.ends_with(pattern.substr(1));
  if (pattern.ends_with('*')) return key.starts_with(pattern.substr(0, pattern.size() - 1));
  return key == pattern;
}

// How a fact is told: "%" stands for its value, "@" for the days until the time that it is, "#" for
// how many facts fit and "%" then for the least of their numbers. First what is told first.
struct Telling {
  std::string_view key;
  std::string_view text;
};

constexpr auto kTellings = std::to_array<Telling>({
    {"mx", "%"},
    {"mx.ok", "% answer"},
    {"ns.ok", "% name servers serve it"},
    {"ns", "%"},
    {"ptr.*", "%"},
    {"dnssec", "%"},
    {"spf", "%"},
    {"dmarc", "%"},
    {"dkim.selectors", "selectors %"},
    {"mtasts", "policy %"},
    {"tlsrpt", "%"},
    {"dane", "TLSA records: %"},
    {"record", "%"},
    {"days_left.*", "# endpoints, % days left"},
    {"dnsbl.*", "# lists"},
    {"rdap.expires", "expires in @"},
    {"rdap.registrar", "%"},
    {"tls.not_after", "certificate good for @"},
    {"tls.version", "%"},
    {"delivery.seconds", "arrived in % s"},
    {"mailbox.exists", "% messages"},
    {"quota.full_in", "full in %"},
});

// What tells a person nothing by itself, or too much: it is in the JSON.
constexpr auto kLeftOut = std::to_array<std::string_view>(
    {"*ttl",      "*cipher",   "*sha256",   "*issuer",    "*verify",   "*authenticated",
     "ip",        "ip.beside", "ipv6",      "*took",      "*id",       "*uid",
     "integrity", "*seconds",  "*serial",   "a.*",        "aaaa.*",    "addresses.*",
     "serial.*",  "rrsig.*",   "hop.*",     "hops",       "auth.*",    "cert.*",
     "dkim.*",    "tlsa.*",    "ds",        "dnskey",     "ns.parent", "parent",
     "zone",      "servers.*", "quota.*",   "dmarc.*",    "mtasts.*",  "spf.sender.*",
     "rdap.*",    "mx.single", "mx.same_*", "*mechanism", "ignored.*", "resolver.*"});

bool LeftOut(std::string_view key) {
  return std::ranges::any_of(kLeftOut, [key](std::string_view left) { return Fits(left, key); });
}

// "61 days" until a time of RFC 3339; nothing when it is none.
std::optional<std::string> DaysUntil(const std::string& value, absl::Time now) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, value, &time, &error) &&
      !absl::ParseTime("%Y-%m-%d", value, &time, &error)) {
    return std::nullopt;
  }
  const int64_t days = absl::ToInt64Hours(time - now) / 24;
  return Concat(days, days == 1 ? " day" : " days");
}

std::string Tell(std::string_view text, const std::vector<std::string>& values, absl::Time now) {
  std::string value = values.front();
  if (text.find('#') != text.npos) {
    std::optional<int64_t> least;
    for (const std::string& one : values) {
      const std::optional<int64_t> number = ParseInteger(one);
      if (number && (!least || *number < *least)) least = number;
    }
    if (least) value = Concat(*least);
  } else {
    value = Join(values, ", ");
  }
  std::string out;
  for (const char c : text) {
    if (c == '%') {
      out += value;
    } else if (c == '#') {
      out += Concat(values.size());
    } else if (c == '@') {
      const std::optional<std::string> days = DaysUntil(value, now);
      out += days ? *days : value;
    } else {
      out += c;
    }
  }
  // "1 endpoints" is no English.
  if (text.starts_with('#') && values.size() == 1) {
    const size_t end = std::min(out.find(','), out.size());
    if (end > 0 && out[end - 1] == 's') out.erase(end - 1, 1);
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
  std::vector<std::string> told;
  std::set<std::string_view> used;
  for (const Telling& telling : kTellings) {
    std::vector<std::string> values;
    for (const auto& [key, value] : facts) {
      if (value.empty() || !Fits(telling.key, key)) continue;
      values.push_back(value);
      used.insert(key);
    }
    if (!values.empty()) told.push_back(Tell(telling.text, values, now));
  }
  for (const auto& [key, value] : facts) {
    if (value.empty() || used.contains(key) || LeftOut(key)) continue;
    told.push_back(Concat(KeyInWords(key), " ", value));
  }
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
