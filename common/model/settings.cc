#include "common/model/settings.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxMistakes = 100;

std::string_view KindName(Settings::Kind kind) {
  switch (kind) {
    case Settings::Kind::kNull:
      return "nothing";
    case Settings::Kind::kScalar:
      return "a single value";
    case Settings::Kind::kList:
      return "a list";
    case Settings::Kind::kMap:
      return "a map";
  }
  return "nothing";
}

const std::vector<Settings>& NoItems() {
  static const std::vector<Settings> none;
  return none;
}

}  // namespace

Settings Settings::Null(std::string origin) {
  Settings result;
  result.origin_ = std::move(origin);
  return result;
}

Settings Settings::Scalar(std::string text, std::string origin) {
  Settings result;
  result.kind_ = Kind::kScalar;
  result.scalar_ = std::move(text);
  result.origin_ = std::move(origin);
  return result;
}

Settings Settings::List(std::vector<Settings> items, std::string origin) {
  Settings result;
  result.kind_ = Kind::kList;
  result.items_ = std::move(items);
  result.origin_ = std::move(origin);
  return result;
}

Settings Settings::Map(std::string origin) {
  Settings result;
  result.kind_ = Kind::kMap;
  result.origin_ = std::move(origin);
  return result;
}

void Settings::Set(std::string key, Settings value) {
  kind_ = Kind::kMap;
  entries_.insert_or_assign(std::move(key), std::move(value));
}

const Settings* Settings::Find(std::string_view key) const {
  const auto it = entries_.find(key);
  return it == entries_.end() ? nullptr : &it->second;
}

bool Settings::operator==(const Settings& other) const {
  return kind_ == other.kind_ && scalar_ == other.scalar_ && items_ == other.items_ &&
         entries_ == other.entries_;
}

void Mistakes::Add(std::string_view origin, std::string_view key, std::string_view what) {
  Mistake mistake{std::string(origin), std::string(key), std::string(what)};
  if (std::ranges::find(all_, mistake) != all_.end()) return;
  more_ = all_.size() == kMaxMistakes;
  if (!more_) all_.push_back(std::move(mistake));
}

void Mistakes::Add(const Mistakes& others) {
  for (const auto& [origin, key, what] : others.all_) Add(origin, key, what);
}

std::vector<std::string> Mistakes::lines() const {
  std::vector<std::string> lines;
  lines.reserve(all_.size() + 1);
  for (const auto& [origin, key, what] : all_) {
    lines.push_back(Concat(origin, origin.empty() ? "" : ": ", key, key.empty() ? "" : ": ", what));
  }
  if (more_) lines.emplace_back("... and more");
  return lines;
}

