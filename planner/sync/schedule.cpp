#include "sync/schedule.hpp"

#include <algorithm>
#include <iterator>

namespace zdm::planner {
namespace {

using Kind = SyncTest::Kind;

SyncTest written(std::string column) {
  return {Kind::written, std::move(column), false};
}
SyncTest not_written(std::string column) {
  return {Kind::written, std::move(column), true};
}
SyncTest null(std::string column) {
  return {Kind::null, std::move(column), false};
}

bool names(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool has(const std::vector<SyncColumn>& side, const std::string& name) {
  return std::ranges::any_of(side, [&](const SyncColumn& column) { return column.name == name; });
}

std::vector<const Assignment*> pointers(const std::vector<Assignment>& assignments) {
  std::vector<const Assignment*> result;
  std::ranges::transform(assignments, std::back_inserter(result),
                         [](const Assignment& assignment) { return &assignment; });
  return result;
}

/// A volatile default cannot be told from a given value.
bool tells(const SyncColumn& column, SyncEvent event) {
  return event == SyncEvent::update || column.default_kind != DefaultKind::volatile_;
}

/// "The side is written" as a clause; nothing where no column of it can tell: then it counts as
/// given exactly when the other side is not, which the clause of the other side says already.
void require(std::vector<SyncClause>& when, const std::vector<SyncColumn>& side, SyncEvent event) {
  SyncClause clause;
  const bool any = std::ranges::any_of(side, [&](const auto& c) { return tells(c, event); });
  for (const SyncColumn& column : side) {
    clause.push_back(written(column.name));
  }
  if (any) {
    when.push_back(std::move(clause));
  }
}

void require_untouched(std::vector<SyncClause>& when, const std::vector<SyncColumn>& side) {
  for (const SyncColumn& column : side) {
    when.push_back({not_written(column.name)});
  }
}

class Scheduler {
 public:
  Scheduler(const std::vector<SyncRule>& rules, SyncEvent event) : event_(event) {
    for (const SyncRule& rule : rules) {
      if (!rule.repair) {
        rules_.push_back(&rule);
      }
    }
    for (const SyncRule& rule : rules) {
      if (rule.repair) {
        rules_.insert(place_of_repair(rule), &rule);
      }
    }
  }

  std::vector<SyncOperation> run() {
    if (event_ == SyncEvent::update) {
      std::ranges::for_each(rules_, [this](const SyncRule* rule) { fill_before(*rule); });
    }
    std::for_each(rules_.rbegin(), rules_.rend(), [this](const SyncRule* rule) {
      if (two_way(*rule)) {
        backward(*rule);
      }
    });
    std::ranges::for_each(rules_, [this](const SyncRule* rule) { forward(*rule); });
    std::ranges::for_each(rules_, [this](const SyncRule* rule) {
      if (rule->forward.empty()) {
        derive(*rule, rule->backward, Derived::old_column);
      }
    });
    mark();
    return std::move(operations_);
  }

 private:
  enum class Derived { new_column, old_column };

  /// After the rule that computes the column, before the first that uses it.
  std::vector<const SyncRule*>::iterator place_of_repair(const SyncRule& repair) {
    const auto sets = [&](const SyncRule* rule) {
      return std::ranges::any_of(rule->forward, [&](const Assignment& assignment) {
        return has_target(repair, assignment.column);
      });
    };
    if (const auto maker = std::ranges::find_if(rules_, sets); maker != rules_.end()) {
      return std::next(maker);
    }
    return std::ranges::find_if(rules_, [&](const SyncRule* rule) {
      return std::ranges::any_of(repair.forward, [&](const Assignment& assignment) {
        return has(rule->old_side, assignment.column) || reads(*rule, assignment.column);
      });
    });
  }

  static bool has_target(const SyncRule& rule, const std::string& column) {
    return std::ranges::any_of(
        rule.forward, [&](const Assignment& assignment) { return assignment.column == column; });
  }

  static bool reads(const SyncRule& rule, const std::string& column) {
    return std::ranges::any_of(rule.forward, [&](const Assignment& assignment) {
      return names(assignment.reads, column);
    });
  }

  void add(const SyncRule& rule, std::vector<SyncClause> when, std::vector<const Assignment*> set) {
    operations_.push_back({&rule, std::move(when), std::move(set), false});
  }

  void fill(const SyncRule& rule, const Assignment& assignment) {
    add(rule, {{null(assignment.column)}, {not_written(assignment.column)}}, {&assignment});
    fills_.push_back(operations_.size() - 1);
  }

  void fill(const SyncRule& rule) {
    std::ranges::for_each(rule.forward, [&](const Assignment& each) { fill(rule, each); });
  }

  /// Only where a way back reads more than the one column that was written.
  void fill_before(const SyncRule& rule) {
    const bool read_backward = std::ranges::any_of(rules_, [&](const SyncRule* other) {
      return other != &rule && two_way(*other) &&
             std::ranges::any_of(other->old_side, [&](const SyncColumn& column) {
               return has_target(rule, column.name);
             });
    });
    if (two_way(rule) && (rule.forward.size() > 1 || read_backward)) {
      fill(rule);
    }
  }

  void backward(const SyncRule& rule) {
    std::vector<SyncClause> when;
    require(when, rule.new_side, event_);
    require_untouched(when, rule.old_side);
    add(rule, std::move(when), pointers(rule.backward));
  }

  void forward(const SyncRule& rule) {
    if (rule.repair) {
      for (const Assignment& assignment : rule.forward) {
        add(rule, {{null(assignment.column)}}, {&assignment});
      }
    } else if (two_way(rule)) {
      both_sided_forward(rule);
    } else {
      derive(rule, rule.forward, Derived::new_column);
    }
  }

  void both_sided_forward(const SyncRule& rule) {
    std::vector<SyncClause> when;
    require(when, rule.old_side, event_);
    const std::string& first = rule.forward.front().column;
    const bool fills_too = rule.forward.size() == 1 && !used_elsewhere(rule, first);
    if (fills_too && !when.empty()) {
      when.front().push_back(null(first));
    }
    require_untouched(when, rule.new_side);
    add(rule, std::move(when), pointers(rule.forward));
    if (!fills_too) {
      fill(rule);
    }
  }

  /// One way: the columns that the assignment reads are the other side.
  void derive(const SyncRule& rule, const std::vector<Assignment>& assignments, Derived derived) {
    for (const Assignment& assignment : assignments) {
      const SyncClause untouched = {not_written(assignment.column)};
      if (event_ == SyncEvent::insert) {
        add(rule, {untouched}, {&assignment});
        continue;
      }
      SyncClause cause;
      std::ranges::transform(assignment.reads, std::back_inserter(cause), written);
      const bool fills = derived == Derived::new_column;
      const bool apart = fills && used_elsewhere(rule, assignment.column);
      if (fills && !apart) {
        cause.push_back(null(assignment.column));
      }
      if (!cause.empty()) {
        add(rule, {std::move(cause), untouched}, {&assignment});
      }
      if (apart) {
        fill(rule, assignment);
      }
    }
  }

  bool used_elsewhere(const SyncRule& rule, const std::string& column) const {
    return std::ranges::any_of(rules_, [&](const SyncRule* other) {
      return other != &rule && (has(other->old_side, column) || has(other->new_side, column) ||
                                reads(*other, column) || has_target(*other, column));
    });
  }

  /// A filled gap was not written: what depends on it may hold more than could be derived.
  void mark() {
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      SyncOperation& operation = operations_[i];
      const bool asked = std::ranges::any_of(operation.set, [&](const Assignment* assignment) {
        return asked_later(i, assignment->column);
      });
      operation.marks = asked && !names_fill(i);
    }
  }

  bool names_fill(std::size_t i) const { return std::ranges::find(fills_, i) != fills_.end(); }

  bool asked_later(std::size_t i, const std::string& column) const {
    return std::any_of(operations_.begin() + static_cast<std::ptrdiff_t>(i) + 1, operations_.end(),
                       [&](const SyncOperation& later) {
                         return later.rule != operations_[i].rule && asks(later, column);
                       });
  }

  static bool asks(const SyncOperation& operation, const std::string& column) {
    return std::ranges::any_of(operation.when, [&](const SyncClause& clause) {
      return std::ranges::any_of(clause, [&](const SyncTest& test) {
        return test.kind == Kind::written && test.column == column;
      });
    });
  }

  SyncEvent event_;
  std::vector<const SyncRule*> rules_;
  std::vector<SyncOperation> operations_;
  std::vector<std::size_t> fills_;
};

}  // namespace

std::vector<SyncOperation> schedule(const std::vector<SyncRule>& rules, SyncEvent event) {
  return Scheduler(rules, event).run();
}

bool two_way(const SyncRule& rule) {
  return !rule.forward.empty() && !rule.backward.empty();
}

const SyncColumn* find_sync_column(const SyncRule& rule, std::string_view name) {
  for (const auto* side : {&rule.old_side, &rule.new_side}) {
    const auto found = std::ranges::find(*side, name, &SyncColumn::name);
    if (found != side->end()) {
      return &*found;
    }
  }
  return nullptr;
}

const SyncColumn* find_sync_column(const std::vector<SyncRule>& rules, std::string_view name) {
  for (const SyncRule& rule : rules) {
    if (const SyncColumn* column = find_sync_column(rule, name)) {
      return column;
    }
  }
  return nullptr;
}

SyncCauses causes(const std::vector<SyncOperation>& operations) {
  SyncCauses result;
  for (const SyncOperation& operation : operations) {
    for (const SyncClause& clause : operation.when) {
      for (const SyncTest& test : clause) {
        auto& list = test.kind == Kind::written ? result.written : result.null;
        if (!test.negated && !names(list, test.column)) {
          list.push_back(test.column);
        }
      }
    }
  }
  return result;
}

}  // namespace zdm::planner
