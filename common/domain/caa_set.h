// CaaSet: which authorities may issue certificates for a name (RFC 8659).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns/resolver.h"

namespace postwatch {

struct CaaSet {
  // Authorities that each property names, in small letters; "" where one names nobody.
  std::vector<std::string> issue, issuewild, issuemail;
  std::vector<std::string> iodef;  // where attempts are reported
  // What is wrong with a record: a value no authority can read, which forbids as if it named
  // nobody, or a critical property that nobody knows, for which every authority must refuse.
  std::vector<std::string> mistakes;
  bool unknown_critical = false;

  // Whether `issuer` ("letsencrypt.org") may issue a certificate for the name itself.
  bool Allows(std::string_view issuer) const;
  // Whether nobody may.
  bool AllowsNobody() const;
};

CaaSet ReadCaaSet(const std::vector<CaaRecord>& records);

// "0 issue letsencrypt.org".
std::string CaaText(const CaaRecord& record);

// The records that count for a name: its own, else those of the closest name above that has any
// (section 3).
struct CaaLookup {
  std::string domain;  // where they stand; "" for nowhere
  std::vector<CaaRecord> records;
  // A lookup that failed, by which authorities do not issue either.
  std::optional<DnsReply> failure;
  DnsQuestion failed;  // set with `failure`
};

Task<CaaLookup> FindCaa(Resolver& resolver, std::string name);

}  // namespace postwatch
