// postwatch: the command line. Verbs are in cli/commands.cc.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace {

using postwatch::cli::Command;
using postwatch::cli::Commands;

void PrintUsage(std::FILE* out) {
  std::fprintf(out, "usage: postwatch VERB ...\n\n");
  for (const Command& command : Commands()) {
    std::fprintf(out, "  %-15s %s\n", std::string(command.name).c_str(),
                 std::string(command.meaning).c_str());
  }
  std::fprintf(
      out, "\n`postwatch VERB --help` tells the rest. `postwatch --version` prints the version.\n");
}

// The exit code of a verb that ended with `code`: what nobody could read is no success.
int Delivered(std::string_view verb, int code) {
  using postwatch::cli::kCannotWrite;
  const bool lost = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (!lost || code == kCannotWrite) return code;
  return postwatch::cli::Complain(verb, "cannot write to the standard output", kCannotWrite);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    PrintUsage(stderr);
    return postwatch::cli::kUsage;
  }
  if (arguments[0] == "--help" || arguments[0] == "help") {
    PrintUsage(stdout);
    return postwatch::cli::kOk;
  }
  if (arguments[0] == "--version") {
    std::printf("postwatch %s\n", POSTWATCH_VERSION);
    return postwatch::cli::kOk;
  }
  for (const Command& command : Commands()) {
    if (command.name == arguments[0]) {
      return Delivered(command.name, command.run(std::span(arguments).subspan(1)));
    }
  }
  std::fprintf(stderr, "postwatch: '%s' is not a verb\n", argv[1]);
  PrintUsage(stderr);
  return postwatch::cli::kUsage;
}
