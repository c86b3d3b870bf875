// DMARC tree: finds the DMARC record that counts for a domain, its own or one above it (RFC 9989
// section 4.10).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns/resolver.h"
#include "common/domain/dmarc_record.h"

namespace postwatch {

struct PublishedDmarc {
  std::string domain;  // it stands at _dmarc.<domain>
  std::string text;
  DmarcRecord record;
};

struct DmarcTree {
  std::string start;
  std::vector<PublishedDmarc> found;  // from `start` upwards; what receivers cannot use is left out
  // A lookup that failed and ended the walk: nobody knows what is there and above.
  std::optional<DnsReply> failure;
  DnsQuestion failed;  // set with `failure`

  // The organizational domain: below psd=y, at psd=n, else the topmost with a record; `start` where
  // nothing was found.
  std::string OrganizationalDomain() const;
  // The record that counts for `start`: its own, that of the organizational domain, or of the
  // public suffix. Null when there is none.
  const PublishedDmarc* Applicable() const;
};

// The domains whose records are asked for, first `domain` itself: at most 8, of names with more
// labels those in between are skipped.
std::vector<std::string> DmarcTreeDomains(std::string_view domain);

Task<DmarcTree> WalkDmarcTree(Resolver& resolver, std::string domain);

}  // namespace postwatch
