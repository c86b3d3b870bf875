// Command: one verb of the postwatch program.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

// Exit codes: the first four as monitoring plugins have them, the others as sysexits has them.
enum ExitCode {
  kOk = 0,
  kWarning = 1,
  kCritical = 2,
  kUnknown = 3,
  kUsage = 64,        // EX_USAGE
  kDataError = 65,    // EX_DATAERR
  kNoInput = 66,      // EX_NOINPUT
  kCannotWrite = 74,  // EX_IOERR
};

struct Command {
  std::string_view name;      // "check"
  std::string_view synopsis;  // "DOMAIN [flags]"
  std::string_view meaning;   // one line
  // `arguments` without the program and the verb. Writes to stdout, complains on stderr.
  int (*run)(std::span<const std::string_view> arguments);
};

// "postwatch VERB: what" on stderr; returns `code`.
int Complain(std::string_view verb, std::string_view what, int code);

// THE TABLE (commands.cc).
std::span<const Command> Commands();

}  // namespace postwatch::cli
