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
};

// Asks `resolver`, which may be another than the run's own. NXDOMAIN and an answer without TXT
// records are no fault; everything else that is no answer is, by its own name. Touches nothing.
Task<std::optional<Fault>> LookUpTexts(Resolver& resolver, std::string name, TextRecords& records);

// Of those, the ones `is_one` is true for; the rest belong to somebody else.
std::vector<std::string> TextsThat(const std::vector<std::string>& texts,
                                   bool (*is_one)(std::string_view text));

}  // namespace postwatch::agent
