// Thresholds: what a page takes, for those who decide, foretell and explain. In nats where nothing
// else is said.
#pragma once

#include <cstddef>

namespace postwatch::collector {

// How often runs fail for no reason, at least and at most.
inline constexpr double kLeastNoise = 0.003, kMostNoise = 0.05;
// Failures that the expected mix of a fault is worth beside those seen.
inline constexpr double kMixPriorWeight = 3;
// A fault between some networks and one provider takes one more of them with it.
inline constexpr double kOneMorePath = -2.5;

// Of the gain where one agent's part is bounded: what a false page costs.
inline constexpr double kRealGain = 7.5;
// A weak fault is looked for over so many readings that chance has more tries.
inline constexpr double kWeakShare = 0.15, kMoreForWeak = 3.5;
inline constexpr double kMoreForSome = 3.5;  // and so it has where only some agents need to be hit
inline constexpr double kRealOdds = 3.5;     // 97 % real
inline constexpr double kRealOddsOfSome = 6;
inline constexpr double kLikelierOdds = 1;  // 73 %: pages if it stays so ...
inline constexpr int kDoubtLasts = 150;     // ... for so many seconds
// A fault of at most this share of the attempts has to last so much longer than a blip.
inline constexpr double kHalfOfAttempts = 0.5, kLongerForFew = 2;
inline constexpr size_t kEnoughFailures = 3;

// Of what concerns one agent only.
inline constexpr double kOneAgentGain = 8.0, kOneAgentSpan = 60;  // seconds
inline constexpr size_t kOneAgentFailures = 4;

}  // namespace postwatch::collector
