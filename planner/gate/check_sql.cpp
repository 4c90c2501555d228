#include "gate/check_sql.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "gate/costs.hpp"
#include "gate/history.hpp"
#include "gate/known.hpp"
#include "gate/place.hpp"
#include "gate/scene.hpp"
#include "gate/type_change.hpp"
#include "locks/claims.hpp"
#include "sql/quote.hpp"
#include "sql/text.hpp"
#include "sync/names.hpp"

namespace zdm::planner {

namespace {

// Servers come with a search path that begins with public.
std::string home_of(const Catalog* catalog) {
  const bool told = catalog != nullptr && !catalog->search_path.empty();
  return told ? catalog->search_path.front() : "public";
}

constexpr std::size_t kMostText = 2'000;  // bytes, as zdm-check(1) says

class Gate {
 public:
  explicit Gate(const GateOptions& options)
      : options_(options), history_(home_of(options.catalog)), retired_(options.retired) {
    if (options.catalog != nullptr) small_ = small_tables(*options.catalog);
  }

  /// A file that runs already: nothing is said of it.
  void learn(const SqlFile& file, const FileFacts& facts) {
    for (const StatementFacts& statement : facts.statements) {
      history_.start(statement);
      for (const SqlEffect& effect : statement.effects) {
        history_.note(statement, effect, options_.postgres);
        if (effect.kind != ObjectKind::index || effect.other.schema.empty()) continue;
        auto qualified = effect;  // an index is in the schema of its table
        qualified.object.schema = effect.other.schema;
        history_.note(statement, qualified, options_.postgres);
      }
    }
    history_.end_release();
    retired_.merge(read_release_marks(file).retired);
  }

  /// What the files of this release retire may go in the next one.
  void announce(const SqlFile& file) {
    auto marks = read_release_marks(file);
    retired_here_.merge(marks.retired);
    for (Finding& finding : marks.findings) verdict_.findings.push_back(std::move(finding));
  }

  void end_release() {
    history_.end_release();
    retired_.merge(retired_here_);
    retired_here_.clear();
  }

  void file(const SqlFile& file, const FileFacts& facts) {
    history_.look_ahead(facts);
    for (const StatementFacts& statement : facts.statements) {
      ++verdict_.statements;
      locks_.reset();
      history_.start(statement);
      if (statement.fault) {
        fault(file, statement);
      } else {
        effects(file, statement);
      }
    }
    locks_.reset();
    if (facts.left_open) left_open(file, *facts.left_open);
    std::ranges::stable_sort(found_, {}, [](const Finding& finding) {
      return std::pair(finding.where.line, finding.where.column);
    });
    hand_over(file);
  }

  SqlVerdict take() { return std::move(verdict_); }

 private:
  void hand_over(const SqlFile& file) {
    if (options_.judged) {
      options_.judged(file, std::move(found_));
    } else {
      std::ranges::move(found_, std::back_inserter(verdict_.findings));
    }
    found_.clear();
  }

  void effects(const SqlFile& file, const StatementFacts& statement) {
    if (options_.costs) cost(file, statement);
    for (const SqlEffect& effect : statement.effects) {
      std::vector<Remark> remarks;
      Scene scene(file, statement, effect, history_, options_, remarks);
      for (const Rule& rule : rules()) {
        if (rule.check == nullptr) continue;
        if (options_.postgres < rule.from || options_.postgres > rule.to) continue;
        scene.rule = &rule;
        rule.check(scene);
      }
      for (Remark& remark : remarks) {
        if (!judge(file, statement, effect, remark)) continue;
        tell_doubt(effect, remark);
        add(file, statement, &effect, std::move(remark));
      }
      history_.note(statement, effect, options_.postgres);
    }
  }

  void cost(const SqlFile& file, const StatementFacts& statement) {
    StatementCost cost{.where = span(file, statement.place)};
    cost.statement = file.bytes.substr(statement.place.offset, statement.place.length);
    cost.in_transaction = statement.in_transaction;
    Claims locks;
    for (const SqlEffect& effect : statement.effects) {
      const auto each = history_.cost(effect, options_.postgres);
      locks.merge(each.locks);
      cost.rewrites = std::max(cost.rewrites, each.rewrites);
      cost.scans = std::max(cost.scans, each.scans);
    }
    cost.locks = locks.list();
    verdict_.costs.push_back(std::move(cost));
  }

  /// What the releases make of a remark; false: it is none.
  bool judge(const SqlFile& file, const StatementFacts& statement, const SqlEffect& effect,
             Remark& remark) const {
    // What a wider type does anew takes longer the larger the table is; another type breaks code.
    const bool grows = grows_with_table(remark.rule->id) ||
                       (remark.rule->id == "column-type-change" && only_widens(history_, effect));
    if (grows && small_.contains(sized_by(effect))) return false;
    // zdm gives up and tries again where it would make others wait
    if (file.planned_for && remark.rule->id == "multi-table-lock") return false;
    // Its own triggers come and go.
    if (file.planned_for && effect.part.starts_with(kTriggerPrefix)) return false;
    // A view that zdm refreshes plainly has no readers yet, or none any more.
    if (file.planned_for && remark.rule->id == "refresh-matview-blocking") return false;
    if (remark.rule->with_base.empty() || effect.to == kDropOwned) return true;
    if (file.planned_for) return false;
    if (remark.rule->with_base == "unretired-drop") {
      const auto name = name_of(effect);
      if (find_retired(retired_, name) != nullptr) return false;
      tell_dependents(effect, remark);
      if (const auto* here = find_retired(retired_here_, name)) {
        remark = retired_in_the_same_release(name, *here, std::move(remark));
        return true;
      }
    }
    if (options_.base.empty()) return true;
    if (remark.rule->with_base == "unretired-drop") {
      remark.help = how_to_retire(name_of(effect), renamed_to(statement, effect));
      remark.message += fmt::format("; no file of {} retires it", options_.base);
    }
    remark.rule = find_rule(remark.rule->with_base);
    return true;
  }

