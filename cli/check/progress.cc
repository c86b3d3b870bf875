#include "cli/check/progress.h"

#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kTerminalWidth = 79;

}  // namespace

std::string ProgressText(const PoolProgress& progress) {
  std::string text = Concat(progress.done, " of ", progress.total, " done, ",
                            absl::ToInt64Seconds(progress.elapsed), " s");
  std::string_view before = ": waiting for ";
  for (size_t i = 0; i < progress.running.size(); ++i) {
    const std::string rest = Concat(" and ", progress.running.size() - i, " more");
    const std::string next = Concat(before, progress.running[i]);
    const bool last = i + 1 == progress.running.size();
    if (text.size() + next.size() + (last ? 0 : rest.size()) > kTerminalWidth) {
      if (i > 0) text += rest;
      break;
    }
    text += next;
    before = ", ";
  }
  return text;
}

std::string ProgressLine(const PoolProgress& progress) {
  if (progress.finished == nullptr || progress.result == nullptr) return "";
  return Concat(progress.done, " of ", progress.total, ": ", progress.finished->kind, " ",
                OutcomeName(progress.result->outcome), ", ",
                absl::ToInt64Milliseconds(progress.result->took), " ms\n");
}

}  // namespace postwatch::cli
