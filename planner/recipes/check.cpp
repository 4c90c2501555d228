#include "recipes/check.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

namespace zdm::planner {

Error error_at(const SqlText& text, const SqlFault& fault, std::string_view what) {
  return Error{
      .code = ErrorCode::usage,
      .message = fmt::format("{} is not one SQL expression: {}", what, fault.message),
      .hint = "write an expression over the row, such as lower(name); no SELECT, no semicolon",
      .where = place_of(text.source, fault.offset),
      .statement = text.text};
}

Error statement_error_at(const SqlText& text, const SqlFault& fault, std::string_view what) {
  return Error{.code = ErrorCode::usage,
               .message = fmt::format("{} is not valid SQL: {}", what, fault.message),
               .hint = "correct it; the server has not seen it yet",
               .where = place_of(text.source, fault.offset),
               .statement = text.text};
}

Result<ExpressionFacts> check_expression(Engine engine, const SqlText& text,
                                         std::string_view what) {
  auto facts = analyse_expression(engine, text.text);
  if (!facts) return fail(error_at(text, facts.error(), what));
  return std::move(*facts);
}

Result<void> check_query(Engine engine, const SqlText& text, std::string_view what) {
  const auto statements = split_statements(engine, text.text);
  if (!statements) return fail(statement_error_at(text, statements.error(), what));
  std::string upper = statements->empty() ? std::string{} : statements->front().text;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto begins = [&](std::string_view word) { return upper.starts_with(word); };
  constexpr std::array<std::string_view, 5> words = {"SELECT", "WITH", "VALUES", "TABLE", "("};
  if (statements->size() == 1 && std::ranges::any_of(words, begins)) return {};
  return fail_at(place_of(text.source, statements->size() > 1 ? (*statements)[1].offset : 0),
                 ErrorCode::usage, fmt::format("{} is not one query", what),
                 "write a single SELECT");
}

}  // namespace zdm::planner
