// TokenCache: access tokens that an agent got, for as long as they last. In memory only.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "common/base/secret.h"

namespace postwatch::agent {

// Shared by all probes of an agent, which run on one event loop; not thread-safe.
class TokenCache {
 public:
  static constexpr size_t kMaxTokens = 1000;

  // Null when there is none that is still good at `now`.
  const Secret* Find(const std::string& key, absl::Time now) const;
  // Is taken for expired a little before `until`, so that it lasts through a log-in. Of too many,
  // the one that ends first goes.
  void Keep(const std::string& key, Secret token, absl::Time until);
  void Forget(const std::string& key) { tokens_.erase(key); }

 private:
  struct Entry {
    Secret token;
    absl::Time until;
  };
  std::map<std::string, Entry> tokens_;
};

}  // namespace postwatch::agent
