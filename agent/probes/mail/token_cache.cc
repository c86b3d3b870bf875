#include "agent/probes/mail/token_cache.h"

#include <algorithm>
#include <utility>

namespace postwatch::agent {
namespace {

constexpr absl::Duration kReserve = absl::Minutes(2);

}  // namespace

const Secret* TokenCache::Find(const std::string& key, absl::Time now) const {
  const auto found = tokens_.find(key);
  if (found == tokens_.end() || now + kReserve >= found->second.until) return nullptr;
  return &found->second.token;
}

void TokenCache::Keep(const std::string& key, Secret token, absl::Time until) {
  tokens_.insert_or_assign(key, Entry{std::move(token), until});
  if (tokens_.size() <= kMaxTokens) return;
  tokens_.erase(std::min_element(tokens_.begin(), tokens_.end(), [](const auto& a, const auto& b) {
    return a.second.until < b.second.until;
  }));
}

}  // namespace postwatch::agent
