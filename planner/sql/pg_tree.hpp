#pragma once

#include <pg_query.h>

#include <functional>
#include <memory>
#include <optional>

#include "pg_query/pg_query.pb-c.h"
#include "sql/parsed_expression.hpp"

/// libpg_query's results as values that free themselves, and a walk over any part of its tree. Only
/// the sources of this folder include this.
namespace zdm::planner {

template <class T, void (*free_result)(T)>
class PgResult {
 public:
  explicit PgResult(T result) : result_(result) {}
  ~PgResult() { free_result(result_); }
  PgResult(const PgResult&) = delete;
  PgResult& operator=(const PgResult&) = delete;
  const T* operator->() const { return &result_; }

 private:
  T result_;
};

using PgScan = PgResult<PgQueryScanResult, pg_query_free_scan_result>;
using PgParse = PgResult<PgQueryProtobufParseResult, pg_query_free_protobuf_parse_result>;
using PgSplit = PgResult<PgQuerySplitResult, pg_query_free_split_result>;

struct FreeUnpacked {
  void operator()(PgQuery__ScanResult* p) const {
    pg_query__scan_result__free_unpacked(p, nullptr);
  }
  void operator()(PgQuery__ParseResult* p) const {
    pg_query__parse_result__free_unpacked(p, nullptr);
  }
};

using PgTokens = std::unique_ptr<PgQuery__ScanResult, FreeUnpacked>;
using PgTree = std::unique_ptr<PgQuery__ParseResult, FreeUnpacked>;

[[nodiscard]] PgTokens unpack(const PgScan& scan);
[[nodiscard]] PgTree unpack(const PgParse& parse);

/// Calls `read` with the tree of a script, which is gone when it returns. Where there is none: why.
///
/// It may parse other scripts meanwhile. Throws what `read` throws.
[[nodiscard]] std::optional<SqlFault> read_tree(
    std::string_view script, const std::function<void(const PgQuery__ParseResult&)>& read);

/// Calls `visit` with each message directly below this one, in the order of the grammar's fields.
/// PgQuery__Node, which only says what kind of message follows, is looked through.
void for_each_child(const ProtobufCMessage& message,
                    const std::function<void(const ProtobufCMessage&)>& visit);

/// The message a PgQuery__Node holds, or nothing.
[[nodiscard]] const ProtobufCMessage* held(const PgQuery__Node* node);

/// A location of the tree as an offset in bytes; unknown ones are at the start.
[[nodiscard]] std::size_t place(std::int32_t location);
[[nodiscard]] bool is_comment(const PgQuery__ScanToken& token);

/// An error of libpg_query as a fault of `text`, before which `prefix` characters were put.
/// PostgreSQL counts characters from 1.
[[nodiscard]] tl::unexpected<SqlFault> parser_fault(const PgQueryError& error,
                                                    std::string_view text, std::size_t prefix);

}  // namespace zdm::planner
