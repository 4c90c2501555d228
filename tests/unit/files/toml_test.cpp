#include "files/toml.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"

using namespace zdm;
using migrations::parse_toml;
using planner::Array;
using planner::ErrorCode;
using planner::Object;
using planner::Value;

namespace {

Value parsed(std::string_view bytes) {
  auto value = parse_toml(bytes, "a.toml");
  INFO((value ? "" : value.error().message));
  REQUIRE(value);
  return *value;
}

planner::Error refused(std::string_view bytes) {
  auto value = parse_toml(bytes, "a.toml");
  REQUIRE_FALSE(value);
  CHECK(value.error().code == ErrorCode::usage);
  CHECK(value.error().message.find('\n') == std::string::npos);
  return value.error();
}

std::vector<std::string> keys(const Value& value) {
  std::vector<std::string> names;
  for (const auto& member : std::get<Object>(value.data)) names.push_back(member.key);
  return names;
}

const planner::Member& first(const Value& value) {
  return std::get<Object>(value.data).at(0);
}

using Places = std::vector<std::pair<int, int>>;

}  // namespace

TEST_CASE("members stand in file order, not in the order of their names", "[unit][files]") {
  const Value root = parsed("zebra = 1\napple = 2\n[mango]\nz = 1\na = 2\n[banana]\n");
  CHECK(keys(root) == std::vector<std::string>{"zebra", "apple", "mango", "banana"});
  CHECK(keys(std::get<Object>(root.data).at(2).value) == std::vector<std::string>{"z", "a"});
  const Value in_line = parsed("x = {c = 1, a = 2, b.z = 3, b.a = 4}");
  CHECK(keys(first(in_line).value) == std::vector<std::string>{"c", "a", "b"});
}

TEST_CASE("keys and values know their line and column, counted in characters", "[unit][files]") {
  const Value root = parsed("\xEF\xBB\xBF# \xC3\xA4\n  \"k\xC3\xA9y\" = 'v' # c\nn = [1,\n  2]\n");
  const auto& key = first(root);
  CHECK(key.where.line == 2);
  CHECK(key.where.column == 3);
  CHECK(key.value.where.line == 2);
  CHECK(key.value.where.column == 11);
  CHECK(key.value.where.file == "a.toml");
  const auto& array = std::get<Array>(std::get<Object>(root.data).at(1).value.data);
  CHECK(array.at(1).where.line == 4);
  CHECK(array.at(1).where.column == 3);
}

TEST_CASE("every type of value is kept", "[unit][files]") {
  const Value root = parsed("i = -7\nf = 1.5\nb = true\ns = 'x'\nt = {}\na = []\n");
  const auto& members = std::get<Object>(root.data);
  CHECK(std::get<std::int64_t>(members.at(0).value.data) == -7);
  CHECK(std::get<double>(members.at(1).value.data) == 1.5);
  CHECK(std::get<bool>(members.at(2).value.data));
  CHECK(std::get<std::string>(members.at(3).value.data) == "x");
  CHECK(std::get<Object>(members.at(4).value.data).empty());
  CHECK(std::get<Array>(members.at(5).value.data).empty());
}

TEST_CASE("each decoded byte of a string knows its place in the file", "[unit][files]") {
  struct Case {
    std::string_view file;
    std::string text;
    Places places;
  };
  const std::vector<Case> cases = {
      {"k = \"ab\"", "ab", {{1, 6}, {1, 7}, {1, 8}}},
      {"k = 'a\\n'", "a\\n", {{1, 6}, {1, 7}, {1, 8}, {1, 9}}},
      {"k = \"\"", "", {{1, 6}}},
      {"k = \"a\\tb\"", "a\tb", {{1, 6}, {1, 7}, {1, 9}, {1, 10}}},
      {"k = \"\\u00e9x\"", "\xC3\xA9x", {{1, 6}, {1, 6}, {1, 12}, {1, 13}}},
      {"k = \"\\U0001F600x\"",
       "\xF0\x9F\x98\x80x",
       {{1, 6}, {1, 6}, {1, 6}, {1, 6}, {1, 16}, {1, 17}}},
      {"k = \"\xC3\xA9x\"", "\xC3\xA9x", {{1, 6}, {1, 6}, {1, 7}, {1, 8}}},
      {"k = \"\"\"\na\nb\"\"\"", "a\nb", {{2, 1}, {2, 2}, {3, 1}, {3, 2}}},
      {"k = \"\"\"\r\na\r\nb\"\"\"", "a\nb", {{2, 1}, {2, 2}, {3, 1}, {3, 2}}},
      {"k = \"\"\"a\\\n\n   b\"\"\"", "ab", {{1, 8}, {3, 4}, {3, 5}}},
      {"k = \"\"\"a \\  \r\n\tb\"\"\"", "a b", {{1, 8}, {1, 9}, {2, 2}, {2, 3}}},
      {"k = '''\na'b''c'''", "a'b''c", {{2, 1}, {2, 2}, {2, 3}, {2, 4}, {2, 5}, {2, 6}, {2, 7}}},
      {"k = \"\"\"a\"\"\"\"\"", "a\"\"", {{1, 8}, {1, 9}, {1, 10}, {1, 11}}},
  };
  for (const Case& one : cases) {
    INFO(one.file);
    const Value root = parsed(one.file);
    const Value& value = first(root).value;
    CHECK(std::get<std::string>(value.data) == one.text);
    CHECK(value.positions == one.places);
  }
}

