#pragma once

#include <map>
#include <set>
#include <string>

#include "gate/facts.hpp"

namespace zdm::planner {

/// What the files told of domains.
class KnownDomains {
 public:
  /// Values of the type are checked, by this domain or one that it is made of. An array's are not
  /// where a column is added.
  [[nodiscard]] bool is_constrained(const SqlType& type) const;
  [[nodiscard]] bool knows(const TableName& name) const;

  void create(const SqlEffect& effect);
  void drop(const TableName& name);
  void move(const TableName& from, const TableName& to);
  /// ALTER DOMAIN.
  void constrain(const SqlEffect& effect);
  void drop_constraint(const TableName& name, const std::string& constraint);
  void drop_not_null(const TableName& name);

 private:
  struct Domain {
    SqlType base;
    std::set<std::string> constraints = {};
    bool not_null = false;
  };

  std::map<TableName, Domain> domains_;
};

}  // namespace zdm::planner
