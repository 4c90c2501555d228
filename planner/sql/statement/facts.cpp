#include "gate/facts.hpp"

#include <map>

#include "sql/big_stack.hpp"
#include "sql/lexer.hpp"
#include "sql/pg_tree.hpp"
#include "sql/pieces.hpp"
#include "sql/statement/block.hpp"
#include "sql/statement/read_ahead.hpp"
#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

constexpr int kMaxBlocks = 4;  // a DO block in the DO block of …

using Statements = std::vector<StatementFacts>;

/// A file while it is read. A function's body matters once something calls it.
struct Reading {
  Statements statements;
  std::map<TableName, Block> bodies;
};

void read_text(const StatementText& text, int depth, bool in_block, Reading& out);
void run_function(const TableName& name, int depth, Reading& out);

SqlFault at(const StatementText& text, const SqlFault& fault) {
  return {fault.message, text.place(fault.offset, fault.offset).offset};
}

StatementFacts blank(const StatementText& text, bool in_block) {
  StatementFacts facts;
  facts.place = text.place(0, text.text.size());
  facts.in_block = in_block;
  return facts;
}

void add_dynamic(const StatementText& text, StatementFacts& facts) {
  SqlEffect effect;
  effect.deed = Deed::run_dynamic;
  effect.kind = ObjectKind::other;
  effect.where = text.place(0, text.text.size());
  facts.effects.push_back(std::move(effect));
}

// What is put together at run time is said of the statement that runs the block, the last one; the
// rest are statements of their own.
void run_block(const Block& block, int depth, Reading& out) {
  Statements& statements = out.statements;
  const std::size_t first = statements.size();
  for (const BlockPart& part : block.parts) {
    StatementText whole = part.text;
    if (!part.owned.empty()) whole.text = part.owned;
    whole.variables = &block.variables;
    if (!part.called.name.empty()) {
      run_function(part.called, depth + 1, out);
      continue;
    }
    if (part.dynamic || depth >= kMaxBlocks) {
      add_dynamic(part.text, statements[first - 1]);
      continue;
    }
    const std::size_t before = statements.size();
    for (const SqlPiece& piece : split_pieces(whole.text)) {
      StatementText statement = whole;
      statement.text = whole.text.substr(piece.offset, piece.length);
      statement.offset += piece.offset;
      read_text(statement, depth + 1, true, out);
    }
    // PL/pgSQL writes some statements in its own way.
    for (std::size_t i = before; i < statements.size(); ++i) {
      if (!statements[i].fault) continue;
      statements[i].fault.reset();
      if (!part.calls) add_dynamic(part.text, statements[i]);
    }
    // PERFORM itself is of no interest, only what it calls.
    if (part.calls && statements.size() > before && statements[before].effects.empty()) {
      statements.erase(statements.begin() + static_cast<std::ptrdiff_t>(before));
    }
  }
  if (!block.branches) return;
  for (std::size_t i = first; i < statements.size(); ++i) {
    for (SqlEffect& effect : statements[i].effects) effect.conditional = true;
  }
}

// The body of this file that a call means; "public" is where names without a schema mostly lead.
std::map<TableName, Block>::iterator find_body(const TableName& name, Reading& reading) {
  const auto exact = reading.bodies.find(name);
  if (exact != reading.bodies.end()) return exact;
  if (name.schema.empty()) return reading.bodies.find({"public", name.name});
  return name.schema == "public" ? reading.bodies.find({"", name.name}) : reading.bodies.end();
}

// Once each: a second call does the same again, and one function may call another without end.
void run_function(const TableName& name, int depth, Reading& out) {
  const auto found = find_body(name, out);
  if (found == out.bodies.end()) return;
  const auto body = out.bodies.extract(found);
  run_block(body.mapped(), depth, out);
}

// The functions a query calls whose bodies stand in this file.
void find_calls(const ProtobufCMessage& message, Reading& reading, std::vector<TableName>& found) {
  if (message.descriptor == &pg_query__func_call__descriptor) {
    const auto& call = reinterpret_cast<const PgQuery__FuncCall&>(message);
    auto name = table_name(names_of(call.funcname, call.n_funcname));
    if (find_body(name, reading) != reading.bodies.end()) found.push_back(std::move(name));
  }
  for_each_child(message,
                 [&](const ProtobufCMessage& child) { find_calls(child, reading, found); });
}

// What calls the functions of its expressions at once; a view or a trigger does so later.
bool runs_calls(const PgQuery__Node& node) {
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
    case PG_QUERY__NODE__NODE_CALL_STMT:
    case PG_QUERY__NODE__NODE_INSERT_STMT:
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
    case PG_QUERY__NODE__NODE_DELETE_STMT:
    case PG_QUERY__NODE__NODE_MERGE_STMT:
    case PG_QUERY__NODE__NODE_COPY_STMT:
      return true;
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
      return node.create_table_as_stmt->into->skip_data == 0;
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
      return option(node.explain_stmt->options, node.explain_stmt->n_options, "analyze");
    default:
      return false;
  }
}

