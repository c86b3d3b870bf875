// Command run: a verb of the postwatch program, run in this process with its output caught.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

struct CommandRun {
  int code = -1;
  std::string out, err;

  bool operator==(const CommandRun&) const = default;
};

inline CommandRun RunCommand(int (*command)(std::span<const std::string_view>),
                             const std::vector<std::string>& words) {
  const std::vector<std::string_view> arguments(words.begin(), words.end());
  CommandRun run;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  run.code = command(arguments);
  run.out = testing::internal::GetCapturedStdout();
  run.err = testing::internal::GetCapturedStderr();
  return run;
}

}  // namespace postwatch