  /// What this release may have made itself counts as old: its author can say that it is new.
  void tell_doubt(const SqlEffect& effect, Remark& remark) const {
    const bool on_index = effect.kind == ObjectKind::index && effect.deed == Deed::create;
    const TableName& name = on_index ? effect.other : effect.object;
    auto word = history_.doubt(on_index ? ObjectKind::table : effect.kind, name);
    if (word.empty()) word = history_.doubt(ObjectKind::table, name);
    if (word.empty() || (effect.deed == Deed::create && !on_index)) return;
    remark.help +=
        fmt::format("\n{} leaves open whether {} is new; without it, it is", word, quote(name));
  }

  void tell_dependents(const SqlEffect& effect, Remark& remark) const {
    if (options_.catalog == nullptr) return;
    const auto names = dependents_of(*options_.catalog, effect);
    if (names.empty()) return;
    remark.message += fmt::format("; what depends on it: {}", fmt::join(names, ", "));
  }

  [[nodiscard]] Remark retired_in_the_same_release(const NameParts& name, const std::string& by,
                                                   Remark remark) const {
    remark.rule = find_rule("same-release-contract");
    remark.message =
        fmt::format("{} is retired ({}) and taken away in one release: {} still uses it",
                    to_sql(name), by, options_.base.empty() ? "the running one" : options_.base);
    remark.help = "move this statement into a file of the release after";
    return remark;
  }

  /// The column that the statement adds in the place of one it drops; empty: none.
  static std::string renamed_to(const StatementFacts& statement, const SqlEffect& dropped) {
    if (dropped.deed != Deed::drop || dropped.kind != ObjectKind::column) return {};
    for (const SqlEffect& effect : statement.effects) {
      if (effect.deed == Deed::add_column && effect.object == dropped.object) return effect.part;
    }
    return {};
  }

  static std::string how_to_retire(const NameParts& name, const std::string& renamed_to) {
    std::string help;
    if (!renamed_to.empty()) {
      help = fmt::format(
          "this is a rename to {} in disguise: its values are lost, and rename_column carries them "
          "over\n",
          quote_identifier(renamed_to));
    }
    return help + fmt::format(
                      "move it to a later release; in this one, with the code that no "
                      "longer uses it, ship a file with the line\n  -- zdm:retires {}",
                      to_sql(name));
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
    Finding finding;
    finding.rule = remark.rule->id;
    finding.severity = remark.severity.value_or(remark.rule->severity);
    finding.where = span(file, remark.where);
    finding.message = std::move(remark.message);
    finding.help = std::move(remark.help);
    finding.statement = text_of(file, statement);
    if (!file.source && !file.planned_for) finding.fix = std::move(remark.fix);
    if (effect != nullptr && !effect->object.name.empty()) {
      finding.objects.push_back(quote(effect->object));
    }
    finding.locks = locks_of(statement);
    found_.push_back(std::move(finding));
  }

  /// Of a statement that many findings are about, the text is not told whole with each of them.
  static std::string text_of(const SqlFile& file, const StatementFacts& statement) {
    const auto& place = statement.place;
    if (place.length <= kMostText) return file.bytes.substr(place.offset, place.length);
    const auto text = std::string_view(file.bytes).substr(place.offset, place.length);
    return std::string(utf8_prefix(text, kMostText)) + "…";
  }

  /// All that a statement locks: worked out once, however much is found in it.
  const std::vector<LockClaim>& locks_of(const StatementFacts& statement) {
    if (locks_) return *locks_;
    Claims locks;
    for (const SqlEffect& each : statement.effects) {
      locks.merge(history_.cost(each, options_.postgres).locks);
    }
    locks_ = locks.list();
    return *locks_;
  }

  SourceSpan span(const SqlFile& file, Place place) {
    if (file.planned_for) return *file.planned_for;
    if (file.source) {
      auto where = place_of(*file.source, place.offset);
      const auto end = place_of(*file.source, place.end());
      where.end_line = end.line;
      where.end_column = end.column;
      return where;
    }
    if (&file != file_) {
      file_ = &file;
      lines_.emplace(file.bytes);
    }
    return lines_->span(place.offset, place.end(), file.path);
  }

  const GateOptions& options_;
  History history_;
  Retired retired_;       // by what runs
  Retired retired_here_;  // by this release
  std::set<TableName> small_;
  SqlVerdict verdict_;
  std::vector<Finding> found_;  // in the file that is looked at
  const SqlFile* file_ = nullptr;
  std::optional<LineIndex> lines_;
  std::optional<std::vector<LockClaim>> locks_;  // of the statement that is looked at
};

}  // namespace

SqlVerdict check_sql(const std::vector<SqlFile>& files, const GateOptions& options) {
  Gate gate(options);
  const bool apart = options.base.empty();
  if (options.catalog != nullptr) {
    for_each_file({as_shipped(*options.catalog)},
                  [&](const SqlFile& file, const FileFacts& facts) { gate.learn(file, facts); });
  }
  for_each_file(options.shipped,
                [&](const SqlFile& file, const FileFacts& facts) { gate.learn(file, facts); });
  if (!apart) std::ranges::for_each(files, [&](const SqlFile& file) { gate.announce(file); });
  for_each_file(files, [&](const SqlFile& file, const FileFacts& facts) {
    if (apart) gate.announce(file);
    gate.file(file, facts);
    if (apart) gate.end_release();
  });
  return gate.take();
}

}  // namespace zdm::planner
