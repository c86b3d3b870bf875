#include "common/mail/authentication_results.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxValue = 8 * 1024;
constexpr size_t kMaxResults = 32;
constexpr size_t kMaxProperties = 16;
constexpr size_t kMaxWord = 512;
constexpr size_t kMaxHeaders = 256 * 1024;
constexpr int kMaxCommentDepth = 8;
constexpr std::string_view kField = "Authentication-Results:";
constexpr std::string_view kReceived = "Received:";

// Results from best to worst; one of several signatures that passes is enough.
constexpr auto kOrder = std::to_array<std::string_view>(
    {"pass", "bestguesspass", "neutral", "none", "policy", "temperror", "softfail", "permerror"});

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Reads words of a field: atoms, quoted strings and the marks between them, comments left out.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool AtEnd() {
    SkipBlanks();
    return rest_.empty();
  }
  bool Take(char mark) {
    SkipBlanks();
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // A word, a quoted string without its quotes; "" when there is none.
  std::string Word() {
    SkipBlanks();
    if (rest_.starts_with('"')) return Quoted();
    size_t end = 0;
    while (end < rest_.size() && !IsBlank(rest_[end]) && rest_[end] != ';' && rest_[end] != '=' &&
           rest_[end] != '(' && rest_[end] != ')' && rest_[end] != '"') {
      ++end;
    }
    return Cut(end);
  }
  // A value may hold '=', as in a base64 signature: it ends at a blank, ';' or a comment.
  std::string Value() {
    SkipBlanks();
    if (rest_.starts_with('"')) return Quoted();
    size_t end = 0;
    while (end < rest_.size() && !IsBlank(rest_[end]) && rest_[end] != ';' && rest_[end] != '(' &&
           rest_[end] != ')' && rest_[end] != '"') {
      ++end;
    }
    return Cut(end);
  }

 private:
  std::string Cut(size_t end) {
    if (end > kMaxWord) ok_ = false;
    std::string word(rest_.substr(0, std::min(end, kMaxWord)));
    rest_.remove_prefix(end);
    return word;
  }

  std::string Quoted() {
    std::string out;
    size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; ++at) {
      if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
      if (out.size() < kMaxWord) out += rest_[at];
    }
    ok_ = ok_ && at < rest_.size();
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
    return out;
  }

  void SkipBlanks() {
    while (!rest_.empty() && ok_) {
      if (IsBlank(rest_.front())) {
        rest_.remove_prefix(1);
      } else if (rest_.front() == '(') {
        SkipComment();
      } else {
        return;
      }
    }
  }

  void SkipComment() {
    int depth = 0;
    size_t at = 0;
    for (; at < rest_.size(); ++at) {
      if (rest_[at] == '\\') {
        ++at;
      } else if (rest_[at] == '(') {
        ++depth;
      } else if (rest_[at] == ')' && --depth == 0) {
        break;
      }
      if (depth > kMaxCommentDepth) break;
    }
    ok_ = ok_ && at < rest_.size() && depth == 0;
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
  }

  std::string_view rest_;
  bool ok_ = true;
};

// "spf/1=pass reason="..." smtp.mailfrom=x@y" up to the next ';'. False when it is malformed.
bool ReadOne(FieldReader& in, AuthResults& out) {
  AuthResult one;
  one.method = AsciiLower(in.Word());
  if (one.method == "none" && !in.Take('=')) return in.ok() && out.results.empty();
  const bool is_none = one.method == "none";
  one.method.resize(std::min(one.method.size(), one.method.find('/')));
  if (one.method.empty() || (!is_none && !in.Take('='))) return false;
  one.result = AsciiLower(in.Word());
  if (one.result.empty()) return false;
  while (in.ok() && !in.AtEnd()) {
    if (in.Take(';')) break;
    std::string name = AsciiLower(in.Word());
    if (name.empty() || !in.Take('=')) return false;
    std::string value = in.Value();
    if (name == "reason") {
      one.reason = std::move(value);
    } else if (one.properties.size() < kMaxProperties) {
      one.properties.emplace(std::move(name), std::move(value));
    }
  }
  if (out.results.size() < kMaxResults) out.results.push_back(std::move(one));
  return in.ok();
}

size_t Rank(std::string_view result) {
  const auto* at = std::find(kOrder.begin(), kOrder.end(), result);
  return static_cast<size_t>(at - kOrder.begin());
}

std::string_view TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size() - 1);
  const std::string_view line = text.substr(0, end + 1);
  text.remove_prefix(line.size());
  return line;
}

// A field with its folded lines.
std::string_view TakeField(std::string_view& headers) {
  const std::string_view all = headers;
  TakeLine(headers);
  while (headers.starts_with(' ') || headers.starts_with('\t')) TakeLine(headers);
  return all.substr(0, all.size() - headers.size());
}

}  // namespace

std::optional<AuthResults> ReadAuthResults(std::string_view value) {
  if (value.size() > kMaxValue) return std::nullopt;
  FieldReader in(value);
  AuthResults out;
  out.authserv_id = AsciiLower(in.Word());
  if (out.authserv_id.empty()) return std::nullopt;
  if (!in.Take(';')) {
    const std::string version = in.Word();  // RFC 8601 section 2.2: authserv-id [ version ]
    const bool number = !version.empty() && version.find_first_not_of("0123456789") == version.npos;
    if (!version.empty() && !number) return std::nullopt;
    if (!in.Take(';')) return in.ok() && in.AtEnd() ? std::optional(out) : std::nullopt;
  }
  while (in.ok() && !in.AtEnd()) {
    if (in.Take(';')) continue;
    if (!ReadOne(in, out)) return std::nullopt;
  }
  if (!in.ok()) return std::nullopt;
  return out;
}

std::optional<AuthResults> TrustedAuthResults(std::string_view headers,
                                              std::string_view authserv_id) {
  headers = headers.substr(0, kMaxHeaders);
  std::optional<AuthResults> all;
  while (!headers.empty()) {
    const std::string_view field = TakeField(headers);
    if (Trim(field).empty()) break;
    if (all.has_value() && StartsWithIgnoreCase(field, kReceived)) break;
    if (!StartsWithIgnoreCase(field, kField)) continue;
    std::optional<AuthResults> read = ReadAuthResults(field.substr(kField.size()));
    if (!read.has_value() || !EqualsIgnoreCase(read->authserv_id, authserv_id)) continue;
    if (!all.has_value()) all = AuthResults{read->authserv_id, {}};
    for (AuthResult& result : read->results) {
      if (all->results.size() < kMaxResults) all->results.push_back(std::move(result));
    }
  }
  return all;
}

std::string OverallResult(const AuthResults& results, std::string_view method) {
  const AuthResult* best = nullptr;
  for (const AuthResult& result : results.results) {
    if (result.method != method) continue;
    if (best == nullptr || Rank(result.result) < Rank(best->result)) best = &result;
  }
  return best == nullptr ? "" : best->result;
}

}  // namespace postwatch
