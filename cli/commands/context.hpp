#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "execute/operations.hpp"
#include "files/project.hpp"
#include "progress_line.hpp"
#include "report.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace zdm::cli {

/// What a command is given: the arguments, and from them, on demand, the configuration, the
/// migration files and the Environment of an operation.
class Context final {
 public:
  Context(const Arguments& arguments, migrations::Host& host, Console& console,
          Interrupts& interrupts)
      : arguments_(arguments), host_(host), console_(console), interrupts_(interrupts) {}

  [[nodiscard]] const Arguments& arguments() const { return arguments_; }
  [[nodiscard]] migrations::Host& host() { return host_; }
  [[nodiscard]] Console& console() { return console_; }
  [[nodiscard]] Interrupts& interrupts() { return interrupts_; }

  /// zdm.toml, environment and flags. ErrorCode::usage with the place.
  [[nodiscard]] Result<migrations::Config> config() const;
  /// The same for what needs no database: a [database] url that cannot be read does not matter.
  [[nodiscard]] Result<migrations::Config> config_without_database() const;

  /// The environment of an operation. `create`: make a SQLite file that is missing.
  [[nodiscard]] migrations::Environment environment(const migrations::Config& config,
                                                    bool create = false);

  /// `--database none`.
  [[nodiscard]] bool without_database() const;
  /// No URL anywhere, and none of libpq's own variables set.
  [[nodiscard]] bool no_database_named(const migrations::Config& config) const;

 private:
  [[nodiscard]] migrations::ConfigRequest request() const;

  const Arguments& arguments_;
  migrations::Host& host_;
  Console& console_;
  Interrupts& interrupts_;
};

/// MIGRATION arguments as ids: an id, a file, or the number an id starts with. ErrorCode::usage
/// with a suggestion; `lenient` lets an unknown id pass, since the ledger may know it.
enum class Unknown { refused, lenient };
[[nodiscard]] Result<std::vector<planner::MigrationId>> resolve(
    const std::vector<std::string>& names, const std::vector<planner::Migration>& migrations,
    Unknown unknown);

/// "expand" … as a phase. ErrorCode::usage with a suggestion; `also` is another word that is
/// allowed.
[[nodiscard]] Result<Phase> phase_argument(const std::string& flag, const std::string& text,
                                           const std::string& also);

/// What views say about the files.
[[nodiscard]] std::vector<FileNote> file_notes(const std::vector<planner::Migration>& migrations);

/// Path of zdm.lock, beside zdm.toml.
[[nodiscard]] std::string lock_path(const migrations::Config& config);
/// Releases that zdm.lock knows, oldest first.
[[nodiscard]] Result<std::vector<std::string>> cut_releases(const migrations::Config& config);

/// The names in [gate.rules]: one that is misspelt would leave its rule as it was, unseen.
[[nodiscard]] Result<void> check_rule_names(const migrations::Config& config);

/// The release that apply works for: --release, ZDM_RELEASE, or the last one cut; else empty.
[[nodiscard]] Result<std::string> release_of(Context& context, const migrations::Config& config);

}  // namespace zdm::cli