void run_calls(const PgQuery__Node& node, int depth, Reading& out) {
  if (out.bodies.empty() || !runs_calls(node)) return;
  std::vector<TableName> called;
  find_calls(*held(&node), out, called);
  for (const TableName& name : called) run_function(name, depth, out);
}

void read_node(const PgQuery__Node& node, const StatementText& text, int depth, Reading& out) {
  if (node.node_case == PG_QUERY__NODE__NODE_DO_STMT) {
    return run_block(read_block(*node.do_stmt, text), depth, out);
  }
  read_statement(node, text, out.statements.back().effects);
  if (node.node_case == PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT) {
    const auto& function = *node.create_function_stmt;
    auto body = read_body(function, text);
    if (!body) return;
    out.bodies.insert_or_assign(table_name(names_of(function.funcname, function.n_funcname)),
                                std::move(*body));
  }
  run_calls(node, depth, out);
}

void read_text(const StatementText& text, int depth, bool in_block, Reading& out) {
  const auto fault = read_tree(text.text, [&](const PgQuery__ParseResult& tree) {
    for (std::size_t i = 0; i < tree.n_stmts; ++i) {
      const PgQuery__Node* node = tree.stmts[i]->stmt;
      if (node == nullptr) continue;
      out.statements.push_back(blank(text, in_block));
      read_node(*node, text, depth, out);
    }
  });
  if (!fault) return;
  out.statements.push_back(blank(text, in_block));
  out.statements.back().fault = at(text, *fault);
}

// Numbers the transactions: a runner's or the file's own, or one for each statement.
class Transactions {
 public:
  Transactions(const SqlFile& file, std::size_t first)
      : wrapped_(file.wrapping == Wrapping::transaction), open_(wrapped_), number_(first) {}

  void run(FileFacts& facts) {
    for (StatementFacts& statement : facts.statements) {
      if (statement.in_block) {
        statement.transaction = facts_of_block_;
        statement.in_transaction = true;
        continue;
      }
      const Deed deed = statement.effects.size() == 1 ? statement.effects[0].deed : Deed::alter;
      if (deed == Deed::begin && !open_) begin(statement.place);
      statement.transaction = facts_of_block_ = number_;
      statement.in_transaction = open_;
      if (deed == Deed::commit || deed == Deed::rollback) end(statement);
      if (!open_) ++number_;
    }
    if (open_ && !wrapped_) facts.left_open = begun_;
    facts.next_transaction = number_ + 1;
  }

 private:
  void begin(Place place) {
    open_ = true;
    wrapped_ = false;
    begun_ = place;
  }
  void end(const StatementFacts& statement) {
    if (open_ && statement.effects[0].to == kAndChain) {
      ++number_;
      begun_ = statement.place;
    } else {
      open_ = wrapped_ = false;
    }
  }

  bool wrapped_;
  bool open_;
  std::size_t number_;
  std::size_t facts_of_block_ = 0;
  Place begun_;
};

FileFacts read_here(const SqlFile& file, std::size_t transaction) {
  Reading reading;
  const std::string_view shipped = file.text();
  for (SqlPiece& piece : split_pieces(shipped)) {
    const StatementText text{shipped.substr(piece.offset, piece.length), piece.offset,
                             std::nullopt};
    if (piece.fault) {
      reading.statements.push_back(blank(text, false));
      reading.statements.back().fault = std::move(piece.fault);
      continue;
    }
    read_text(text, 0, false, reading);
  }
  FileFacts facts{.statements = std::move(reading.statements)};
  Transactions(file, transaction).run(facts);
  return facts;
}

FileFacts no_memory(const SqlFile& file) {
  FileFacts facts;
  facts.statements.emplace_back();
  facts.statements.back().place = {0, file.bytes.size()};
  facts.statements.back().fault = SqlFault{"the parser got no memory for its stack", 0};
  return facts;
}

}  // namespace

void for_each_file(const std::vector<SqlFile>& files,
                   const std::function<void(const SqlFile&, const FileFacts&)>& visit) {
  const ReadAhead::Read read = [](const SqlFile& file) { return read_here(file, 0); };
  const bool ran = run_on_big_stack([&] {
    ReadAhead ahead(files, read);
    std::size_t transaction = 0;
    for (const SqlFile& file : files) {
      FileFacts facts = ahead.next();
      for (StatementFacts& statement : facts.statements) statement.transaction += transaction;
      transaction = facts.next_transaction += transaction;
      visit(file, facts);
    }
  });
  if (ran) return;
  for (const SqlFile& file : files) visit(file, no_memory(file));
}

FileFacts read_facts(const SqlFile& file, std::size_t transaction) {
  FileFacts facts;
  if (run_on_big_stack([&] { facts = read_here(file, transaction); })) return facts;
  return no_memory(file);
}

std::string_view grammar_version() {
  return PG_MAJORVERSION;
}

}  // namespace zdm::planner
