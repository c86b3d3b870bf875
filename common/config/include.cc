#include "common/config/include.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/config/yaml_file.h"

namespace postwatch {
namespace {

constexpr std::string_view kInclude = "include";
constexpr std::string_view kWildcards = "*?[";
constexpr size_t kMaxFiles = 4096;

using Lists = std::span<const std::string_view>;

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? "" : std::string(path.substr(0, slash + 1));
}

// A path as a pattern that matches it alone.
std::string Quoted(std::string_view path) {
  std::string quoted;
  for (const char c : path) {
    if (kWildcards.find(c) != kWildcards.npos || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted;
}

bool IsFolder(const std::string& path) {
  struct stat about = {};
  return ::stat(path.empty() ? "." : path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

// The paths that match, in order of their bytes, whatever the locale is; `fault` says why there are
// none when there must be some.
std::vector<std::string> Matches(const std::string& folder, const std::string& pattern,
                                 std::string& fault) {
  const bool absolute = pattern.starts_with('/');
  const std::string whole = absolute ? pattern : Quoted(folder) + pattern;
  const bool is_name = pattern.find_first_of(kWildcards) == pattern.npos;
  const std::string parent = FolderOf(pattern);
  if (parent.find_first_of(kWildcards) == parent.npos &&
      !IsFolder(absolute ? parent : folder + parent)) {
    fault = Concat("there is no folder ", absolute ? parent : folder + parent);
    return {};
  }
  glob_t found = {};
  const int code = ::glob(whole.c_str(), GLOB_NOSORT | GLOB_ERR, nullptr, &found);
  std::vector<std::string> paths;
  if (code == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  if (code == GLOB_NOMATCH && is_name) fault = Concat("there is no file ", folder, pattern);
  if (code != 0 && code != GLOB_NOMATCH) {
    fault = Concat("cannot look for ", pattern, ": ", std::strerror(errno));
  }
  ::globfree(&found);
  std::ranges::sort(paths);
  return paths;
}

// Reads the files that one configuration includes.
class Includer {
 public:
  Includer(const std::string& path, Lists lists) : path_(path), lists_(lists) {}

  absl::StatusOr<Settings> Load() {
    absl::StatusOr<Settings> top = LoadYaml(path_);
    if (!top.ok()) return top.status();
    const Settings* include = top->Find(kInclude);
    if (include == nullptr) return top;
    trees_.push_back(Settings::Map(top->origin()));
    for (const auto& [key, value] : top->entries()) {
      if (key != kInclude) trees_.front().Set(key, value);
    }
    for (const std::string& file : FilesOf(*include)) Add(file, include->origin());
    Settings merged = MergeSettings(trees_, lists_, mistakes_);
    for (const std::string& line : mistakes_.lines()) faults_.push_back(line);
    if (!faults_.empty()) return absl::InvalidArgumentError(Join(faults_, "\n"));
    return merged;
  }

 private:
  std::vector<std::string> FilesOf(const Settings& include) {
    const bool single = include.kind() == Settings::Kind::kScalar;
    if (!single && include.kind() != Settings::Kind::kList) {
      Complain(include.origin(), "must be a pattern such as conf.d/*.yaml, or a list of them");
      return {};
    }
    const std::vector<Settings> patterns = single ? std::vector{include} : include.items();
    std::vector<std::string> files;
    for (const Settings& pattern : patterns) {
      if (pattern.scalar().empty()) {
        Complain(pattern.origin(), "must hold patterns such as conf.d/*.yaml");
        continue;
      }
      std::string fault;
      for (std::string& file : Matches(FolderOf(path_), pattern.scalar(), fault)) {
        if (std::ranges::find(files, file) == files.end()) files.push_back(std::move(file));
      }
      if (!fault.empty()) Complain(pattern.origin(), fault);
    }
    if (files.size() > kMaxFiles) {
      Complain(include.origin(), Concat("names more than ", kMaxFiles, " files"));
      files.clear();
    }
    return files;
  }

  void Add(const std::string& file, const std::string& origin) {
    std::error_code ignored;
    if (std::filesystem::equivalent(file, path_, ignored)) {
      Complain(origin, Concat("names ", file, ", the file it stands in"));
      return;
    }
    absl::StatusOr<Settings> more = LoadYaml(file);
    if (absl::IsInvalidArgument(more.status())) {
      faults_.emplace_back(more.status().message());
    } else if (!more.ok()) {
      Complain(origin, FromAbsl(more.status().message()));
    } else if (const Settings* nested = more->Find(kInclude)) {
      Complain(nested->origin(), Concat("may stand only in the first file, ", path_));
    } else {
      trees_.push_back(*std::move(more));
    }
  }

  void Complain(std::string_view origin, std::string_view what) {
    mistakes_.Add(origin, kInclude, what);
  }

  const std::string& path_;
  const Lists lists_;
  std::vector<Settings> trees_;      // the first file and what it includes
  std::vector<std::string> faults_;  // lines as LoadYaml gives them
  Mistakes mistakes_;
};

// What several trees say of one key, the first of them first. `trees` is not empty.
Settings Merged(const std::vector<const Settings*>& trees, const std::string& path, Lists lists,
                Mistakes& mistakes) {
  const Settings& first = *trees.front();
  const bool appended = std::ranges::find(lists, path) != lists.end();
  std::vector<Settings> items;
  std::map<std::string, std::vector<const Settings*>> entries;
  for (const Settings* tree : trees) {
    const bool fits = tree->kind() == first.kind();
    if (fits && tree->kind() == Settings::Kind::kMap) {
      for (const auto& [key, value] : tree->entries()) entries[key].push_back(&value);
    } else if (fits && appended && tree->kind() == Settings::Kind::kList) {
      items.insert(items.end(), tree->items().begin(), tree->items().end());
    } else if (tree != &first) {
      mistakes.Add(tree->origin(), path, Concat("is given twice, first in ", first.origin()));
    }
  }
  if (!items.empty()) return Settings::List(std::move(items), first.origin());
  if (first.kind() != Settings::Kind::kMap) return first;
  Settings map = Settings::Map(first.origin());
  for (auto& [key, values] : entries) {
    // An empty value (`targets:`) gives way to any other.
    const auto is_null = [](const Settings* value) {
      return value->kind() == Settings::Kind::kNull;
    };
    if (!std::ranges::all_of(values, is_null)) std::erase_if(values, is_null);
    map.Set(key, Merged(values, path.empty() ? key : Concat(path, ".", key), lists, mistakes));
  }
  return map;
}

}  // namespace

Settings MergeSettings(const std::vector<Settings>& trees, std::span<const std::string_view> lists,
                       Mistakes& mistakes) {
  std::vector<const Settings*> all;
  all.reserve(trees.size());
  for (const Settings& tree : trees) all.push_back(&tree);
  return all.empty() ? Settings::Map() : Merged(all, "", lists, mistakes);
}

absl::StatusOr<Settings> LoadConfiguration(const std::string& path,
                                           std::span<const std::string_view> lists) {
  return Includer(path, lists).Load();
}

}  // namespace postwatch
