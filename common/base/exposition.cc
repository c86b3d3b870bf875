#include "common/base/exposition.h"

#include "absl/strings/str_format.h"
#include "common/base/text.h"

namespace postwatch {

std::string LabelValue(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
  }
  return out;
}

void Exposition::Family(std::string_view name, std::string_view type, std::string_view help) {
  Append(out_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
  name_ = name;
}

void Exposition::Sample(Labels labels, double value) {
  Write(labels, absl::StrFormat("%.15g", value));
}

void Exposition::Write(Labels labels, std::string_view value) {
  out_ += name_;
  std::string_view before = "{";
  for (const auto& [label, text] : labels) {
    Append(out_, before, label, "=\"", LabelValue(text), "\"");
    before = ",";
  }
  Append(out_, labels.size() == 0 ? "" : "}", " ", value, "\n");
}

}  // namespace postwatch
