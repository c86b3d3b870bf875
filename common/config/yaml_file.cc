#include "common/config/yaml_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/config/expand.h"

namespace postwatch {
namespace {

constexpr size_t kMaxBytes = 1 << 20;
constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxValues = 100000;
constexpr size_t kMaxKey = 256;

// Leaves the parser at a mistake after which the rest means nothing. Never leaves this file.
struct Unreadable {};

// Builds the tree from the parser's events, which come before yaml-cpp resolves aliases or drops
// the first of two equal keys.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view file, const Environment& environment, Mistakes& mistakes)
      : file_(file), environment_(environment), mistakes_(mistakes) {}

  Settings Take() { return std::move(root_); }
  std::string OriginOf(const YAML::Mark& mark) const { return Concat(file_, ":", mark.line + 1); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) Stop(mark, "there must be only one document in the file (---)");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    CountValue(mark);
    if (WantsKey()) return TakeKey(mark, "null");
    if (open_.empty()) return Add(Settings::Map(OriginOf(mark)));
    // The parser's mark is where the next thing stands.
    const Level& level = open_.back();
    if (!level.key.has_value()) return Add(Settings::Null(OriginOf(mark)));
    Add(Settings::Null(Concat(file_, ":", level.key_lines.at(*level.key))));
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    Complain(mark, Concat("anchor &", Truncate(name, kMaxKey), " is not supported"));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    CountValue(mark);
    Complain(mark, "an alias (*name) is not supported; write the value out");
    if (WantsKey()) throw Unreadable();
    Add(Settings());
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    CountValue(mark);
    if (WantsKey()) return TakeKey(mark, value);
    CheckTag(mark, tag);
    std::string text = ExpandEnvironment(value, environment_,
                                         [&](std::string_view what) { Complain(mark, what); });
    Settings scalar = Settings::Scalar(std::move(text), OriginOf(mark));
    if (open_.empty()) Stop(mark, "the file must be a map of keys, but is a single value");
    Add(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    if (open_.empty()) Stop(mark, "the file must be a map of keys, but is a list");
    Open(mark, tag, true);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, false);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A map or list whose end has not come yet.
  struct Level {
    bool is_list = false;
    std::string origin;
    Settings map;
    std::vector<Settings> items;
    std::optional<std::string> key;  // read, and its value not
    bool key_is_second = false;
    std::map<std::string, int> key_lines;
  };

  bool WantsKey() const { return !open_.empty() && !open_.back().is_list && !open_.back().key; }

  std::string Path() const {
    std::string path;
    for (const Level& level : open_) {
      if (level.is_list) {
        Append(path, "[", level.items.size(), "]");
      } else if (level.key.has_value()) {
        Append(path, path.empty() ? "" : ".", *level.key);
      }
    }
    return path;
  }

  void Complain(const YAML::Mark& mark, std::string_view what) {
    mistakes_.Add(OriginOf(mark), Path(), what);
  }

  [[noreturn]] void Stop(const YAML::Mark& mark, std::string_view what) {
    Complain(mark, what);
    throw Unreadable();
  }

  void CountValue(const YAML::Mark& mark) {
    if (++values_ > kMaxValues)
      Stop(mark, Concat("the file has more than ", kMaxValues, " values"));
  }

  // "?" and "!" are what the parser calls plain and quoted values without a tag.
  void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    Complain(mark, Concat("tag ", Truncate(tag, kMaxKey), " is not supported"));
  }

  void TakeKey(const YAML::Mark& mark, const std::string& key) {
    Level& level = open_.back();
    if (key.empty() || key.size() > kMaxKey) {
      Stop(mark, Concat("a key must have 1 to ", kMaxKey, " characters"));
    }
    level.key = key;
    level.key_is_second = level.key_lines.contains(key);
    if (level.key_is_second) {
      Complain(mark, Concat("is given twice, first in line ", level.key_lines.at(key)));
    }
    level.key_lines.emplace(key, mark.line + 1);
  }

  void Open(const YAML::Mark& mark, const std::string& tag, bool is_list) {
    CountValue(mark);
    if (WantsKey()) Stop(mark, "a key must be a single value, not a list or map");
    if (open_.size() == kMaxDepth) {
      Stop(mark, Concat("the file has more than ", kMaxDepth, " levels"));
    }
    CheckTag(mark, tag);
    Level level;
    level.is_list = is_list;
    level.origin = OriginOf(mark);
    level.map = Settings::Map(level.origin);
    open_.push_back(std::move(level));
  }

  void Close() {
    Level level = std::move(open_.back());
    open_.pop_back();
    Add(level.is_list ? Settings::List(std::move(level.items), std::move(level.origin))
                      : std::move(level.map));
  }

  void Add(Settings value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = open_.back();
    if (level.is_list) {
      level.items.push_back(std::move(value));
      return;
    }
    std::string key = *std::exchange(level.key, std::nullopt);
    if (!level.key_is_second) level.map.Set(std::move(key), std::move(value));
  }

  std::string_view file_;
  const Environment& environment_;
  Mistakes& mistakes_;
  std::vector<Level> open_;
  Settings root_;
  size_t values_ = 0;
  int documents_ = 0;
};

absl::Status ReadError(const std::string& path, int error) {
  std::string text = Concat("read configuration ", path, ": ", std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(text);
  return absl::PermissionDeniedError(text);
}

absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  struct stat about = {};
  if (fstat(fd, &about) != 0) return ReadError(path, errno);
  if (!S_ISREG(about.st_mode)) {
    return absl::InvalidArgumentError(
        Concat("read configuration ", path, ": it is not a regular file"));
  }
  std::string text;
  while (text.size() <= kMaxBytes) {
    char buffer[16384];
    ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count == 0) return text;
    if (count < 0 && errno != EINTR) return ReadError(path, errno);
    if (count > 0) text.append(buffer, static_cast<size_t>(count));
  }
  return text;  // ParseYaml says that it is too long
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

absl::StatusOr<Settings> ParseYaml(std::string_view text, std::string_view file,
                                   const Environment& environment) {
  if (text.size() > kMaxBytes) {
    return absl::InvalidArgumentError(Concat(file, ": is longer than ", kMaxBytes, " bytes"));
  }
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError(Concat(file, ": is not text: it holds a NUL byte"));
  }
  Mistakes mistakes;
  TreeBuilder builder(file, environment, mistakes);
  // yaml-cpp 0.7 takes the end of the file for the closing quote when a line end stands before it.
  std::istringstream stream(Concat(text, text.ends_with('\n') ? "" : "\n", "# the end"));
  bool any = false;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) any = true;
  } catch (const Unreadable&) {
    // The mistake is noted.
  } catch (const YAML::Exception& error) {
    mistakes.Add(builder.OriginOf(error.mark), "", Concat("not YAML: ", error.msg));
  }
  if (absl::Status status = mistakes.ToStatus(); !status.ok()) return status;
  return any ? builder.Take() : Settings::Map(Concat(file, ":1"));
}

absl::StatusOr<Settings> LoadYaml(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ReadError(path, errno);
  absl::StatusOr<std::string> text = ReadAll(fd, path);
  close(fd);
  if (!text.ok()) return text.status();
  return ParseYaml(*text, path, ProcessEnvironment());
}

}  // namespace postwatch
