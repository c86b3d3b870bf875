// Reads session scripts; the format is described in scripted_stream.h.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "common/base/text.h"
#include "tests/support/scripted_stream.h"

namespace postwatch {
namespace {

using Kind = ScriptLine::Kind;

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool ParseServerAction(std::string_view action, ScriptLine& line) {
  if (ConsumePrefix(action, "raw ")) {
    line.kind = Kind::kSend;
    return absl::CUnescape(ToAbsl(action), &line.text);
  }
  if (ConsumePrefix(action, "delay ")) {
    line.kind = Kind::kDelay;
    line.text = std::string(action);
    absl::Duration ignored;
    return absl::ParseDuration(line.text, &ignored);
  }
  line.kind = Kind::kEnd;
  line.text = std::string(action);
  return action == "close" || action == "reset" || action == "silence" || action == "hang";
}

bool ParseClientAction(std::string_view action, ScriptLine& line) {
  if (action == "message") {
    line.kind = Kind::kMessage;
    return true;
  }
  if (action == "close") {
    line.kind = Kind::kClientClose;
    return true;
  }
  if (!ConsumePrefix(action, "starttls")) return false;
  line.kind = Kind::kStartTls;
  line.text = std::string(Trim(action));
  return true;
}

// The rest of "S: text", where the text may be empty and the space then missing.
bool ConsumeTag(std::string_view tag, std::string_view& text) {
  if (!ConsumePrefix(text, tag)) return false;
  ConsumePrefix(text, " ");
  return true;
}

bool ParseLine(std::string_view text, ScriptLine& line) {
  if (ConsumeTag("S:", text)) {
    line.kind = Kind::kSend;
    line.text = Concat(text, "\r\n");
    return true;
  }
  if (ConsumeTag("C:", text)) {
    line.kind = Kind::kExpect;
    line.text = std::string(text);
    return true;
  }
  if (ConsumeTag("C=", text)) {
    line.kind = Kind::kExpectBytes;
    line.text = std::string(text);
    return true;
  }
  if (ConsumeTag("C~", text)) {
    line.kind = Kind::kExpect;
    line.text = std::string(text);
    line.glob = true;
    return true;
  }
  if (ConsumeTag("S!", text)) return ParseServerAction(Trim(text), line);
  if (ConsumeTag("C!", text)) return ParseClientAction(Trim(text), line);
  return false;
}

}  // namespace

Script ParseScript(std::string_view text, std::string name) {
  Script script{std::move(name), {}};
  int number = 0;
  for (std::string_view row : Split(text, '\n')) {
    ++number;
    if (row.ends_with('\r')) row.remove_suffix(1);
    while (row.starts_with(' ')) row.remove_prefix(1);  // scripts in raw strings are indented
    if (row.empty() || row[0] == '#') continue;
    ScriptLine line{Kind::kSend, "", false, number};
    if (!ParseLine(row, line)) {
      ADD_FAILURE() << script.name << ":" << number << ": not a script line: " << row;
      return {script.name, {}};
    }
    script.lines.push_back(std::move(line));
  }
  return script;
}

Script LoadScript(const std::string& name,
                  const std::vector<std::pair<std::string, std::string>>& replacements) {
  const std::string path = Concat(POSTWATCH_TESTDATA, "/sessions/", name);
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) ADD_FAILURE() << "cannot read the script " << path;
  return ParseScript(absl::StrReplaceAll(text.str(), replacements), name);
}

}  // namespace postwatch
