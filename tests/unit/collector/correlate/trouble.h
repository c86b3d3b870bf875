// Trouble: what breaks in a timeline, when, and for whom.
#pragma once

#include <set>
#include <string>

#include "common/model/failure_class.h"

namespace postwatch::collector {

// One thing that breaks. Times are seconds since the start.
class Trouble {
 public:
  Trouble(std::string check, FailureClass klass) : check_(std::move(check)), klass_(klass) {}

  Trouble& From(double second) { return from_ = second, *this; }
  Trouble& To(double second) { return to_ = second, *this; }
  Trouble& At(std::set<std::string> agents) { return agents_ = std::move(agents), *this; }
  // Only every n-th run fails.
  Trouble& Every(int n) { return every_ = n, *this; }
  // Runs alternate between failing and passing phases of this many seconds.
  Trouble& Flapping(double seconds) { return flap_ = seconds, *this; }

  bool Hits(const std::string& agent, const std::string& check, double second, int run) const;
  FailureClass klass() const { return klass_; }

 private:
  std::string check_;  // prefix of check ids
  FailureClass klass_;
  double from_ = 0, to_ = 1e9, flap_ = 0;
  int every_ = 1;
  std::set<std::string> agents_;  // empty: all
};

inline bool Trouble::Hits(const std::string& agent, const std::string& check, double second,
                          int run) const {
  if (!check.starts_with(check_) || second < from_ || second >= to_) return false;
  if (!agents_.empty() && !agents_.contains(agent)) return false;
  if (flap_ > 0 && static_cast<int>((second - from_) / flap_) % 2 == 1) return false;
  return run % every_ == 0;
}

}  // namespace postwatch::collector
