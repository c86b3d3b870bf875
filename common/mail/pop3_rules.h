// Pop3 rules: from what a POP3 server said to a named class, by a table of named rules.
#pragma once

#include <span>
#include <string_view>

#include "common/mail/pop3_response.h"
#include "common/mail/reply_classifier.h"
#include "common/mail/reply_rules.h"

namespace postwatch {

// Where in the session a "-ERR" came. kAuth is USER, PASS and AUTH.
enum class Pop3Stage { kGreeting, kStls, kAuth, kList, kRetrieve, kDelete, kQuit, kOther };

// Patterns as in text_pattern.h; an empty one always holds.
struct Pop3Rule {
  std::string_view id;
  StageSet stages;         // 1 << Pop3Stage
  std::string_view codes;  // response codes: "SYS/TEMP|SYS"; "" = any or none
  std::string_view text;
  std::string_view klass;
  double confidence;
};

// Response codes (RFC 2449, 3206), then texts, then defaults by stage.
std::span<const Pop3Rule> Pop3Rules();

// For a "-ERR"; always answers with some class. What is meant to be "+OK" is an unexpected reply.
Classification ClassifyPop3(Pop3Stage stage, const Pop3Status& status);

}  // namespace postwatch
