#include "common/base/log.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "absl/time/clock.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxValueBytes = 2048;

std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<LogFormat> g_format{LogFormat::kText};

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

bool NeedsQuotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7F) return true;
  }
  return false;
}

// Prose stays as it is, unless it could break the line or drive a terminal.
std::string MessageText(std::string_view message) {
  const std::string_view cut = message.substr(0, kMaxValueBytes);
  const bool control =
      std::any_of(cut.begin(), cut.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
  return control ? JsonString(cut) : std::string(cut);
}

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(std::string_view name) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    if (name == LevelName(level)) return level;
  }
  return absl::InvalidArgumentError(
      Concat("log level '", name, "' is none of debug, info, warn, error"));
}

absl::StatusOr<LogFormat> ParseLogFormat(std::string_view name) {
  if (name == "text") return LogFormat::kText;
  if (name == "json") return LogFormat::kJson;
  return absl::InvalidArgumentError(Concat("log format '", name, "' is none of text, json"));
}

void ConfigureLog(LogLevel level, LogFormat format) {
  g_level = level;
  g_format = format;
}

std::string FormatLogLine(LogFormat format, LogLevel level, std::string_view timestamp,
                          std::string_view message, std::initializer_list<LogField> fields) {
  if (format == LogFormat::kJson) {
    JsonWriter w;
    w.BeginObject();
    w.Field("time", timestamp);
    w.Field("level", LevelName(level));
    w.Field("msg", message.substr(0, kMaxValueBytes));
    for (const auto& [key, value] : fields) {
      w.Field(key, std::string_view(value).substr(0, kMaxValueBytes));
    }
    w.EndObject();
    return w.Take();
  }
  std::string line = Concat(timestamp, " ", LevelName(level), " ", MessageText(message));
  for (const auto& [key, value] : fields) {
    const std::string_view cut = std::string_view(value).substr(0, kMaxValueBytes);
    Append(line, " ", key, "=", NeedsQuotes(cut) ? JsonString(cut) : cut);
  }
  return line;
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  std::string line = FormatLogLine(
      g_format.load(std::memory_order_relaxed), level,
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()), message, fields);
  line += '\n';
  // One write(2) a line, so that lines of several threads never mix.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace postwatch
