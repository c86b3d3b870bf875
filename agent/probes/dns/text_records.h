// Text records: the TXT records of a name, which policies of mail are published in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/probes/dns/mail_dns.h"

namespace postwatch::agent {

struct TextRecords {
  std::vector<std::string> texts;  // the strings of each joined without anything between them
  // When there are none: "TXT _dmarc.alpha.test at 192.0.2.53:53: NXDOMAIN".
  std::string absence;
  bool denied = false;  // NXDOMAIN: there is no such name, with records of whatever type
};

// Asks `resolver`, which may be another than the run's own. NXDOMAIN and an answer without TXT
// records are no fault; everything else that is no answer is, by its own name. Touches nothing.
Task<std::optional<Fault>> LookUpTexts(Resolver& resolver, std::string name, TextRecords& records);

// dns_nxdomain when `domain` itself does not exist, by an answer for `type`; nothing when it does
// or nobody can tell. NXDOMAIN of a name below says nothing of the domain. Touches nothing.
Task<std::optional<Fault>> FindNoDomain(Resolver& resolver, std::string domain, RrType type);

// As LookUpTexts, for a `name` at `domain` or below. A domain that does not exist lacks no record:
// its own NXDOMAIN is the fault then.
Task<std::optional<Fault>> LookUpTextsOf(Resolver& resolver, std::string domain, std::string name,
                                         TextRecords& records);

// Of those, the ones `is_one` is true for; the rest belong to somebody else.
std::vector<std::string> TextsThat(const std::vector<std::string>& texts,
                                   bool (*is_one)(std::string_view text));

}  // namespace postwatch::agent
