#include "database/catalog/sqlite_text.hpp"

#include <algorithm>
#include <cctype>

namespace zdm::migrations {

namespace {

bool in_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || c == '.' || byte >= 0x80;
}

/// The end of the space or comment at `at`; `at` itself where there is neither.
std::size_t after_blank(std::string_view sql, std::size_t at) {
  if (std::isspace(static_cast<unsigned char>(sql[at])) != 0) {
    return at + 1;
  }
  if (sql.substr(at, 2) == "--") {
    return std::min(sql.find('\n', at), sql.size());
  }
  if (sql.substr(at, 2) == "/*") {
    const std::size_t end = sql.find("*/", at + 2);
    return end == std::string_view::npos ? sql.size() : end + 2;
  }
  return at;
}

/// A quote within quotes is doubled, but for brackets, which know none.
std::size_t after_quoted(std::string_view sql, std::size_t at) {
  const char close = sql[at] == '[' ? ']' : sql[at];
  for (std::size_t end = at + 1; end < sql.size(); ++end) {
    if (sql[end] == close) {
      if (close == ']' || end + 1 == sql.size() || sql[end + 1] != close) {
        return end + 1;
      }
      ++end;
    }
  }
  return sql.size();
}

std::size_t after_token(std::string_view sql, std::size_t at) {
  if (std::string_view("\"'`[").find(sql[at]) != std::string_view::npos) {
    return after_quoted(sql, at);
  }
  std::size_t end = at;
  while (end < sql.size() && in_word(sql[end])) {
    ++end;
  }
  return std::max(end, at + 1);
}

void add(SqlItem& item, const SqlItem& all, std::size_t at) {
  item.tokens.push_back(all.tokens[at]);
  item.starts.push_back(all.starts[at]);
  item.end = all.starts[at] + all.tokens[at].size();
}

}  // namespace

std::string SqlItem::word(std::size_t at) const {
  std::string upper = at < tokens.size() ? tokens[at] : std::string();
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80 ? std::toupper(c) : c);
  });
  return upper;
}

std::string SqlStatement::from(const SqlItem& item, std::size_t first, std::size_t last) const {
  if (first >= item.tokens.size() || first >= last) {
    return {};
  }
  const std::size_t end =
      last > item.tokens.size() ? item.end : item.starts[last - 1] + item.tokens[last - 1].size();
  return text.substr(item.starts[first], end - item.starts[first]);
}

SqlItem tokens_of(std::string_view sql) {
  SqlItem all;
  for (std::size_t at = 0; at < sql.size();) {
    if (const std::size_t next = after_blank(sql, at); next != at) {
      at = next;
      continue;
    }
    const std::size_t end = after_token(sql, at);
    all.tokens.emplace_back(sql.substr(at, end - at));
    all.starts.push_back(at);
    all.end = at = end;
  }
  return all;
}

std::size_t after_bracket(const SqlItem& item, std::size_t open) {
  int depth = 0;
  for (std::size_t at = open; at < item.tokens.size(); ++at) {
    depth += item.tokens[at] == "(" ? 1 : item.tokens[at] == ")" ? -1 : 0;
    if (depth == 0) {
      return at + 1;
    }
  }
  return item.tokens.size();
}

SqlStatement cut_statement(std::string_view sql) {
  SqlStatement statement{.text = std::string(sql), .head = {}, .items = {}, .tail = {}};
  const SqlItem all = tokens_of(sql);
  const auto open = std::ranges::find(all.tokens, "(");
  const auto first = static_cast<std::size_t>(open - all.tokens.begin());
  for (std::size_t at = 0; at < first; ++at) {
    add(statement.head, all, at);
  }
  const std::size_t close = first < all.tokens.size() ? after_bracket(all, first) : first;
  int depth = 0;
  for (std::size_t at = first + 1; at + 1 < close; ++at) {
    const std::string& token = all.tokens[at];
    depth += token == "(" ? 1 : token == ")" ? -1 : 0;
    if (statement.items.empty() || (depth == 0 && token == ",")) {
      statement.items.emplace_back();
    }
    if (depth != 0 || token != ",") {
      add(statement.items.back(), all, at);
    }
  }
  for (std::size_t at = close; at < all.tokens.size(); ++at) {
    add(statement.tail, all, at);
  }
  return statement;
}

std::string unquoted(std::string_view token) {
  if (token.size() < 2 || std::string_view("\"'`[").find(token.front()) == std::string_view::npos) {
    return std::string(token);
  }
  const char quote = token.front();
  std::string name;
  for (std::size_t at = 1; at + 1 < token.size(); ++at) {
    name += token[at];
    if (quote != '[' && token[at] == quote) {
      ++at;
    }
  }
  return name;
}

}  // namespace zdm::migrations
