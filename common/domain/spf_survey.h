// SPF survey: goes through a domain's SPF record and everything it includes, whoever may send, and
// notes what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "common/dns/resolver.h"
#include "common/domain/spf_record.h"

namespace postwatch {

struct SpfProblem {
  enum class Kind {
    kIncludeBroken,  // an include or redirect that leads to no usable record: permerror
    kTooManyMx,      // an mx with more than 10 hosts: permerror
    kPassAll,        // everybody may send
    kLookupFailed,   // nobody knows; `question` and `reply` tell
  };
  Kind kind = Kind::kIncludeBroken;
  std::string detail;  // the way there and what is wrong: "include:a.example: no SPF record"
  DnsQuestion question;
  DnsReply reply;
};

struct SpfSurvey {
  int lookups = 0;                      // of a sender that no term but the last matches
  std::vector<std::string> void_terms;  // the way to each term whose lookup finds nothing
  bool complete = true;                 // false: given up, so that the counts are at least that
  std::vector<SpfProblem> problems;
};

// `domain` is where `record` stands. What depends on the sender is counted and not looked up. Gives
// up after 40 lookups, and at the first question that nobody answers.
Task<SpfSurvey> SurveySpf(Resolver& resolver, std::string domain, SpfRecord record);

}  // namespace postwatch
