#include "bench/report.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace postwatch::bench {

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Print(std::initializer_list<std::pair<std::string_view, double>> figures) {
  const char* separator = "{";
  for (const auto& [name, value] : figures) {
    std::printf("%s\"%.*s\": %.9g", separator, static_cast<int>(name.size()), name.data(), value);
    separator = ", ";
  }
  std::printf("}\n");
  std::fflush(stdout);
}

void Die(std::string_view what) {
  std::fprintf(stderr, "bench: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) Die("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Flag(int argc, char** argv, std::string_view name, std::string_view fallback) {
  for (int i = 1; i + 1 < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--") && word.substr(2) == name) return argv[i + 1];
  }
  return std::string(fallback);
}

long IntegerFlag(int argc, char** argv, std::string_view name, long fallback) {
  const std::string text = Flag(argc, argv, name, "");
  return text.empty() ? fallback : std::strtol(text.c_str(), nullptr, 10);
}

void WaitForEndOfInput() {
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

}  // namespace postwatch::bench
