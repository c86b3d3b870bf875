// ZoneOperators: who runs the name servers of which zone, remembered for when nobody can be asked.
#pragma once

#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace postwatch::agent {

// The domain a host's owner registered: its last two labels, or three where the second is one of
// co, com, net, org, ac, gov below a country ("ns1.isp.co.uk" is of "isp.co.uk"). The host itself
// when it has no more.
std::string RegisteredDomain(std::string_view host);

// Who runs all of these name servers: the registered domain they share, or the common stem of names
// that differ only in a number and the top-level domain ("awsdns" of awsdns-07.com and
// awsdns-31.co.uk). Empty when they are run by more than one, or there is none.
std::string OperatorOf(const std::vector<std::string>& name_servers);

// Shared by all probes of an agent, bounded. It outlives the answers it was learned from: when a
// zone's servers are dead, who runs them can no longer be asked. Not thread-safe.
class ZoneOperators {
 public:
  // `zone` is canonical; an empty operator means that it is known to have no single one. Beyond
  // 20 000 zones the one learned longest ago is forgotten.
  void Learn(std::string_view zone, std::string_view operator_name, absl::Duration steady_now);

  // The operator of this zone; empty when there is no single one or it is not known.
  std::string Find(std::string_view zone) const;

  // Whether it was learned within the last hour, so that nobody need be asked again.
  bool IsFresh(std::string_view zone, absl::Duration steady_now) const;

  size_t size() const { return zones_.size(); }

 private:
  struct Entry {
    std::string zone;
    std::string operator_name;
    absl::Duration learned;
  };

  std::list<Entry> entries_;  // learned last, first
  std::map<std::string, std::list<Entry>::iterator, std::less<>> zones_;
};

}  // namespace postwatch::agent
