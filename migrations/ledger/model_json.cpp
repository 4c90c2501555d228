#include "ledger/model_json.hpp"

#include <fmt/format.h>

#include "ledger/model_fields.hpp"

namespace zdm::migrations {
namespace {

/// Grows only when an older zdm would misread what is written; new fields alone do not need it.
constexpr int kVersion = 1;

template <class T>
std::string to_json(const T& value) {
  codec::Json json = codec::write(value);
  json["v"] = kVersion;
  // Invalid UTF-8 (a SQL_ASCII database) must not lose the whole record.
  return json.dump(-1, ' ', false, codec::Json::error_handler_t::replace);
}

template <class T>
Result<T> from_json(std::string_view text, std::string_view what) {
  constexpr std::string_view kHint = "use the zdm that wrote it, or a later one";
  try {
    const codec::Json json = codec::Json::parse(text);
    if (const int version = json.at("v").get<int>(); version > kVersion) {
      return planner::fail(ErrorCode::drift,
                           fmt::format("a {} in the ledger has format {}, and this zdm reads {}",
                                       what, version, kVersion),
                           std::string(kHint));
    }
    T value;
    codec::read(json, value);
    return value;
  } catch (const std::exception& error) {  // nlohmann's and DecodeError
    return planner::fail(
        ErrorCode::drift,
        fmt::format("this zdm cannot read a {} in the ledger: {}", what, error.what()),
        std::string(kHint));
  }
}

}  // namespace

std::string step_json(const planner::Step& step) {
  return to_json(step);
}
Result<planner::Step> parse_step(std::string_view json) {
  return from_json<planner::Step>(json, "step");
}
std::string table_json(const planner::Table& table) {
  return to_json(table);
}
Result<planner::Table> parse_table(std::string_view json) {
  return from_json<planner::Table>(json, "table");
}
std::string rule_json(const planner::SyncRule& rule) {
  return to_json(rule);
}
Result<planner::SyncRule> parse_rule(std::string_view json) {
  return from_json<planner::SyncRule>(json, "rule");
}

}  // namespace zdm::migrations
