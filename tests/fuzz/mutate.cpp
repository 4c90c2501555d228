#include "fuzz/mutate.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace zdm::tests {

namespace {

constexpr std::size_t kLongest = std::size_t{64} * 1024;

/// What readers of text stumble over.
constexpr std::array<std::string_view, 16> kNasty = {std::string_view("\0", 1),
                                                     "\n",
                                                     "\r\n",
                                                     "\t",
                                                     "'",
                                                     "\"",
                                                     "\\",
                                                     "$$",
                                                     "--",
                                                     "/*",
                                                     "*/",
                                                     "(",
                                                     ")",
                                                     ";",
                                                     "\xff",
                                                     "\xc3\xa9"};

}  // namespace

std::string Mutator::input(std::uint64_t run) {
  // Of the run alone, so that one can be had again without those before it.
  random_.seed(seed_ * 0x9e3779b97f4a7c15U + run);
  std::string text = piece();
  for (std::size_t left = 1 + below(8); left > 0; --left) mutate(text);
  if (text.size() > kLongest) text.resize(kLongest);
  return text;
}

std::size_t Mutator::below(std::size_t bound) {
  return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound);
}

std::string Mutator::piece() {
  return seeds_.empty() ? std::string() : seeds_[below(seeds_.size())];
}

std::string Mutator::word() {
  if (words_.empty() || below(3) == 0) return std::string(kNasty[below(kNasty.size())]);
  return words_[below(words_.size())];
}

void Mutator::mutate(std::string& text) {
  const std::size_t at = below(text.size() + 1);
  const std::size_t length = below(std::min<std::size_t>(text.size() - at, 64) + 1);
  switch (below(8)) {
    case 0:
      text.insert(at, 1, static_cast<char>(below(256)));
      return;
    case 1:
      if (at < text.size()) text[at] = static_cast<char>(below(256));
      return;
    case 2:
      text.erase(at, length);
      return;
    case 3:
      text.insert(below(text.size() + 1), text.substr(at, length));
      return;
    case 4:
      text.replace(at, length, word());
      return;
    case 5: {
      // a run of one thing, for what takes time or stack in more than its length
      const std::string part = below(2) == 0 ? word() : text.substr(at, length);
      std::string many;
      for (std::size_t left = below(below(16) == 0 ? 2'000 : 50); left > 0; --left) many += part;
      text.insert(at, many);
      return;
    }
    case 6: {
      const std::string other = piece();
      const std::size_t begin = below(other.size() + 1);
      text.insert(at, other.substr(begin, below(256)));
      return;
    }
    default:
      text.insert(at, word());
      return;
  }
}

}  // namespace zdm::tests
