#include "gate/check_sql.hpp"

#include <algorithm>

#include "gate/costs.hpp"
#include "gate/history.hpp"
#include "gate/scene.hpp"
#include "locks/claims.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

// Lines and columns from 1, columns in characters; asked for in any order.
class Lines {
 public:
  explicit Lines(const std::string& text) : text_(text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  [[nodiscard]] std::pair<int, int> at(std::size_t offset) const {
    offset = std::min(offset, text_.size());
    const auto line = std::ranges::upper_bound(starts_, offset) - 1;
    const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
    const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(*line);
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(offset);
    return {static_cast<int>(line - starts_.begin()) + 1,
            static_cast<int>(std::count_if(begin, end, is_start)) + 1};
  }

 private:
  const std::string& text_;
  std::vector<std::size_t> starts_ = {0};
};

class Gate {
 public:
  explicit Gate(const GateOptions& options) : options_(options) {}

  void file(const SqlFile& file, const FileFacts& facts) {
    const std::size_t first = verdict_.findings.size();
    history_.look_ahead(facts);
    for (const StatementFacts& statement : facts.statements) {
      ++verdict_.statements;
      history_.start(statement);
      if (statement.fault) {
        fault(file, statement);
      } else {
        effects(file, statement);
      }
    }
    if (facts.left_open) left_open(file, *facts.left_open);
    std::stable_sort(verdict_.findings.begin() + static_cast<std::ptrdiff_t>(first),
                     verdict_.findings.end(), [](const Finding& a, const Finding& b) {
                       return std::pair(a.where.line, a.where.column) <
                              std::pair(b.where.line, b.where.column);
                     });
  }

  SqlVerdict take() { return std::move(verdict_); }

 private:
  void effects(const SqlFile& file, const StatementFacts& statement) {
    for (const SqlEffect& effect : statement.effects) {
      std::vector<Remark> remarks;
      Scene scene(file, statement, effect, history_, options_.postgres, remarks);
      for (const Rule& rule : rules()) {
        if (rule.check == nullptr) continue;
        if (options_.postgres < rule.from || options_.postgres > rule.to) continue;
        scene.rule = &rule;
        rule.check(scene);
      }
      for (Remark& remark : remarks) add(file, statement, &effect, std::move(remark));
      history_.note(statement, effect, options_.postgres);
    }
  }

  void fault(const SqlFile& file, const StatementFacts& statement) {
    ++verdict_.unanalysed;
    add(file, statement, nullptr,
        {find_rule("unanalysed"),
         {statement.fault->offset, 0},
         "this statement could not be read, so nothing is known of it: " + statement.fault->message,
         "mend it, or allow it with a reason",
         std::nullopt});
  }

  void left_open(const SqlFile& file, Place begin) {
    StatementFacts statement;
    statement.place = begin;
    add(file, statement, nullptr,
        {find_rule("transaction-not-committed"), begin,
         "nothing ends this transaction: all that follows is rolled back",
         "write COMMIT at its end", std::nullopt});
  }

  void add(const SqlFile& file, const StatementFacts& statement, const SqlEffect* effect,
           Remark remark) {
    if (&file != file_) {
      file_ = &file;
      lines_.emplace(file.bytes);
    }
    Finding finding;
    finding.rule = remark.rule->id;
    finding.severity = remark.rule->severity;
    const auto [line, column] = lines_->at(remark.where.offset);
    const auto [end_line, end_column] = lines_->at(remark.where.end());
    finding.where = {file.path, line, column, end_line, end_column};
    finding.message = std::move(remark.message);
    finding.help = std::move(remark.help);
    finding.statement = file.bytes.substr(statement.place.offset, statement.place.length);
    finding.fix = std::move(remark.fix);
    if (effect != nullptr && !effect->object.name.empty()) {
      finding.objects.push_back(quote(effect->object));
    }
    Claims locks;
    for (const SqlEffect& each : statement.effects) {
      locks.merge(cost_of(each, options_.postgres).locks);
    }
    finding.locks = locks.list();
    verdict_.findings.push_back(std::move(finding));
  }

  const GateOptions& options_;
  History history_;
  SqlVerdict verdict_;
  const SqlFile* file_ = nullptr;
  std::optional<Lines> lines_;
};

}  // namespace

SqlVerdict check_sql(const std::vector<SqlFile>& files, const GateOptions& options) {
  Gate gate(options);
  for_each_file(files,
                [&gate](const SqlFile& file, const FileFacts& facts) { gate.file(file, facts); });
  return gate.take();
}

}  // namespace zdm::planner
