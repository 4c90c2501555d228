#include "sql/pg_collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "sql/other_rows.hpp"

namespace zdm::planner {

namespace {

// Walks an expression's tree and collects what it is made of.
class Collector {
 public:
  Collector(std::string_view text, const PgQuery__ScanResult& tokens, std::size_t prefix)
      : text_(text), tokens_(tokens), prefix_(prefix) {}

  void visit(const ProtobufCMessage& message) {
    if (fault_) return;
    const ProtobufCMessageDescriptor* type = message.descriptor;
    if (type == &pg_query__column_ref__descriptor) return column(as<PgQuery__ColumnRef>(message));
    if (type == &pg_query__func_call__descriptor) function(as<PgQuery__FuncCall>(message));
    if (type == &pg_query__a__indirection__descriptor) field(as<PgQuery__AIndirection>(message));
    refuse_others(message);
    const bool sublink = type == &pg_query__sub_link__descriptor;
    if (sublink) result_.facts.subquery = true;
    depth_ += sublink ? 1 : 0;
    for_each_child(message, [this](const ProtobufCMessage& child) { visit(child); });
    depth_ -= sublink ? 1 : 0;
  }

  [[nodiscard]] ParseResult result() && {
    if (fault_) return tl::unexpected<SqlFault>(*fault_);
    auto& uses = result_.uses;
    std::sort(uses.begin(), uses.end(),
              [](const ColumnUse& a, const ColumnUse& b) { return a.begin < b.begin; });
    for (const ColumnUse& use : uses) add_once(result_.facts.columns, use.name);
    return std::move(result_);
  }

 private:
  template <class T>
  static const T& as(const ProtobufCMessage& message) {
    return reinterpret_cast<const T&>(message);
  }
  [[nodiscard]] std::size_t offset(std::int32_t location) const {
    const std::size_t at = place(location);
    return at > prefix_ ? at - prefix_ : 0;
  }
  void refuse(std::string message, std::size_t at) {
    if (!fault_) fault_ = SqlFault{std::move(message), at};
  }

  void column(const PgQuery__ColumnRef& ref) {
    const std::size_t begin = offset(ref.location);
    const PgQuery__Node& last = *ref.fields[ref.n_fields - 1];
    if (last.node_case != PG_QUERY__NODE__NODE_STRING) {
      if (depth_ == 0) refuse("a star is no single value; name the columns", begin);
      return;
    }
    result_.uses.push_back({begin, end_of_name(begin, ref.n_fields), last.string->sval});
  }

  // The end of a name of `parts` parts; `U&"…"` may bring an escape clause along.
  [[nodiscard]] std::size_t end_of_name(std::size_t begin, std::size_t parts) const {
    const std::span tokens(tokens_.tokens, tokens_.n_tokens);
    auto it = std::lower_bound(
        tokens.begin(), tokens.end(), begin,
        [](const PgQuery__ScanToken* token, std::size_t at) { return place(token->start) < at; });
    std::size_t after = begin;
    for (std::size_t left = 2 * parts - 1; it != tokens.end() && left > 0; ++it) {
      if (is_comment(**it)) continue;
      const bool escaped = (*it)->token == PG_QUERY__TOKEN__UIDENT && tokens.end() - it > 2 &&
                           it[1]->token == PG_QUERY__TOKEN__UESCAPE;
      if (escaped) it += 2;
      after = place((*it)->end);
      --left;
    }
    return std::min(after, text_.size());
  }

  void function(const PgQuery__FuncCall& call) {
    std::string name;
    for (std::size_t i = 0; i < call.n_funcname; ++i) {
      if (i > 0) name += '.';
      name += call.funcname[i]->string->sval;
    }
    add_once(result_.facts.functions, name);
    if (depth_ > 0) return;
    const std::size_t at = offset(call.location);
    if (call.over != nullptr) return refuse("a window function reads other rows", at);
    if (call.agg_star != 0 || call.agg_distinct != 0 || call.agg_within_group != 0 ||
        call.n_agg_order > 0 || call.agg_filter != nullptr) {
      return refuse("an aggregate reads other rows", at);
    }
    if (auto reason = beyond_one_row(Engine::postgresql, name, call.n_args)) {
      refuse(std::move(*reason), at);
    }
  }

  void field(const PgQuery__AIndirection& of) {
    for (std::size_t i = 0; i < of.n_indirection; ++i) {
      if (depth_ > 0 || of.indirection[i]->node_case != PG_QUERY__NODE__NODE_A_STAR) continue;
      const std::size_t star = text_.find('*');
      refuse("a star is no single value; name the fields",
             star == std::string_view::npos ? 0 : star);
    }
  }

  void refuse_others(const ProtobufCMessage& message) {
    const ProtobufCMessageDescriptor* type = message.descriptor;
    if (type == &pg_query__param_ref__descriptor) {
      const auto& parameter = as<PgQuery__ParamRef>(message);
      refuse(fmt::format("${} has no value here", parameter.number), offset(parameter.location));
    }
    if (type == &pg_query__set_to_default__descriptor) {
      refuse("DEFAULT is no value here", offset(as<PgQuery__SetToDefault>(message).location));
    }
    if (type == &pg_query__grouping_func__descriptor) {
      refuse("GROUPING reads other rows", offset(as<PgQuery__GroupingFunc>(message).location));
    }
  }

  std::string_view text_;
  const PgQuery__ScanResult& tokens_;
  std::size_t prefix_;
  ParsedExpression result_;
  std::optional<SqlFault> fault_;
  int depth_ = 0;  // of subqueries
};

}  // namespace

ParseResult collect(const ProtobufCMessage& expression, std::string_view text,
                    const PgQuery__ScanResult& tokens, std::size_t prefix) {
  Collector collector(text, tokens, prefix);
  collector.visit(expression);
  return std::move(collector).result();
}

}  // namespace zdm::planner
