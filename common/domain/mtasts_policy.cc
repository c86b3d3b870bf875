#include "common/domain/mtasts_policy.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.h"
#include "common/dns/message.h"
#include "common/domain/tag_list.h"

namespace postwatch {
namespace {

constexpr std::string_view kVersion = "STSv1";
constexpr size_t kMaxIdBytes = 32;
constexpr size_t kMaxKeyBytes = 32;
constexpr size_t kMaxPatterns = 256;
constexpr size_t kMaxPatternBytes = 255;
constexpr size_t kMaxQuoted = 60;  // of a broken line, in an error
constexpr size_t kMaxAgeDigits = 10;
constexpr int64_t kMaxAgeSeconds = 31557600;  // a year (section 3.2)

constexpr std::array<std::string_view, 3> kModes = {"none", "testing", "enforce"};

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsKey(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKeyBytes && IsAlnum(text.front()) &&
         std::ranges::all_of(text,
                             [](char c) { return IsAlnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= 63 &&
         std::ranges::all_of(text, [](char c) { return IsAlnum(c) || c == '-' || c == '_'; });
}

bool IsPattern(std::string_view text) {
  if (text.size() > kMaxPatternBytes) return false;
  if (text.starts_with("*.")) text.remove_prefix(2);
  return std::ranges::all_of(Split(text, '.'), IsLabel);
}

// What is read of a policy so far; the first of each key counts.
struct Draft {
  std::optional<std::string> version, mode, max_age;
  std::vector<std::string> mx;
};

absl::Status Wrong(size_t line, std::string_view what) {
  return absl::InvalidArgumentError(Concat("line ", line, ": ", what));
}

absl::Status TakeMx(std::string_view value, size_t line, Draft& draft) {
  if (value.ends_with('.')) value.remove_suffix(1);
  if (!IsPattern(value)) {
    return Wrong(line, Concat("'", Truncate(value, kMaxQuoted), "' is no mx pattern"));
  }
  if (draft.mx.size() == kMaxPatterns) return Wrong(line, "too many mx patterns");
  draft.mx.push_back(AsciiLower(value));
  return absl::OkStatus();
}

absl::Status TakeLine(std::string_view text, size_t line, Draft& draft) {
  const size_t colon = text.find(':');
  if (colon == text.npos || !IsKey(text.substr(0, colon))) {
    return Wrong(line, Concat("'", Truncate(text, kMaxQuoted), "' is not key: value"));
  }
  const std::string_view key = text.substr(0, colon);
  const std::string_view value = Trim(text.substr(colon + 1));
  if (key == "mx") return TakeMx(value, line, draft);
  std::optional<std::string>* field = nullptr;
  if (key == "version") field = &draft.version;
  if (key == "mode") field = &draft.mode;
  if (key == "max_age") field = &draft.max_age;
  if (field != nullptr && !field->has_value()) *field = std::string(value);
  return absl::OkStatus();
}

std::optional<absl::Duration> ParseMaxAge(std::string_view text) {
  const bool digits = !text.empty() && text.size() <= kMaxAgeDigits &&
                      std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  const std::optional<int64_t> seconds = digits ? ParseInteger(text) : std::nullopt;
  if (!seconds.has_value() || *seconds > kMaxAgeSeconds) return std::nullopt;
  return absl::Seconds(*seconds);
}

absl::StatusOr<MtaStsPolicy> Finish(Draft draft) {
  const auto quoted = [](const std::string& text) {
    return Concat("'", Truncate(text, kMaxQuoted), "'");
  };
  if (!draft.version.has_value()) return absl::InvalidArgumentError("there is no version");
  if (*draft.version != kVersion) {
    return absl::InvalidArgumentError(
        Concat("the version is ", quoted(*draft.version), ", not STSv1"));
  }
  if (!draft.mode.has_value()) return absl::InvalidArgumentError("there is no mode");
  const auto mode = std::ranges::find(kModes, *draft.mode);
  if (mode == kModes.end()) {
    return absl::InvalidArgumentError(
        Concat("the mode ", quoted(*draft.mode), " is none of ", Join(kModes, ", ")));
  }
  if (!draft.max_age.has_value()) return absl::InvalidArgumentError("there is no max_age");
  const std::optional<absl::Duration> max_age = ParseMaxAge(*draft.max_age);
  if (!max_age.has_value()) {
    return absl::InvalidArgumentError(Concat("the max_age ", quoted(*draft.max_age),
                                             " is no number of seconds up to ", kMaxAgeSeconds));
  }
  MtaStsPolicy policy{static_cast<MtaStsMode>(mode - kModes.begin()), std::move(draft.mx),
                      *max_age};
  if (policy.mode != MtaStsMode::kNone && policy.mx.empty()) {
    return absl::InvalidArgumentError("there is no mx");
  }
  return policy;
}

}  // namespace

bool IsMtaStsRecord(std::string_view text) {
  constexpr std::string_view kStart = "v=STSv1";
  if (!text.starts_with(kStart)) return false;
  text.remove_prefix(kStart.size());
  return text.empty() || text.front() == ';' || text.front() == ' ' || text.front() == '\t';
}

absl::StatusOr<MtaStsRecord> ParseMtaStsRecord(std::string_view text) {
  const absl::StatusOr<TagList> tags = TagList::Parse(text);
  if (!tags.ok()) return tags.status();
  if (tags->tags().empty() || tags->tags().front().first != "v" ||
      tags->tags().front().second != kVersion) {
    return absl::InvalidArgumentError("it does not begin with v=STSv1");
  }
  const std::string* id = tags->Find("id");
  if (id == nullptr) return absl::InvalidArgumentError("it has no id");
  if (id->empty() || id->size() > kMaxIdBytes || !std::ranges::all_of(*id, IsAlnum)) {
    return absl::InvalidArgumentError(
        Concat("the id '", Truncate(*id, kMaxQuoted), "' is not 1 to 32 letters and digits"));
  }
  return MtaStsRecord{*id};
}

std::string_view MtaStsModeName(MtaStsMode mode) { return kModes[static_cast<size_t>(mode)]; }

bool MtaStsPolicy::Covers(std::string_view host) const {
  const std::string name = CanonicalName(host);
  const size_t dot = name.find('.');
  return std::ranges::any_of(mx, [&](const std::string& pattern) {
    if (!pattern.starts_with("*.")) return pattern == name;
    return dot != name.npos && dot > 0 && name.substr(dot) == pattern.substr(1);
  });
}

absl::StatusOr<MtaStsPolicy> ParseMtaStsPolicy(std::string_view text) {
  Draft draft;
  size_t number = 0;
  for (const std::string_view line : Split(text, '\n')) {
    ++number;
    const std::string_view field = Trim(line);
    if (field.empty()) continue;
    const absl::Status taken = TakeLine(field, number, draft);
    if (!taken.ok()) return taken;
  }
  return Finish(std::move(draft));
}

}  // namespace postwatch
