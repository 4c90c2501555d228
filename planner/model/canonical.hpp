#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "model/value.hpp"

namespace zdm::planner {

/// The one text of a value: keys sorted by bytes, no white space, JSON's escapes. Only keys that
/// `wanted` says yes to, at any depth. Two files that say the same in another layout have the same
/// text.
[[nodiscard]] std::string canonical(const Value& value,
                                    const std::function<bool(std::string_view key)>& wanted);

/// "sha256:" and 64 hexadecimal digits.
[[nodiscard]] std::string checksum(std::string_view bytes);

}  // namespace zdm::planner
