#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace zdm::tests {

/// Makes inputs out of seeds and words: the same ones for the same number, on every machine.
class Mutator {
 public:
  Mutator(std::uint64_t seed, std::vector<std::string> seeds, std::vector<std::string> words)
      : seed_(seed), seeds_(std::move(seeds)), words_(std::move(words)) {}

  [[nodiscard]] std::string input(std::uint64_t run);

 private:
  std::size_t below(std::size_t bound);
  std::string piece();
  std::string word();
  void mutate(std::string& text);

  std::uint64_t seed_;
  std::vector<std::string> seeds_;
  std::vector<std::string> words_;
  std::mt19937_64 random_;
};

}  // namespace zdm::tests
