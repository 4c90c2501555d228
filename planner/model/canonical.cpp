#include "model/canonical.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/sha256.hpp"

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
  std::string text = "sha256:";
  for (const auto byte : sha256(bytes)) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace zdm::planner
