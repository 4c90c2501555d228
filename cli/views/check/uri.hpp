#pragma once

#include <string>
#include <string_view>

namespace zdm::cli {

/// The path as a URI reference (RFC 3986): file:// where it is absolute, else relative, with every
/// byte that a path may not hold as %XX.
[[nodiscard]] std::string uri_of(std::string_view path);

}  // namespace zdm::cli
