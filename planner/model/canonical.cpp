#include "model/canonical.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
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
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string text = "sha256:";
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace zdm::planner
