// Exposition: a page of metrics in Prometheus' text format 0.0.4.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace postwatch {

// Families one after another; each is declared once, before its samples.
class Exposition {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // `type` is "gauge" or "counter". Name, type and help are ours and not escaped.
  void Family(std::string_view name, std::string_view type, std::string_view help);
  // One sample of the family declared last. Label values are escaped: they may come from peers.
  void Sample(Labels labels, double value);
  // Whole numbers to the last digit.
  void Sample(Labels labels, std::integral auto value) { Write(labels, absl::StrCat(value)); }
  // A family of one sample without labels.
  void Single(std::string_view name, std::string_view type, std::string_view help, auto value) {
    Family(name, type, help);
    Sample({}, value);
  }

  std::string Take() { return std::move(out_); }

 private:
  void Write(Labels labels, std::string_view value);

  std::string out_;
  std::string name_;
};

// A label value with backslash, quote and newline escaped.
std::string LabelValue(std::string_view text);

}  // namespace postwatch
