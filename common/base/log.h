// Log: one line an event on stderr, as text or JSON, with fields instead of formatted prose.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace postwatch {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kText, kJson };

// "debug", "info", "warn", "error"; anything else is InvalidArgument, naming the choices.
absl::StatusOr<LogLevel> ParseLogLevel(std::string_view name);

// "text" or "json"; anything else is InvalidArgument, naming the choices.
absl::StatusOr<LogFormat> ParseLogFormat(std::string_view name);

// Process-wide, set once by main before any thread starts. Default: kInfo, kText.
void ConfigureLog(LogLevel level, LogFormat format);

using LogField = std::pair<std::string_view, std::string>;

// Writes one line. Control characters in values are escaped, values longer than 2 KiB are cut: both
// may come from a hostile peer. Never pass a secret; see common/base/secret.h. Thread-safe.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// The line Log would write, without the newline; split out for tests.
std::string FormatLogLine(LogFormat format, LogLevel level, std::string_view timestamp,
                          std::string_view message, std::initializer_list<LogField> fields);

}  // namespace postwatch
