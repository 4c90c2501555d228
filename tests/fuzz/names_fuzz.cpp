// Names: whatever parses quotes back to itself; a made name always fits.
#include <cstdint>
#include <string>

#include "fuzz/require.hpp"
#include "recipes/key_reader.hpp"
#include "sql/quote.hpp"
#include "sql/text.hpp"

using namespace zdm::planner;

namespace {

void made_name(const std::string& text) {
  if (find_invalid_utf8(text) != std::string::npos) return;
  const std::string name = unique_name(text, "_key", {text + "_key"});
  FUZZ_REQUIRE(name.size() <= 63);
  FUZZ_REQUIRE(find_invalid_utf8(name) == std::string::npos);
  FUZZ_REQUIRE(parse_identifier(quote_identifier(text + "x")).value_or(text + "x") == text + "x");
}

// A file's table whose keys and values are the pieces of the text.
void read_keys(const std::string& text) {
  Object object;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string piece = text.substr(begin, end - begin);
    object.push_back({.key = piece.substr(0, 4), .where = {}, .value = {.data = piece}});
    begin = end + 1;
  }
  KeyReader keys(object, {}, "a change");
  const std::string key = object.empty() ? "up" : object.front().key;
  (void)keys.identifier(key);
  (void)keys.table(key);
  (void)keys.common();
  const auto end = keys.finish();
  FUZZ_REQUIRE(end || !end.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto name = parse_identifier(text)) {
    FUZZ_REQUIRE(parse_identifier(quote_identifier(*name)) == *name);
  }
  if (const auto table = parse_table_name(text)) {
    FUZZ_REQUIRE(parse_table_name(quote(*table)) == *table);
  }
  made_name(text);
  read_keys(text);
  return 0;
}
