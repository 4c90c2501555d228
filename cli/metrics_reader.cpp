#include "metrics_reader.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>

namespace zdm::cli {
namespace {

/// From behind the quote that opens it to behind the one that closes it.
std::string unescaped(std::string_view text, std::size_t& at) {
  std::string value;
  for (; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      value += text[at];
      continue;
    }
    ++at;
    value += text[at] == 'n' ? '\n' : text[at];
  }
  ++at;
  return value;
}

/// "{table=\"public.events\"} 3"; nothing where that is not how it looks.
std::optional<Sample> parsed(std::string_view text) {
  Sample sample;
  std::size_t at = 0;
  while (at < text.size() && (text[at] == '{' || text[at] == ',')) {
    const auto equals = text.find("=\"", ++at);
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string name(text.substr(at, equals - at));
    at = equals + 2;
    sample.labels.emplace_back(name, unescaped(text, at));
  }
  const auto space = text.find(' ', std::min(at, text.size()));
  if (space == std::string_view::npos) return std::nullopt;
  const auto* const end = text.data() + text.size();
  const auto* from = text.data() + space + 1;
  from += from != end && *from == '+' ? 1 : 0;  // "+Inf", which from_chars has without its sign
  const auto [stopped, problem] = std::from_chars(from, end, sample.value);
  return problem == std::errc() && stopped == end ? std::optional(sample) : std::nullopt;
}

}  // namespace

std::vector<Metric> read_metrics(const std::string& path) {
  constexpr std::string_view kHelp = "# HELP ";
  std::vector<Metric> metrics;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kHelp)) {
      const auto name = line.substr(kHelp.size(), line.find(' ', kHelp.size()) - kHelp.size());
      const auto help = line.substr(std::min(line.size(), kHelp.size() + name.size() + 1));
      metrics.push_back({.name = name, .help = help, .samples = {}});
    } else if (!metrics.empty() && line.starts_with(metrics.back().name)) {
      auto sample = parsed(std::string_view(line).substr(metrics.back().name.size()));
      if (sample) metrics.back().samples.push_back(std::move(*sample));
    }
  }
  return metrics;
}

}  // namespace zdm::cli
