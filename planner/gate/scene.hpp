#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/check_sql.hpp"
#include "gate/facts.hpp"
#include "gate/finding.hpp"
#include "gate/history.hpp"
#include "gate/rule.hpp"

namespace zdm::planner {

/// `to` of the effect of a DROP OWNED, which has no object.
inline constexpr std::string_view kDropOwned = "OWNED";

/// What a rule says of an effect.
struct Remark {
  const Rule* rule = nullptr;
  Place where;
  std::string message;
  std::string help;
  std::optional<Fix> fix;
  std::optional<Severity> severity = {};  ///< where it is not the rule's own
};

/// What a rule looks at: one effect, where it stands, and what came before.
class Scene {
 public:
  Scene(const SqlFile& file, const StatementFacts& statement_facts, const SqlEffect& sql_effect,
        const History& before, const GateOptions& options, std::vector<Remark>& remarks)
      : statement(statement_facts),
        effect(sql_effect),
        history(before),
        postgres(options.postgres),
        base(options.base),
        file_(file),
        remarks_(remarks) {}

  const StatementFacts& statement;
  const SqlEffect& effect;
  const History& history;
  int postgres;
  const std::string& base;  ///< what runs, in words; empty: unknown

  [[nodiscard]] bool is(Deed deed) const { return effect.deed == deed; }
  [[nodiscard]] bool is(Deed deed, ObjectKind kind) const {
    return effect.deed == deed && effect.kind == kind;
  }
  /// The effect's table existed before this release, as far as its files tell.
  [[nodiscard]] bool on_old_table() const { return !history.is_new_table(effect.object); }
  [[nodiscard]] std::string text(Place place) const {
    return file_.text().substr(place.offset, place.length);
  }
  /// As the file's first line ends.
  [[nodiscard]] std::string_view line_break() const;
  [[nodiscard]] std::string statement_text() const { return text(statement.place); }
  /// The object, quoted as SQL needs.
  [[nodiscard]] std::string object() const;
  [[nodiscard]] std::string part() const;

  void say(std::string message, std::string help, std::optional<Fix> fix = std::nullopt) {
    remarks_.push_back({rule, effect.where, std::move(message), std::move(help), std::move(fix)});
  }

  /// With another severity than the rule's.
  void say_as(Severity severity, std::string message, std::string help) {
    say(std::move(message), std::move(help));
    remarks_.back().severity = severity;
  }

  const Rule* rule = nullptr;  ///< the one that looks

 private:
  const SqlFile& file_;
  std::vector<Remark>& remarks_;
};

/// Inserts a word behind another of the statement; nothing where it stands in a string.
[[nodiscard]] std::optional<Fix> insert_after(const Scene& scene, std::string_view word,
                                              std::string_view inserted);

}  // namespace zdm::planner
