#include "views/check/uri.hpp"

#include <fmt/format.h>

#include "views/check/checked.hpp"

namespace zdm::cli {

std::string uri_of(std::string_view path) {
  const auto plain = plain_path(path);
  std::string uri = plain.starts_with('/') ? "file://" : "";
  for (const char c : plain) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    // A colon would make a scheme of what stands before it.
    if (word || std::string_view("-._~/!$&'()*+,;=@").find(c) != std::string_view::npos) {
      uri += c;
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

}  // namespace zdm::cli
