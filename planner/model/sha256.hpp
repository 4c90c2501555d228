#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace zdm::planner {

/// FIPS 180-4. Our own, since OpenSSL takes 2 ms to set itself up and 3 MiB to be there, which
/// `zdm check` would pay on every save.
[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::string_view bytes);

}  // namespace zdm::planner
