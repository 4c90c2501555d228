#include "files/toml.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

#include "files/text_index.hpp"
#include "files/toml_literal.hpp"

namespace zdm::migrations {

using planner::Array;
using planner::ErrorCode;
using planner::fail;
using planner::fail_at;
using planner::Member;
using planner::Object;
using planner::Result;
using planner::SourceSpan;
using planner::Value;

namespace {

/// The offending line for the hint. A line with a connection string may hold a password.
std::string quoted_line(std::string_view line) {
  constexpr std::size_t kLongest = 120;
  if (line.find("://") != std::string_view::npos || line.find("password") != std::string_view::npos)
    return {};
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  const bool cut = line.size() > kLongest;
  std::string shown;
  while (!line.empty() && shown.size() < kLongest) {
    const std::size_t length = std::max<std::size_t>(utf8_length(line), 1);
    const bool control = length == 1 && static_cast<unsigned char>(line[0]) < 0x20;
    shown += control ? " " : line.substr(0, length);
    line.remove_prefix(length);
  }
  if (shown.empty()) return {};
  return fmt::format("the line is: {}{}", shown, cut ? " …" : "");
}

/// What toml++ says, without its "Error while parsing" and without raw control characters.
std::string problem_text(std::string_view description) {
  constexpr std::string_view kPrefix = "Error while parsing ";
  if (description.starts_with(kPrefix)) description.remove_prefix(kPrefix.size());
  std::string text;
  for (const char byte : description) {
    const auto code = static_cast<unsigned char>(byte);
    text += code < 0x20 || code == 0x7F ? fmt::format("\\x{:02X}", code) : std::string(1, byte);
  }
  return text;
}

/// Walks toml++'s tree into ours.
class Converter {
 public:
  Converter(const TextIndex& index, const std::string& file) : index_(index), file_(file) {}

  [[nodiscard]] Result<Value> convert(const toml::node& node) const {
    Value value;
    value.where = span(node.source());
    if (const auto* table = node.as_table()) {
      ZDM_TRY(value.data, object(*table));
    } else if (const auto* array = node.as_array()) {
      ZDM_TRY(value.data, elements(*array));
    } else if (const auto* text = node.as_string()) {
      value.positions = positions(node, text->get());
      value.data = text->get();
    } else if (const auto* integer = node.as_integer()) {
      value.data = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
      value.data = number->get();
    } else if (const auto* flag = node.as_boolean()) {
      value.data = flag->get();
    } else {
      return fail_at(value.where, ErrorCode::usage,
                     "expected a string, a number, true, false, an array or a table, but this is a "
                     "date or time",
                     "put it in quotes");
    }
    return value;
  }

 private:
  [[nodiscard]] SourceSpan span(const toml::source_region& region) const {
    return {file_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column),
            static_cast<int>(region.end.line), static_cast<int>(region.end.column)};
  }

  /// toml++ sorts by key; the file's order is that of the keys' places.
  [[nodiscard]] Result<Object> object(const toml::table& table) const {
    std::vector<std::pair<const toml::key*, const toml::node*>> members;
    for (auto&& [key, node] : table) members.emplace_back(&key, &node);
    std::ranges::stable_sort(members, [](const auto& left, const auto& right) {
      return left.first->source().begin < right.first->source().begin;
    });
    Object object;
    object.reserve(members.size());
    for (const auto& [key, node] : members) {
      ZDM_TRY(Value value, convert(*node));
      object.push_back(Member{std::string(key->str()), span(key->source()), std::move(value)});
    }
    return object;
  }

  [[nodiscard]] Result<Array> elements(const toml::array& array) const {
    Array values;
    values.reserve(array.size());
    for (const auto& node : array) {
      ZDM_TRY(Value value, convert(node));
      values.push_back(std::move(value));
    }
    return values;
  }

  /// Ours is a second reading of the same literal: where the two disagree, better no places than
  /// wrong ones.
  [[nodiscard]] std::vector<std::pair<int, int>> positions(const toml::node& node,
                                                           const std::string& text) const {
    const auto begin = node.source().begin;
    const auto literal = scan_literal(index_.text(), index_.offset(begin.line, begin.column));
    if (!literal || literal->text != text) return {};
    std::vector<std::pair<int, int>> places;
    places.reserve(literal->offsets.size());
    for (const std::size_t offset : literal->offsets) places.push_back(index_.place(offset));
    return places;
  }

  const TextIndex& index_;
  const std::string& file_;
};

planner::Error syntax_error(const toml::parse_error& error, const TextIndex& index,
                            const std::string& file) {
  const auto at = error.source().begin;
  const int line = static_cast<int>(at.line);
  const int column = static_cast<int>(at.column);
  return {.code = ErrorCode::usage,
          .message = fmt::format("this is not valid TOML: {}", problem_text(error.description())),
          .hint = quoted_line(index.line(at.line)),
          .where = SourceSpan{file, line, column, line, column}};
}

}  // namespace

Result<Value> parse_toml(std::string_view bytes, const std::string& file) {
  if (bytes.size() > kLargestFile) {
    return fail(ErrorCode::usage, fmt::format("{} is larger than 1 MB, the most zdm reads", file),
                "is it the file you meant?");
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  ZDM_TRY(const TextIndex index, TextIndex::create(bytes, file));
  ZDM_CHECK(refuse_deep_keys(bytes, file));
  try {
    const toml::table root = toml::parse(bytes, file);
    ZDM_TRY(Value value, Converter(index, file).convert(root));
    value.where = SourceSpan{file, 1, 1, 1, 1};
    return value;
  } catch (const toml::parse_error& error) {
    return fail(syntax_error(error, index, file));
  }
}

}  // namespace zdm::migrations
