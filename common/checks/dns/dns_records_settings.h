// Settings of `dns.records`.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/dns/message.h"
#include "common/model/check_spec.h"

namespace postwatch {

// What the records of one name and type should be, in RecordText's form (common/dns/record_text.h).
struct ExpectedRecords {
  std::string name;  // canonical
  RrType type = RrType::kMx;
  bool exact = true;             // the very set; else each record must be one of `values`
  std::set<std::string> values;  // in any order; an empty exact set means that there is none
  std::set<std::string> previous;
};

//   expect:                    required; at most 32
//     - name: host             optional; "@", or nothing, is the target itself
//       type: MX               A, AAAA, MX, NS, TXT, CNAME, CAA, TLSA, SRV or PTR
//       values: [10 mx1.a.b]   the set, as zone files have it; [] for none
//       within: [...]          instead of `values`: each record found must be one of these
//       previous: [...]        what it was before a change; until its TTL has passed that is told,
//                              and no failure
//   ask: resolver|authorities  resolver (default): the agent's own. authorities: each name server
//                              of the zone too
struct DnsRecordsSettings {
  std::vector<ExpectedRecords> expect;
  bool ask_authorities = false;
};

DnsRecordsSettings ReadDnsRecordsSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
