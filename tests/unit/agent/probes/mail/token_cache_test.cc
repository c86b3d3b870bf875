#include "agent/probes/mail/token_cache.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

TEST(TokenCache, KeepsATokenUntilShortlyBeforeItEnds) {
  TokenCache cache;
  cache.Keep("k", Secret("t"), kNow + absl::Hours(1));
  ASSERT_NE(cache.Find("k", kNow), nullptr);
  EXPECT_EQ(cache.Find("k", kNow)->Reveal(), "t");
  EXPECT_NE(cache.Find("k", kNow + absl::Minutes(57)), nullptr);
  EXPECT_EQ(cache.Find("k", kNow + absl::Minutes(58)), nullptr);
  EXPECT_EQ(cache.Find("other", kNow), nullptr);
}

TEST(TokenCache, ReplacesAndForgets) {
  TokenCache cache;
  cache.Keep("k", Secret("old"), kNow + absl::Hours(1));
  cache.Keep("k", Secret("new"), kNow + absl::Hours(1));
  EXPECT_EQ(cache.Find("k", kNow)->Reveal(), "new");
  cache.Forget("k");
  EXPECT_EQ(cache.Find("k", kNow), nullptr);
}

TEST(TokenCache, OfTooManyTheOneThatEndsFirstGoes) {
  TokenCache cache;
  for (size_t i = 0; i <= TokenCache::kMaxTokens; ++i) {
    cache.Keep(Concat("k", i), Secret("t"), kNow + absl::Hours(1) + absl::Seconds(i));
  }
  EXPECT_EQ(cache.Find("k0", kNow), nullptr);
  EXPECT_NE(cache.Find("k1", kNow), nullptr);
}

}  // namespace
}  // namespace postwatch::agent
