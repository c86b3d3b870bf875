// Settings: a tree of configuration values that remembers where each was written.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/model/key_notes.h"

namespace postwatch {

// A scalar, a list or a map. Plain value; the origin ("file:line") does not take part in
// comparison.
class Settings {
 public:
  enum class Kind { kNull, kScalar, kList, kMap };

  Settings() = default;  // nothing, written nowhere
  static Settings Null(std::string origin);
  static Settings Scalar(std::string text, std::string origin = "");
  static Settings List(std::vector<Settings> items, std::string origin = "");
  static Settings Map(std::string origin = "");

  Kind kind() const { return kind_; }
  const std::string& origin() const { return origin_; }
  const std::string& scalar() const { return scalar_; }
  const std::vector<Settings>& items() const { return items_; }
  // In order of the keys.
  const std::map<std::string, Settings, std::less<>>& entries() const { return entries_; }

  // For maps; replaces what was there.
  void Set(std::string key, Settings value);
  // Null when absent or when this is not a map.
  const Settings* Find(std::string_view key) const;

  bool operator==(const Settings& other) const;

 private:
  Kind kind_ = Kind::kNull;
  std::string scalar_;
  std::vector<Settings> items_;
  std::map<std::string, Settings, std::less<>> entries_;
  std::string origin_;
};

struct Mistake {
  std::string origin;  // "file:line"; empty when nothing was written there
  std::string key;     // with the path to it: "tls.ca"
  std::string what;    // "is missing"

  bool operator==(const Mistake&) const = default;
};

// All mistakes of a configuration, in order, each "file:line: key: what".
class Mistakes {
 public:
  // `notes`, which may be null, gets every key that a reader with these mistakes asks for.
  explicit Mistakes(KeyNotes* notes = nullptr) : notes_(notes) {}

  // The same one again is not told again. After 100 the rest is left out, and that is said.
  void Add(std::string_view origin, std::string_view key, std::string_view what);
  void Add(const Mistakes& others);
  bool empty() const { return all_.empty(); }
  const std::vector<Mistake>& all() const { return all_; }
  std::vector<std::string> lines() const;
  // OK when empty; else InvalidArgument with one mistake a line.
  absl::Status ToStatus() const;
  KeyNotes* notes() const { return notes_; }

 private:
  KeyNotes* notes_;
  std::vector<Mistake> all_;
  bool more_ = false;
};

// Reads one map strictly: a key that nobody asked for is a mistake, and so is a value of the wrong
// shape. Mistakes are collected, not thrown; the value returned for a mistaken key is the fallback.
//   SettingsReader in(settings, "targets[0]", mistakes);
//   std::string domain = in.RequiredString("domain");
//   absl::Duration every = in.Duration("interval", absl::Minutes(1), absl::Seconds(1),
//   absl::Hours(24)); in.Finish();
class SettingsReader {
 public:
  // `path` is put before each key in messages. `settings` may be null or a non-map (a mistake).
  SettingsReader(const Settings& settings, std::string path, Mistakes& mistakes);

  bool Has(std::string_view key) const;
  std::string String(std::string_view key, std::string_view fallback);
  std::string RequiredString(std::string_view key);
  // Base-10 integer within [low, high].
  int64_t Integer(std::string_view key, int64_t fallback, int64_t low, int64_t high);
  // true or false.
  bool Bool(std::string_view key, bool fallback);
  // "250ms", "30s", "5m", "1h30m"; within [low, high].
  absl::Duration Duration(std::string_view key, absl::Duration fallback, absl::Duration low,
                          absl::Duration high);
  // One of `choices`; the mistake lists them.
  std::string Choice(std::string_view key, std::string_view fallback,
                     const std::vector<std::string_view>& choices);
  // `wrong` says what is wrong with one of them, "" when nothing is; the mistaken are left out.
  std::vector<std::string> Strings(
      std::string_view key, const std::function<std::string(const std::string&)>& wrong = nullptr);
  // A reference to a secret, never the secret itself; both empty when it is absent or mistaken.
  SecretReference Secret(std::string_view key);
  SecretReference RequiredSecret(std::string_view key);
  // Null when absent. The caller reads the child with a reader of its own (PathOf(key)).
  const Settings* Child(std::string_view key);
  // Empty when absent; a mistake when it is no list.
  const std::vector<Settings>& Items(std::string_view key);
  // The same of a list whose items may be single values too.
  const std::vector<Settings>& ItemsOrTexts(std::string_view key);

  // A mistake of the caller's own about `key` (a range, a combination).
  void Complain(std::string_view key, std::string_view what);
  // "path.key", "key" at the root.
  std::string PathOf(std::string_view key) const;

  // Call last: complains about every key that was not asked for.
  void Finish();

 private:
  void Note(std::string_view key, const KeyNote& note) const;
  SecretReference TakeSecret(std::string_view key);
  const Settings* Take(std::string_view key);
  const std::string* TakeScalar(std::string_view key);
  std::string OriginOf(std::string_view key) const;

  const Settings& settings_;
  std::string path_;
  Mistakes& mistakes_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace postwatch