absl::Status Mistakes::ToStatus() const {
  if (all_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(Join(lines(), "\n"));
}

SettingsReader::SettingsReader(const Settings& settings, std::string path, Mistakes& mistakes)
    : settings_(settings), path_(std::move(path)), mistakes_(mistakes) {
  if (settings.kind() != Settings::Kind::kMap && settings.kind() != Settings::Kind::kNull) {
    mistakes_.Add(settings.origin(), path_,
                  Concat("must be a map of keys, but is ", KindName(settings.kind())));
  }
}

bool SettingsReader::Has(std::string_view key) const {
  Note(key, {});
  return settings_.Find(key) != nullptr;
}

void SettingsReader::Note(std::string_view key, const KeyNote& note) const {
  if (mistakes_.notes() != nullptr) mistakes_.notes()->Add(PathOf(key), note);
}

std::string SettingsReader::PathOf(std::string_view key) const {
  if (path_.empty()) return std::string(key);
  return Concat(path_, ".", key);
}

std::string SettingsReader::OriginOf(std::string_view key) const {
  const Settings* value = settings_.Find(key);
  return value == nullptr || value->origin().empty() ? settings_.origin() : value->origin();
}

void SettingsReader::Complain(std::string_view key, std::string_view what) {
  mistakes_.Add(OriginOf(key), PathOf(key), what);
}

const Settings* SettingsReader::Take(std::string_view key) {
  asked_.emplace(key);
  return settings_.Find(key);
}

const std::string* SettingsReader::TakeScalar(std::string_view key) {
  const Settings* value = Take(key);
  if (value == nullptr) return nullptr;
  if (value->kind() != Settings::Kind::kScalar) {
    Complain(key, Concat("must be a single value, but is ", KindName(value->kind())));
    return nullptr;
  }
  return &value->scalar();
}

std::string SettingsReader::String(std::string_view key, std::string_view fallback) {
  Note(key, {.shape = KeyShape::kText, .fallback = std::string(fallback)});
  const std::string* text = TakeScalar(key);
  return text == nullptr ? std::string(fallback) : *text;
}

std::string SettingsReader::RequiredString(std::string_view key) {
  Note(key, {.shape = KeyShape::kText, .required = true});
  if (!Has(key)) {
    asked_.emplace(key);
    Complain(key, "is missing");
    return "";
  }
  const std::string* text = TakeScalar(key);
  if (text == nullptr) return "";
  if (text->empty()) Complain(key, "must not be empty");
  return *text;
}

int64_t SettingsReader::Integer(std::string_view key, int64_t fallback, int64_t low, int64_t high) {
  Note(key, {.shape = KeyShape::kInteger,
             .fallback = fallback < low || fallback > high ? "" : Concat(fallback),
             .low = Concat(low),
             .high = Concat(high)});
  const std::string* text = TakeScalar(key);
  if (text == nullptr) return fallback;
  int64_t value = 0;
  if (!absl::SimpleAtoi(*text, &value)) {
    Complain(key, Concat("'", *text, "' is not a whole number"));
    return fallback;
  }
  if (value < low || value > high) {
    Complain(key, Concat(value, " is not between ", low, " and ", high));
    return fallback;
  }
  return value;
}

bool SettingsReader::Bool(std::string_view key, bool fallback) {
  Note(key, {.shape = KeyShape::kBool, .fallback = fallback ? "true" : "false"});
  const std::string* text = TakeScalar(key);
  if (text == nullptr) return fallback;
  if (*text == "true") return true;
  if (*text == "false") return false;
  Complain(key, Concat("'", *text, "' is neither true nor false"));
  return fallback;
}

absl::Duration SettingsReader::Duration(std::string_view key, absl::Duration fallback,
                                        absl::Duration low, absl::Duration high) {
  Note(key, {.shape = KeyShape::kDuration,
             .fallback = absl::FormatDuration(fallback),
             .low = absl::FormatDuration(low),
             .high = absl::FormatDuration(high)});
  const std::string* text = TakeScalar(key);
  if (text == nullptr) return fallback;
  absl::Duration value;
  if (!absl::ParseDuration(*text, &value)) {
    Complain(key, Concat("'", *text, "' is not a duration such as 250ms, 30s, 5m or 1h30m"));
    return fallback;
  }
  if (value < low || value > high) {
    Complain(key, Concat(*text, " is not between ", absl::FormatDuration(low), " and ",
                         absl::FormatDuration(high)));
    return fallback;
  }
  return value;
}

std::string SettingsReader::Choice(std::string_view key, std::string_view fallback,
                                   const std::vector<std::string_view>& choices) {
  Note(key, {.shape = KeyShape::kChoice,
             .fallback = std::string(fallback),
             .choices = {choices.begin(), choices.end()}});
  const std::string* text = TakeScalar(key);
  if (text == nullptr) return std::string(fallback);
  for (const std::string_view choice : choices) {
    if (*text == choice) return *text;
  }
  Complain(key, Concat("'", *text, "' is none of ", Join(choices, ", ")));
  return std::string(fallback);
}

std::vector<std::string> SettingsReader::Strings(
    std::string_view key, const std::function<std::string(const std::string&)>& wrong) {
  Note(key, {.shape = KeyShape::kTexts});
  std::vector<std::string> result;
  for (const Settings& item : Items(key)) {
    std::string what;
    if (item.kind() != Settings::Kind::kScalar) {
      what = Concat("must hold single values, but one is ", KindName(item.kind()));
    } else if (wrong != nullptr) {
      what = wrong(item.scalar());
    }
    if (what.empty()) {
      result.push_back(item.scalar());
    } else {
      mistakes_.Add(item.origin().empty() ? OriginOf(key) : item.origin(), PathOf(key), what);
    }
  }
  return result;
}

SecretReference SettingsReader::Secret(std::string_view key) {
  Note(key, {.shape = KeyShape::kSecret});
  return TakeSecret(key);
}

SecretReference SettingsReader::TakeSecret(std::string_view key) {
  const Settings* value = Take(key);
  if (value == nullptr) return {};
  if (value->kind() == Settings::Kind::kScalar) {
    Complain(key, "must be a reference, {file: PATH} or {env: NAME}, never the secret itself");
    return {};
  }
  SettingsReader in(*value, PathOf(key), mistakes_);
  SecretReference reference{in.String("file", ""), in.String("env", "")};
  in.Finish();
  if (reference.file.empty() != reference.env.empty()) return reference;
  Complain(key, "needs exactly one of file and env");
  return {};
}

SecretReference SettingsReader::RequiredSecret(std::string_view key) {
  Note(key, {.shape = KeyShape::kSecret, .required = true});
  if (!Has(key)) Complain(key, "is missing: give {file: PATH} or {env: NAME}");
  return TakeSecret(key);
}

const Settings* SettingsReader::Child(std::string_view key) {
  Note(key, {.shape = KeyShape::kTree});
  return Take(key);
}

const std::vector<Settings>& SettingsReader::Items(std::string_view key) {
  Note(key, {.shape = KeyShape::kItems});
  const Settings* value = Take(key);
  if (value == nullptr) return NoItems();
  if (value->kind() != Settings::Kind::kList) {
    Complain(key, Concat("must be a list, but is ", KindName(value->kind())));
    return NoItems();
  }
  return value->items();
}

const std::vector<Settings>& SettingsReader::ItemsOrTexts(std::string_view key) {
  Note(key, {.shape = KeyShape::kItems, .or_texts = true});
  return Items(key);
}

void SettingsReader::Finish() {
  for (const auto& [key, value] : settings_.entries()) {
    if (!asked_.contains(key)) Complain(key, "is not a known key");
  }
}

}  // namespace postwatch
