#include "redact.hpp"

#include <algorithm>
#include <cctype>

namespace zdm::cli {
namespace {

bool ends_url(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0 || c == '"' || c == '\'' || c == '`';
}

/// scheme://user:password@host: a password itself may hold '@' or '/', so the last '@' counts.
void redact_urls(std::string& text) {
  std::size_t from = 0;
  while ((from = text.find("://", from)) != std::string::npos) {
    from += 3;
    const auto end = static_cast<std::size_t>(
        std::find_if(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), ends_url) -
        text.begin());
    const auto at = text.rfind('@', end == 0 ? 0 : end - 1);
    const auto colon = text.find(':', from);
    if (at == std::string::npos || at < from || colon == std::string::npos || colon > at) continue;
    text.replace(colon + 1, at - colon - 1, "***");
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// The end of a libpq value that starts at `at`: quoted with ' and \ escapes, or up to a blank.
std::size_t end_of_value(const std::string& text, std::size_t at) {
  const bool quoted = at < text.size() && text[at] == '\'';
  for (auto i = quoted ? at + 1 : at; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (quoted ? text[i] == '\'' : ends_url(text[i]) || text[i] == '&') {
      return quoted ? i + 1 : i;
    }
  }
  return text.size();
}

/// password=… in key=value strings and in the query part of a URL.
void redact_keys(std::string& text) {
  constexpr std::string_view kKey = "password";
  std::size_t from = 0;
  while ((from = lower(text).find(kKey, from)) != std::string::npos) {
    from += kKey.size();
    auto at = from;
    while (at < text.size() && text[at] == ' ') ++at;
    if (at >= text.size() || text[at] != '=') continue;
    ++at;
    while (at < text.size() && text[at] == ' ') ++at;
    const auto end = end_of_value(text, at);
    if (end > at) text.replace(at, end - at, "***");
    from = at;
  }
}

}  // namespace

std::string redacted(std::string_view text) {
  std::string result(text);
  redact_urls(result);
  redact_keys(result);
  return result;
}

bool holds_password(std::string_view text) {
  return redacted(text) != text;
}

}  // namespace zdm::cli
