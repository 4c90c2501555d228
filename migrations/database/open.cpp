#include "database/open.hpp"

#include "database/postgres.hpp"
#include "database/postgres_url.hpp"
#include "database/sqlite.hpp"

namespace zdm::migrations {

namespace {

constexpr std::string_view kSqliteScheme = "sqlite:";

}  // namespace

Engine DatabaseUrl::engine() const {
  return text.reveal().starts_with(kSqliteScheme) ? Engine::sqlite : Engine::postgresql;
}

std::string DatabaseUrl::sqlite_path() const {
  std::string path = text.reveal().substr(kSqliteScheme.size());
  if (path.starts_with("//")) {
    path.erase(0, 2);
  }
  return path;
}

std::string DatabaseUrl::display() const {
  return engine() == Engine::sqlite ? "sqlite:" + sqlite_path() : display_postgres(text);
}

Result<std::unique_ptr<Connection>> open(const DatabaseUrl& url, const SessionSettings& settings) {
  if (url.engine() == Engine::sqlite) {
    return open_sqlite(url.sqlite_path(), settings);
  }
  return open_postgres(url, settings);
}

}  // namespace zdm::migrations