TEST_CASE("a syntax error names line and column and shows the line", "[unit][files]") {
  const auto error = refused("a = 1\nb = ]\n");
  REQUIRE(error.where);
  CHECK(error.where->file == "a.toml");
  CHECK(error.where->line == 2);
  CHECK(error.where->column == 5);
  CHECK(error.hint == "the line is: b = ]");
  CHECK(refused("a = 1\na = 2\n").where->line == 2);
  CHECK(refused("a = \"x").where->line == 1);
}

TEST_CASE("a line that may hold a password is not shown", "[unit][files]") {
  CHECK(refused("url = \"postgresql://app:hunter2@db/x").hint.empty());
  CHECK(refused("url = \"host=db password=hunter2").hint.empty());
  CHECK(refused("url = \"postgresql://app:hunter2@db/x").message.find("hunter2") ==
        std::string::npos);
}

TEST_CASE("dates and times are refused where they stand", "[unit][files]") {
  for (const char* text : {"d = 2026-11-23", "d = 07:32:00", "d = [2026-11-23T07:32:00Z]"}) {
    const auto error = refused(text);
    CHECK(error.message.find("expected a string") == 0);
    CHECK(error.where->line == 1);
  }
}

TEST_CASE("bytes that are no text give one clear message", "[unit][files]") {
  CHECK(refused("a = \"\xFF\"").message == "this is not UTF-8 text");
  CHECK(refused("a = \"\xC0\x80\"").message == "this is not UTF-8 text");
  CHECK(refused("a = \"\xED\xA0\x80\"").message == "this is not UTF-8 text");
  CHECK(refused(std::string_view("a\0b", 3)).message ==
        "this is not a text file: it contains a NUL byte");
  CHECK(refused("a = 1\nb = '\xE2\x82'").where->line == 2);
  CHECK(refused("a = 1\nb = '\xE2\x82'").where->column == 6);
}

TEST_CASE("an empty file is an empty table", "[unit][files]") {
  CHECK(keys(parsed("")).empty());
  CHECK(keys(parsed("\xEF\xBB\xBF")).empty());
  CHECK(keys(parsed("# nothing\r\n")).empty());
}

TEST_CASE("hostile files are answered without delay or overflow", "[unit][files]") {
  const auto repeated = [](std::string_view head, std::string_view part, std::string_view tail) {
    std::string text(head);
    while (text.size() + part.size() + tail.size() < 900'000) text += part;
    return text.append(tail);
  };
  const std::vector<std::string> files = {
      std::string(10'000'000, 'x'),
      repeated("", "a.", "a = 1"),
      repeated("[", "a.", "a]"),
      repeated("a = ", "[", ""),
      repeated("a = [", "{a.b.c=1},", "]"),
      repeated("a = ", "{a=", ""),
      repeated("a = ", "{a.b.c.d.e.f.g.h.i.j.k=", ""),
      repeated("a = ", "\"", ""),
      repeated("", "'", ""),
      repeated("a = [", "\"\",", "]"),
      repeated("a = [", "\"\xC3\xA9\",", "]"),
      repeated("", "\r", ""),
      repeated("", "\"\"\"", ""),
      repeated("a = \"", "\\u00e9", "\""),
      repeated("a = \"\"\"", "\\\n", "\"\"\""),
      repeated("", "[[a]]\n", ""),
  };
  for (const auto& file : files) {
    INFO(file.substr(0, 40));
    const auto start = std::chrono::steady_clock::now();
    const auto value = parse_toml(file, "a.toml");
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
    if (!value) {
      CHECK(value.error().message.size() < 300);
      CHECK(value.error().hint.size() < 300);
    }
  }
}
