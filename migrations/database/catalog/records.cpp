#include "database/catalog/records.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace zdm::migrations {

namespace {

std::string text_of(const nlohmann::json& value) {
  if (value.is_null()) {
    return {};
  }
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<std::string> texts_of(const nlohmann::json& array) {
  std::vector<std::string> texts;
  for (const auto& item : array) {
    texts.push_back(text_of(item));
  }
  return texts;
}

nlohmann::json parse(const std::string& text) {
  return text.empty() ? nlohmann::json::array()
                      : nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

const Text& Record::field(std::string_view column) const {
  static const Text null;
  const auto at = std::ranges::find(rows_->columns, column);
  return at == rows_->columns.end()
             ? null
             : rows_->rows[row_][static_cast<std::size_t>(at - rows_->columns.begin())];
}

bool Record::null(std::string_view column) const {
  return !field(column).has_value();
}

std::string Record::text(std::string_view column) const {
  return field(column).value_or("");
}

bool Record::flag(std::string_view column) const {
  const std::string value = text(column);
  return value == "t" || value == "true" || value == "1";
}

std::int64_t Record::integer(std::string_view column) const {
  const std::string value = text(column);
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

int Record::number(std::string_view column) const {
  return static_cast<int>(integer(column));
}

std::uint32_t Record::oid(std::string_view column) const {
  return static_cast<std::uint32_t>(integer(column));
}

double Record::real(std::string_view column) const {
  return std::strtod(text(column).c_str(), nullptr);
}

std::vector<int> Record::integers(std::string_view column) const {
  const std::string value = text(column);
  std::vector<int> numbers;
  const char* const end = value.data() + value.size();
  for (const char* at = value.data(); at < end;) {
    int number = 0;
    const auto [next, problem] = std::from_chars(at, end, number);
    if (problem == std::errc()) {
      numbers.push_back(number);
    }
    at = std::max(next, at + 1);
  }
  return numbers;
}

std::vector<std::string> Record::texts(std::string_view column) const {
  return texts_of(parse(text(column)));
}

std::vector<std::vector<std::string>> Record::table(std::string_view column) const {
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : parse(text(column))) {
    rows.push_back(texts_of(row));
  }
  return rows;
}

std::vector<planner::TableName> Record::names(std::string_view column) const {
  std::vector<planner::TableName> names;
  for (const auto& parts : table(column)) {
    names.push_back({parts[0], parts[1]});
  }
  return names;
}

std::string to_json(const std::vector<std::vector<std::string>>& rows) {
  return nlohmann::json(rows).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace zdm::migrations
