#include "collector/problem_log.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kQuiet = absl::Minutes(1);
constexpr size_t kNamed = 3;

}  // namespace

std::string ProblemLog::Update(const std::string& agent, const std::vector<std::string>& problems,
                               absl::Time now) {
  Told& told = told_[agent];
  if (told.problems == problems || now - told.at < kQuiet) return "";
  std::vector<std::string> fresh;
  std::ranges::copy_if(problems, std::back_inserter(fresh), [&told](const std::string& problem) {
    return std::ranges::find(told.problems, problem) == told.problems.end();
  });
  told = {problems, now};
  if (problems.empty()) return "none any more";
  std::string line = Concat(problems.size());
  if (fresh.empty()) return line;
  const size_t named = std::min(fresh.size(), kNamed);
  const size_t more = fresh.size() - named;
  fresh.resize(named);
  Append(line, ", new: ", Join(fresh, "; "));
  if (more > 0) Append(line, "; and ", more, " more");
  return line;
}

}  // namespace postwatch::collector
