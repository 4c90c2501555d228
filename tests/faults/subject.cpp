#include "subject.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "support/snapshot.hpp"

namespace zdm::tests {

namespace fs = std::filesystem;
using migrations::Engine;
using migrations::Secret;

namespace {

void must(const migrations::Result<migrations::Rows>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

/// A database of the shared server. One that is copied has nobody connected to it for long:
/// CREATE DATABASE waits five seconds for them to leave (PostgreSQL's source, dbcommands.c).
class CopiedPostgres final : public CopiedDatabase {
 public:
  explicit CopiedPostgres(const std::string& from)
      : name_(fmt::format("faults_{}_{}", getpid(), ++count_)) {
    must(admin()->run(fmt::format("CREATE DATABASE {} TEMPLATE {}", name_, from)));
  }
  ~CopiedPostgres() override {
    disconnect();
    // What a killed program left running ends with its database.
    static_cast<void>(admin()->run(fmt::format("DROP DATABASE {} WITH (FORCE)", name_)));
  }
  migrations::DatabaseUrl url() const override {
    return {Secret(PostgresServer::shared().url(name_))};
  }
  std::unique_ptr<CopiedDatabase> copy() override {
    disconnect();
    return std::make_unique<CopiedPostgres>(name_);
  }

 private:
  static std::unique_ptr<migrations::Connection> admin() {
    auto opened = migrations::open({Secret(PostgresServer::shared().url("postgres"))}, {});
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  inline static int count_ = 0;
  std::string name_;
};

class CopiedSqlite final : public CopiedDatabase {
 public:
  explicit CopiedSqlite(const std::string& from) {
    folder_ = (fs::temp_directory_path() / "zdm-faults-XXXXXX").string();
    if (mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    if (!from.empty()) {
      fs::copy_file(from, path());
    } else if (const auto made =
                   migrations::open(url(), migrations::SessionSettings{.create = true});
               !made) {
      throw std::runtime_error(made.error().message);
    }
  }
  ~CopiedSqlite() override {
    disconnect();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  migrations::DatabaseUrl url() const override { return {Secret("sqlite:" + path())}; }
  std::unique_ptr<CopiedDatabase> copy() override {
    disconnect();
    return std::make_unique<CopiedSqlite>(path());
  }

 private:
  std::string path() const { return folder_ + "/test.db"; }
  std::string folder_;
};

Command command(const std::string& path, const Database& database, const Action& action) {
  Command result;
  result.words = action.words;
  result.words.insert(result.words.begin(), ZDM_PROGRAM);
  result.directory = path;
  result.environment = {{"DATABASE_URL", database.url().text.reveal()}, {"HOME", path}};
  return result;
}

}  // namespace

std::unique_ptr<CopiedDatabase> CopiedDatabase::of(const Case& subject, Engine engine) {
  std::unique_ptr<CopiedDatabase> database;
  if (engine == Engine::sqlite) {
    database = std::make_unique<CopiedSqlite>("");
  } else {
    database = std::make_unique<CopiedPostgres>("template0");
  }
  for (const auto& statement : subject.setup) database->exec(statement);
  return database;
}

std::vector<std::string> state_of(Database& database) {
  auto state = shape_of(database);
  for (const auto& name : own_objects(database)) state.push_back("zdm's own: " + name);
  for (const auto& name : unsound(database)) state.push_back("unsound: " + name);
  for (const auto& [table, columns] : columns_of(database)) {
    for (const auto& row : rows_of(database, table, columns)) {
      std::string text = "row of " + table + ":";
      for (const auto& field : row) text += " | " + field.value_or("NULL");
      state.push_back(std::move(text));
    }
  }
  return state;
}

Workplace::Workplace(const Case& subject) {
  path_ = (fs::temp_directory_path() / "zdm-faults-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  fs::create_directory(path_ + "/migrations");
  std::ofstream(path_ + "/zdm.toml") << "[migrations]\ndir = \"migrations\"\n";
  for (std::size_t i = 0; i < subject.migrations.size(); ++i) {
    std::ofstream(fmt::format("{}/migrations/{:04}_case.toml", path_, i + 1))
        << "phase = \"contract\"\n"
        << subject.migrations[i];
  }
}

Workplace::~Workplace() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Finished Workplace::run(const Database& database, const Action& action,
                        const std::string& kill_at) const {
  auto what = command(path_, database, action);
  if (!kill_at.empty()) what.environment["ZDM_TEST_KILL_AT"] = kill_at;
  return tests::run(what);
}

int Workplace::count(const Database& database, const Action& action) const {
  auto what = command(path_, database, action);
  const std::string file = path_ + "/statements";
  what.environment["ZDM_COUNT_STATEMENTS"] = file;
  const auto done = tests::run(what);
  if (done.code != 0) throw std::runtime_error(action.name + " failed: " + done.err);
  int statements = 0;
  std::ifstream(file) >> statements;
  return statements;
}

}  // namespace zdm::tests
