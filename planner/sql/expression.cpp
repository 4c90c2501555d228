#include "sql/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sql/parsed_expression.hpp"
#include "sql/postgresql.hpp"
#include "sql/sqlite_parser.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

std::optional<SqlFault> text_fault(std::string_view text) {
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos) return SqlFault{"it has a zero byte", zero};
  const std::size_t invalid = find_invalid_utf8(text);
  if (invalid != std::string_view::npos) return SqlFault{"it is not valid UTF-8", invalid};
  return std::nullopt;
}

ParseResult parse(Engine engine, std::string_view text) {
  if (text.size() > kMaxExpression) {
    return fault(fmt::format("it has more than {} KiB", kMaxExpression / 1024), 0);
  }
  if (auto wrong = text_fault(text)) return tl::unexpected<SqlFault>(std::move(*wrong));
  return engine == Engine::postgresql ? parse_postgresql_expression(text)
                                      : parse_sqlite_expression(text);
}

// `NOT"a"` is SQL, `NOTnew.a` is not what it said.
void append_apart(std::string& out, std::string_view more) {
  if (!out.empty() && !more.empty() && is_identifier_part(out.back()) &&
      is_identifier_part(more.front())) {
    out += ' ';
  }
  out += more;
}

}  // namespace

void add_once(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

tl::expected<ExpressionFacts, SqlFault> analyse_expression(Engine engine, std::string_view text) {
  auto parsed = parse(engine, text);
  if (!parsed) return tl::unexpected<SqlFault>(std::move(parsed).error());
  return std::move(parsed->facts);
}

std::string replace_columns(Engine engine, std::string_view text,
                            const std::function<std::string(std::string_view)>& rename) {
  const auto parsed = parse(engine, text);
  if (!parsed) return std::string(text);
  std::string out;
  std::size_t done = 0;
  for (const ColumnUse& use : parsed->uses) {
    const std::string replacement = rename(use.name);
    if (replacement.empty()) continue;
    append_apart(out, text.substr(done, use.begin - done));
    append_apart(out, replacement);
    done = use.end;
  }
  append_apart(out, text.substr(done));
  return out;
}

tl::expected<std::vector<SqlStatement>, SqlFault> split_statements(Engine engine,
                                                                   std::string_view script) {
  if (auto wrong = text_fault(script)) return tl::unexpected<SqlFault>(std::move(*wrong));
  return engine == Engine::postgresql ? split_postgresql(script) : split_sqlite(script);
}

}  // namespace zdm::planner
