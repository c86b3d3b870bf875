// Report: what every benchmark program measures with and prints: one JSON line of figures.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace postwatch::bench {

// Seconds of steady time, from an arbitrary start.
double WallSeconds();

// User and system time of this process so far, all threads.
double CpuSeconds();

// One line on standard output, flushed: whoever reads it may take it as a signal.
void Print(std::initializer_list<std::pair<std::string_view, double>> figures);

// Says what went wrong and ends with exit code 1: a benchmark that failed has no figures.
[[noreturn]] void Die(std::string_view what);

// The whole file; dies when it cannot be read.
std::string ReadFile(const std::string& path);

// The value behind `--name`; `fallback` when it is not there.
std::string Flag(int argc, char** argv, std::string_view name, std::string_view fallback);
long IntegerFlag(int argc, char** argv, std::string_view name, long fallback);

// Returns when standard input ends: how the driver tells a server that it may go.
void WaitForEndOfInput();

}  // namespace postwatch::bench
