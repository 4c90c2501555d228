#include "gate/facts.hpp"

#include "sql/big_stack.hpp"
#include "sql/lexer.hpp"
#include "sql/pg_tree.hpp"
#include "sql/pieces.hpp"
#include "sql/statement/block.hpp"
#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

constexpr int kMaxBlocks = 4;  // a DO block in the DO block of …

using Statements = std::vector<StatementFacts>;

void read_text(const StatementText& text, int depth, bool in_block, Statements& out);

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

// What is put together at run time is said of the block; the rest are statements of their own.
void read_do(const PgQuery__DoStmt& stmt, const StatementText& text, int depth, Statements& out) {
  Block block = read_block(stmt, text);
  const std::size_t first = out.size();
  for (BlockPart& part : block.parts) {
    if (!part.owned.empty()) part.text.text = part.owned;
    part.text.variables = &block.variables;
    if (part.dynamic || depth >= kMaxBlocks) {
      add_dynamic(part.text, out[first - 1]);
      continue;
    }
    const std::size_t before = out.size();
    for (const SqlPiece& piece : split_pieces(part.text.text)) {
      StatementText statement = part.text;
      statement.text = part.text.text.substr(piece.offset, piece.length);
      statement.offset += piece.offset;
      read_text(statement, depth + 1, true, out);
    }
    // PL/pgSQL writes some statements in its own way.
    for (std::size_t i = before; i < out.size(); ++i) {
      if (!out[i].fault) continue;
      out[i].fault.reset();
      add_dynamic(part.text, out[i]);
    }
  }
  if (!block.branches) return;
  for (std::size_t i = first; i < out.size(); ++i) {
    for (SqlEffect& effect : out[i].effects) effect.conditional = true;
  }
}

void read_text(const StatementText& text, int depth, bool in_block, Statements& out) {
  const auto fault = read_tree(text.text, [&](const PgQuery__ParseResult& tree) {
    for (std::size_t i = 0; i < tree.n_stmts; ++i) {
      const PgQuery__RawStmt& stmt = *tree.stmts[i];
      if (stmt.stmt == nullptr) continue;
      out.push_back(blank(text, in_block));
      if (stmt.stmt->node_case == PG_QUERY__NODE__NODE_DO_STMT) {
        read_do(*stmt.stmt->do_stmt, text, depth, out);
      } else {
        read_statement(*stmt.stmt, text, out.back().effects);
      }
    }
  });
  if (!fault) return;
  out.push_back(blank(text, in_block));
  out.back().fault = at(text, *fault);
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
      if (deed == Deed::commit || deed == Deed::rollback) end();
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
  void end() { open_ = wrapped_ = false; }

  bool wrapped_;
  bool open_;
  std::size_t number_;
  std::size_t facts_of_block_ = 0;
  Place begun_;
};

FileFacts read_here(const SqlFile& file, std::size_t transaction) {
  FileFacts facts;
  const std::string_view shipped = file.shipped;
  for (SqlPiece& piece : split_pieces(shipped)) {
    const StatementText text{shipped.substr(piece.offset, piece.length), piece.offset,
                             std::nullopt};
    if (piece.fault) {
      facts.statements.push_back(blank(text, false));
      facts.statements.back().fault = std::move(piece.fault);
      continue;
    }
    read_text(text, 0, false, facts.statements);
  }
  Transactions(file, transaction).run(facts);
  return facts;
}

FileFacts no_memory(const SqlFile& file) {
  FileFacts facts;
  facts.statements.emplace_back();
  facts.statements.back().place = {0, file.shipped.size()};
  facts.statements.back().fault = SqlFault{"the parser got no memory for its stack", 0};
  return facts;
}

}  // namespace

void for_each_file(const std::vector<SqlFile>& files,
                   const std::function<void(const SqlFile&, const FileFacts&)>& visit) {
  std::size_t transaction = 0;
  const bool ran = run_on_big_stack([&] {
    for (const SqlFile& file : files) {
      const FileFacts facts = read_here(file, transaction);
      transaction = facts.next_transaction;
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
