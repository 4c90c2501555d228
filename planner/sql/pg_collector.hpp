#pragma once

#include <string_view>

#include "sql/pg_tree.hpp"

namespace zdm::planner {

/// What an expression of libpg_query's tree is made of, and where `text` names its columns;
/// `tokens` are those of the text, before which the parser saw `prefix` bytes. Faults: what is no
/// single value of one row.
[[nodiscard]] ParseResult collect(const ProtobufCMessage& expression, std::string_view text,
                                  const PgQuery__ScanResult& tokens, std::size_t prefix);

}  // namespace zdm::planner
