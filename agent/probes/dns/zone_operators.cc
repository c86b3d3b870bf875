#include "agent/probes/dns/zone_operators.h"

#include <algorithm>
#include <array>
#include <functional>

#include "common/base/text.h"
#include "common/dns/message.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxZones = 20'000;
constexpr absl::Duration kFreshFor = absl::Hours(1);
constexpr std::array<std::string_view, 6> kSharedSecondLevels = {"co",  "com", "net",
                                                                 "org", "ac",  "gov"};

bool IsSharedSuffix(std::string_view second, std::string_view top) {
  return top.size() == 2 &&
         std::ranges::find(kSharedSecondLevels, second) != kSharedSecondLevels.end();
}

// "awsdns-07.co.uk" gives "awsdns".
std::string_view Stem(std::string_view domain) {
  std::string_view label = domain.substr(0, domain.find('.'));
  while (!label.empty() && label.back() >= '0' && label.back() <= '9') label.remove_suffix(1);
  while (!label.empty() && label.back() == '-') label.remove_suffix(1);
  return label;
}

}  // namespace

std::string RegisteredDomain(std::string_view host) {
  const std::string name = CanonicalName(host);
  const std::vector<std::string_view> labels = Split(name, '.');
  if (labels.size() <= 2) return name;
  const size_t last = labels.size() - 1;
  const size_t first = IsSharedSuffix(labels[last - 1], labels[last]) ? last - 2 : last - 1;
  return Join(std::vector<std::string_view>(labels.begin() + static_cast<std::ptrdiff_t>(first),
                                            labels.end()),
              ".");
}

std::string OperatorOf(const std::vector<std::string>& name_servers) {
  if (name_servers.empty()) return "";
  const std::string first = RegisteredDomain(name_servers.front());
  bool same_domain = true, same_stem = true;
  for (const std::string& host : name_servers) {
    const std::string domain = RegisteredDomain(host);
    same_domain = same_domain && domain == first;
    same_stem = same_stem && Stem(domain) == Stem(first);
  }
  if (same_domain) return first;
  return same_stem ? std::string(Stem(first)) : "";
}

void ZoneOperators::Learn(std::string_view zone, std::string_view operator_name,
                          absl::Duration steady_now) {
  if (const auto known = zones_.find(zone); known != zones_.end()) {
    entries_.erase(known->second);
    zones_.erase(known);
  }
  entries_.push_front({std::string(zone), std::string(operator_name), steady_now});
  zones_.emplace(std::string(zone), entries_.begin());
  if (zones_.size() <= kMaxZones) return;
  zones_.erase(entries_.back().zone);
  entries_.pop_back();
}

std::string ZoneOperators::Find(std::string_view zone) const {
  const auto known = zones_.find(zone);
  return known == zones_.end() ? "" : known->second->operator_name;
}

bool ZoneOperators::IsFresh(std::string_view zone, absl::Duration steady_now) const {
  const auto known = zones_.find(zone);
  return known != zones_.end() && steady_now - known->second->learned < kFreshFor;
}

}  // namespace postwatch::agent
