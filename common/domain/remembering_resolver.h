// RememberingResolver: asks each question once, for a run that comes to the same names again.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "common/dns/resolver.h"

namespace postwatch {

// Keeps every answer for as long as it lives, failures too: meant for one run. A name that cannot
// be asked (an empty label, too long) does not exist.
class RememberingResolver : public Resolver {
 public:
  // `resolver` must outlive this.
  explicit RememberingResolver(Resolver& resolver) : resolver_(resolver) {}

  Task<DnsReply> Query(DnsQuestion question) override;
  std::string name() const override { return resolver_.name(); }

 private:
  Resolver& resolver_;
  std::map<std::pair<std::string, RrType>, DnsReply> replies_;
};

// What a reply says about the records of the type asked for.
enum class DnsPresence {
  kFound,
  kAbsent,  // NXDOMAIN, or no such record
  kFailed,  // nobody knows: no answer, SERVFAIL, REFUSED, ...
};
DnsPresence PresenceOf(const DnsReply& reply, RrType type);

// "NXDOMAIN", "no answer", "SERVFAIL", "no TXT record".
std::string AbsenceText(const DnsReply& reply, RrType type);

// The TXT records of a reply, the strings of each joined without anything between them.
std::vector<std::string> TxtTexts(const DnsReply& reply);

}  // namespace postwatch
