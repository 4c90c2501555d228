#include <fmt/format.h>

#include <cctype>
#include <filesystem>

#include "files/config_file.hpp"

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail_at;

namespace {

bool is_variable_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  for (const char byte : name) {
    if (byte != '_' && std::isalnum(static_cast<unsigned char>(byte)) == 0) return false;
  }
  return true;
}

}  // namespace

Result<std::string> expand_variables(const Host& host, const planner::Value& value) {
  const auto& text = std::get<std::string>(value.data);
  std::string expanded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto rest = std::string_view(text).substr(at);
    if (rest.starts_with("$$")) {
      expanded += '$';
      ++at;
    } else if (rest.starts_with("${")) {
      const auto close = rest.find('}');
      const auto name =
          std::string(rest.substr(2, close == std::string_view::npos ? close : close - 2));
      if (close == std::string_view::npos || !is_variable_name(name)) {
        return fail_at(place_of(value, at), ErrorCode::usage,
                       "database.url has a ${ that is not ${NAME}", "a dollar is written $$");
      }
      const auto found = host.environment(name);
      if (!found) {
        return fail_at(place_of(value, at), ErrorCode::usage,
                       fmt::format("the environment variable {} is not set", name),
                       "set it, or give --database URL");
      }
      expanded += *found;
      at += close;
    } else {
      expanded += text[at];
    }
  }
  return expanded;
}

std::string with_absolute_path(const std::string& url, const std::string& directory) {
  constexpr std::string_view kScheme = "sqlite:";
  if (!url.starts_with(kScheme)) return url;
  auto path = url.substr(kScheme.size());
  if (path.starts_with("//")) path.erase(0, 2);
  if (path.empty() || path.starts_with(":memory:") || path.starts_with("file:")) return url;
  return std::string(kScheme) +
         (std::filesystem::path(directory) / path).lexically_normal().string();
}

}  // namespace zdm::migrations
