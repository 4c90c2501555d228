#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gate/dialect.hpp"

/// The marks that runners leave in names and lines.
namespace zdm::migrations {

/// A line `-- migrate:up …` or `-- migrate:down`; dbmate's own pattern allows blanks around.
[[nodiscard]] bool is_dbmate_mark(std::string_view line);
/// A line `-- +goose WORDS`.
[[nodiscard]] bool is_goose_mark(std::string_view line);
/// The WORDS in small letters.
[[nodiscard]] std::string goose_words(std::string_view line);

/// V1.2__words.sql, U…, R__…, B….
struct FlywayName {
  char kind = 'V';
  std::string version;  ///< as written, with . for _
};
[[nodiscard]] std::optional<FlywayName> flyway_name(std::string_view file_name);

/// What `php artisan migrate --pretend` prints: "Name: sql" a line up to Laravel 8, and lists below
/// a header since 9.
[[nodiscard]] bool is_laravel_output(std::string_view bytes);
/// Each migration is a part with its own transaction. Nothing is known of other lines.
[[nodiscard]] GateFile read_laravel(const RawFile& file);

}  // namespace zdm::migrations
