#include "common/domain/spf_record.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.h"
#include "common/domain/ip_bytes.h"
#include "common/domain/spf_macro.h"

namespace postwatch {
namespace {

constexpr std::string_view kVersion = "v=spf1";
constexpr size_t kMaxTerms = 1024;
constexpr size_t kMaxQuoted = 100;  // of a broken term, in an error

enum class Argument { kNone, kDomain, kOptionalDomain, kNetwork };

struct MechanismEntry {
  std::string_view name;
  SpfMechanism mechanism;
  Argument argument;
  bool takes_bits;
};

constexpr auto kMechanisms = std::to_array<MechanismEntry>({
    {"all", SpfMechanism::kAll, Argument::kNone, false},
    {"include", SpfMechanism::kInclude, Argument::kDomain, false},
    {"a", SpfMechanism::kA, Argument::kOptionalDomain, true},
    {"mx", SpfMechanism::kMx, Argument::kOptionalDomain, true},
    {"ptr", SpfMechanism::kPtr, Argument::kOptionalDomain, false},
    {"ip4", SpfMechanism::kIp4, Argument::kNetwork, true},
    {"ip6", SpfMechanism::kIp6, Argument::kNetwork, true},
    {"exists", SpfMechanism::kExists, Argument::kDomain, false},
});

constexpr struct {
  char sign;
  SpfQualifier qualifier;
} kQualifiers[] = {{'+', SpfQualifier::kPass},
                   {'-', SpfQualifier::kFail},
                   {'~', SpfQualifier::kSoftFail},
                   {'?', SpfQualifier::kNeutral}};

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

bool IsModifierName(std::string_view name) {
  return !name.empty() && (IsNameCharacter(name[0]) && !(name[0] >= '0' && name[0] <= '9')) &&
         name[0] != '-' && name[0] != '_' && name[0] != '.' &&
         std::ranges::all_of(name, IsNameCharacter);
}

// Takes "<slashes>NUMBER" off the end of `rest`, leaving `bits` alone when there is none. False for
// a number that is no length of a prefix: over `most`, or with zeros in front.
bool TakeBits(std::string_view& rest, std::string_view slashes, int most, int& bits) {
  const size_t last = rest.find_last_not_of("0123456789");
  if (last == rest.npos || last + 1 == rest.size()) return true;
  const std::string_view digits = rest.substr(last + 1);
  const std::string_view before = rest.substr(0, last + 1);
  if (!before.ends_with(slashes)) return true;
  const std::optional<int64_t> number = ParseInteger(digits);
  if (!number.has_value() || *number > most || (digits.size() > 1 && digits[0] == '0')) {
    return false;
  }
  bits = static_cast<int>(*number);
  rest = before.substr(0, before.size() - slashes.size());
  return true;
}

// Reads what follows the name of `a`, `mx`, `ip4` or `ip6`, from the end on (section 5.6, 5.3).
std::string BitsMistake(SpfTerm& term, std::string_view& rest) {
  const bool network = term.mechanism == SpfMechanism::kIp4 || term.mechanism == SpfMechanism::kIp6;
  bool fine = true;
  if (network) {
    const bool v4 = term.mechanism == SpfMechanism::kIp4;
    fine = TakeBits(rest, "/", v4 ? 32 : 128, v4 ? term.v4_bits : term.v6_bits);
  } else {
    fine = TakeBits(rest, "//", 128, term.v6_bits) && TakeBits(rest, "/", 32, term.v4_bits);
  }
  return fine ? "" : "the length behind the slash is none of a prefix";
}

std::string NetworkMistake(SpfTerm& term, std::string_view address) {
  const bool v4 = term.mechanism == SpfMechanism::kIp4;
  const bool colon = address.find(':') != address.npos;
  term.network = colon == v4 ? "" : IpBytes(address);
  if (term.network.size() == 4 && !v4) {  // IPv4-mapped: never the address of a sender
    term.network = std::string(10, '\0') + "\xff\xff" + term.network;
  }
  if (!term.network.empty()) return "";
  return Concat("'", Truncate(address, kMaxQuoted), "' is not an IPv", v4 ? "4" : "6", " address");
}

std::string ArgumentMistake(const MechanismEntry& entry, SpfTerm& term, std::string_view rest) {
  if (entry.takes_bits) {
    std::string mistake = BitsMistake(term, rest);
    if (!mistake.empty()) return mistake;
  }
  if (rest.empty() &&
      (entry.argument == Argument::kNone || entry.argument == Argument::kOptionalDomain)) {
    return "";
  }
  if (entry.argument == Argument::kNone)
    return Concat("'", entry.name, "' takes nothing behind it");
  if (!rest.starts_with(':')) {
    return rest.starts_with('/') ? "the length behind the slash is none of a prefix"
                                 : Concat("'", entry.name, "' needs ':' and a value");
  }
  rest.remove_prefix(1);
  if (entry.argument == Argument::kNetwork) return NetworkMistake(term, rest);
  term.domain = std::string(rest);
  return SpfDomainSpecMistake(rest);
}

std::string MechanismMistake(std::string_view written, SpfTerm& term) {
  term.text = std::string(written);
  std::string_view rest = written;
  for (const auto& [sign, qualifier] : kQualifiers) {
    if (!rest.starts_with(sign)) continue;
    term.qualifier = qualifier;
    rest.remove_prefix(1);
    break;
  }
  const size_t end = std::min(rest.find_first_of(":/"), rest.size());
  const std::string name = AsciiLower(rest.substr(0, end));
  const auto entry = std::ranges::find(kMechanisms, name, &MechanismEntry::name);
  if (entry == kMechanisms.end()) {
    return Concat("there is no mechanism '", Truncate(name, kMaxQuoted), "'");
  }
  term.mechanism = entry->mechanism;
  return ArgumentMistake(*entry, term, rest.substr(end));
}

std::string ModifierMistake(std::string_view name, std::string_view value, SpfRecord& record) {
  const bool redirect = EqualsIgnoreCase(name, "redirect");
  if (!redirect && !EqualsIgnoreCase(name, "exp")) return SpfMacroStringMistake(value);
  std::string& place = redirect ? record.redirect : record.exp;
  if (!place.empty()) return Concat(AsciiLower(name), "= comes twice");
  place = std::string(value);
  return SpfDomainSpecMistake(value);
}

}  // namespace

size_t SpfRecord::end() const {
  const auto all = std::ranges::find(terms, SpfMechanism::kAll, &SpfTerm::mechanism);
  return static_cast<size_t>(all - terms.begin());
}

bool IsSpfRecord(std::string_view text) {
  return StartsWithIgnoreCase(text, kVersion) &&
         (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

absl::StatusOr<SpfRecord> ParseSpfRecord(std::string_view text) {
  if (!IsSpfRecord(text)) return absl::InvalidArgumentError("it does not start with v=spf1");
  SpfRecord record;
  size_t count = 0;
  for (const std::string_view written : Split(text.substr(kVersion.size()), ' ')) {
    if (written.empty()) continue;
    if (++count > kMaxTerms) return absl::InvalidArgumentError("too many terms");
    const size_t equals = written.find('=');
    const std::string_view name = written.substr(0, equals);
    std::string mistake;
    if (equals != written.npos && IsModifierName(name)) {
      mistake = ModifierMistake(name, written.substr(equals + 1), record);
    } else {
      SpfTerm term;
      mistake = MechanismMistake(written, term);
      record.terms.push_back(std::move(term));
    }
    if (!mistake.empty()) {
      return absl::InvalidArgumentError(Concat("'", Truncate(written, kMaxQuoted), "': ", mistake));
    }
  }
  return record;
}

}  // namespace postwatch
