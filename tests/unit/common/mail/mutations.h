// Mutations: small, deterministic damage to a corpus, for tests that parsers survive anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

// A fixed sequence of numbers, the same on every machine (a linear congruential generator).
class FixedSequence {
 public:
  explicit FixedSequence(uint64_t seed) : state_(seed) {}
  size_t Below(size_t limit) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return limit == 0 ? 0 : static_cast<size_t>(state_ >> 33) % limit;
  }

 private:
  uint64_t state_;
};

// `count` damaged forms of `seed`: bytes changed, cut out, doubled, cut off, syntax thrown in.
inline std::vector<std::string> Mutations(std::string_view seed, int count) {
  constexpr std::string_view kSyntax[] = {"{3}\r\n", "(", ")", "\"", "\r\n", "\n", "[",  "]",
                                          "{",       "}", "=", "--", "-",    " ",  "\\", "250 "};
  FixedSequence random(seed.size() + 1);
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    std::string text(seed);
    for (size_t round = random.Below(4) + 1; round > 0 && !text.empty(); --round) {
      const size_t at = random.Below(text.size());
      switch (random.Below(5)) {
        case 0:
          text[at] = static_cast<char>(random.Below(256));
          break;
        case 1:
          text.erase(at, random.Below(8));
          break;
        case 2:
          text.insert(at, text.substr(at, random.Below(16)));
          break;
        case 3:
          text.resize(at);
          break;
        default:
          text.insert(at, kSyntax[random.Below(std::size(kSyntax))]);
      }
    }
    out.push_back(std::move(text));
  }
  return out;
}

}  // namespace postwatch
