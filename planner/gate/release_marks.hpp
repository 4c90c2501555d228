#pragma once

#include <map>
#include <string>
#include <vector>

#include "gate/facts.hpp"
#include "gate/finding.hpp"
#include "gate/sql_file.hpp"

namespace zdm::planner {

/// A name as its parts, {"app", "users", "name"}: a table's, or that of something of a table.
using NameParts = std::vector<std::string>;

/// What nobody needs any more, and who said so.
using Retired = std::map<NameParts, std::string>;

/// What the comments of a file say of releases:
///
///     -- zdm:retires users.name, app.orders
///     -- zdm:phase=switch
///
/// A retirement in a file whose phase is before switch does not count, and is a finding of the rule
/// `retires`, as is a name or phase that cannot be read.
struct ReleaseMarks {
  Retired retired;
  std::vector<Finding> findings;
};
[[nodiscard]] ReleaseMarks read_release_marks(const SqlFile& file);

/// The name that an effect takes away or changes.
[[nodiscard]] NameParts name_of(const SqlEffect& effect);
/// Who retired it, or the table it belongs to; null: nobody.
[[nodiscard]] const std::string* find_retired(const Retired& retired, const NameParts& name);
/// As SQL writes it.
[[nodiscard]] std::string to_sql(const NameParts& name);

}  // namespace zdm::planner
