#include "cli/paragraphs.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch::cli {

std::string Paragraph(std::string_view first, std::string_view text) {
  std::string out;
  size_t column = 0;
  for (const std::string_view word : Split(text, ' ')) {
    if (word.empty()) continue;
    if (out.empty()) {
      out = first;
      column = first.size();
    } else if (column + 1 + word.size() > kPageWidth && !word.starts_with('%')) {
      Append(out, "\n", std::string(first.size(), ' '));
      column = first.size();
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  if (!out.empty()) out += '\n';
  return out;
}

std::string DurationText(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  const int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  if (days > 0) return Concat(days, " d ", hours % 24, " h");
  if (hours > 0) return Concat(hours, " h ", minutes % 60, " min");
  if (minutes > 0) return Concat(minutes, " min ", seconds % 60, " s");
  return Concat(seconds, " s");
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

}  // namespace postwatch::cli
