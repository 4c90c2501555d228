#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>

#include "database/connection.hpp"

/// Fields of the ledger's rows as values, the same on both engines.
namespace zdm::migrations::ledger {

/// Empty text is stored as NULL.
[[nodiscard]] inline Text or_null(const std::string& text) {
  return text.empty() ? Text{} : Text{text};
}

[[nodiscard]] inline std::string text(const Text& field) {
  return field.value_or("");
}

template <class Number = std::int64_t>
[[nodiscard]] Number number(const Text& field) {
  Number value{};
  if (field) {
    std::from_chars(field->data(), field->data() + field->size(), value);
  }
  return value;
}

[[nodiscard]] inline bool truth(const Text& field) {
  return field && (*field == "t" || *field == "1");
}

/// A time as seconds since the epoch, in SQL: read back by time().
[[nodiscard]] inline std::string epoch_sql(Engine engine, const std::string& column) {
  return engine == Engine::postgresql
             ? "extract(epoch FROM " + column + ")"
             : "strftime('%s', " + column + ") || substr(strftime('%f', " + column + "), 3)";
}

[[nodiscard]] inline std::chrono::system_clock::time_point time(const Text& field) {
  const std::chrono::duration<double> seconds(number<double>(field));
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(seconds));
}

}  // namespace zdm::migrations::ledger
