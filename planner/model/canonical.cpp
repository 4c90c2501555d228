#include "model/canonical.hpp"

#include <fmt/format.h>
#include <sha2.h>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace zdm::planner {

namespace {

/// nlohmann::json keeps the keys of an object sorted by bytes.
nlohmann::json to_json(const Value& value, const std::function<bool(std::string_view)>& wanted) {
  return std::visit(
      [&](const auto& data) -> nlohmann::json {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, Array>) {
          auto list = nlohmann::json::array();
          for (const auto& each : data) list.push_back(to_json(each, wanted));
          return list;
        } else if constexpr (std::is_same_v<T, Object>) {
          auto object = nlohmann::json::object();
          for (const auto& member : data) {
            if (wanted(member.key)) object[member.key] = to_json(member.value, wanted);
          }
          return object;
        } else {
          return data;
        }
      },
      value.data);
}

}  // namespace

std::string canonical(const Value& value, const std::function<bool(std::string_view key)>& wanted) {
  return to_json(value, wanted).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string checksum(std::string_view bytes) {
  std::array<char, SHA256_DIGEST_STRING_LENGTH> digits{};
  SHA256Data(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), digits.data());
  return fmt::format("sha256:{}", digits.data());
}

}  // namespace zdm::planner
