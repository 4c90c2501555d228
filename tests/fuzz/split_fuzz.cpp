// The last byte chooses the engine, the rest is the script.
#include <cstdint>
#include <string>

#include "fuzz/require.hpp"
#include "sql/expression.hpp"

using namespace zdm::planner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Engine engine = data[size - 1] % 2 == 0 ? Engine::postgresql : Engine::sqlite;
  const std::string script(reinterpret_cast<const char*>(data), size - 1);
  const auto statements = split_statements(engine, script);
  if (!statements) {
    FUZZ_REQUIRE(!statements.error().message.empty());
    FUZZ_REQUIRE(statements.error().offset <= script.size());
    return 0;
  }
  std::size_t end = 0;
  for (const SqlStatement& statement : *statements) {
    FUZZ_REQUIRE(statement.offset >= end);
    FUZZ_REQUIRE(!statement.text.empty());
    end = statement.offset + statement.text.size();
    FUZZ_REQUIRE(end <= script.size());
    FUZZ_REQUIRE(script.compare(statement.offset, statement.text.size(), statement.text) == 0);
    const auto again = split_statements(engine, statement.text);
    FUZZ_REQUIRE(again && again->size() == 1 && again->front().text == statement.text);
  }
  return 0;
}
