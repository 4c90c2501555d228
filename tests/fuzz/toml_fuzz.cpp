#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "files/toml.hpp"

namespace {

using zdm::planner::Array;
using zdm::planner::Object;
using zdm::planner::Value;

/// Every value has a place; a string has one for each byte and its end. Where toml++ accepts more
/// than TOML 1.0 (white space of other scripts after a line-ending backslash) there may be none.
void check(const Value& value) {
  if (value.where.line < 1 || value.where.column < 1) std::abort();
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    if (!value.positions.empty() && value.positions.size() != text->size() + 1) std::abort();
  }
  if (const auto* array = std::get_if<Array>(&value.data)) {
    for (const Value& element : *array) check(element);
  }
  if (const auto* object = std::get_if<Object>(&value.data)) {
    for (const auto& member : *object) check(member.value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto value = zdm::migrations::parse_toml(bytes, "fuzz.toml");
  if (value) {
    check(*value);
  } else if (value.error().message.empty() ||
             value.error().message.find('\n') != std::string::npos) {
    std::abort();
  }
  return 0;
}
