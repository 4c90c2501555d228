#include "cli/sandbox.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/catch.hpp"

namespace zdm::tests {

namespace fs = std::filesystem;

Sandbox::Sandbox() {
  std::string pattern = (fs::temp_directory_path() / "zdm-cli-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = pattern;
}

Sandbox::~Sandbox() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void Sandbox::write(const std::string& file, const std::string& text) const {
  fs::create_directories(fs::path(path(file)).parent_path());
  std::ofstream(path(file), std::ios::binary) << text;
}

std::string Sandbox::read(const std::string& file) const {
  std::ostringstream text;
  text << std::ifstream(path(file), std::ios::binary).rdbuf();
  return text.str();
}

bool Sandbox::has(const std::string& file) const {
  return fs::exists(path(file));
}

void Sandbox::sqlite(const std::string& sql) const {
  write("zdm.toml", "[database]\nurl = \"sqlite:shop.db\"\n");
  fs::create_directories(path("migrations"));
  query(sql);
}

std::string Sandbox::query(const std::string& sql) const {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path("shop.db").c_str(), &database) == SQLITE_OK);
  sqlite3_busy_timeout(database, 5000);
  std::string value;
  const auto first = [](void* into, int, char** fields, char**) {
    auto& text = *static_cast<std::string*>(into);
    if (text.empty()) text = fields[0] == nullptr ? "NULL" : fields[0];
    return 0;
  };
  char* message = nullptr;
  const int code = sqlite3_exec(database, sql.c_str(), first, &value, &message);
  const std::string error = message == nullptr ? "" : message;
  sqlite3_free(message);
  sqlite3_close(database);
  INFO(sql << ": " << error);
  REQUIRE(code == SQLITE_OK);
  return value;
}

Command Sandbox::command(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), ZDM_PROGRAM);
  return {.words = std::move(arguments),
          .directory = path_,
          .environment = {{"HOME", path_}, {"TERM", "xterm"}},
          .input = {}};
}

Finished Sandbox::zdm(std::vector<std::string> arguments) const {
  return run(command(std::move(arguments)));
}

Json Sandbox::json(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"--format", "json"});
  const auto finished = zdm(arguments);
  INFO(finished.out << finished.err);
  auto object = Json::parse(finished.out, nullptr, false);
  REQUIRE(object.is_object());
  CHECK(object["exit_code"] == finished.code);
  CHECK(object["version"].is_string());
  CHECK(object.contains("error") == (finished.code != 0 && finished.code != 4));
  return object;
}

WriteLock::WriteLock(const Sandbox& box, bool exclusive) {
  REQUIRE(sqlite3_open(box.path("shop.db").c_str(), &database_) == SQLITE_OK);
  sqlite3_busy_timeout(database_, 60'000);
  const char* const begin = exclusive ? "BEGIN EXCLUSIVE" : "BEGIN IMMEDIATE";
  REQUIRE(sqlite3_exec(database_, begin, nullptr, nullptr, nullptr) == SQLITE_OK);
}

WriteLock::~WriteLock() {
  sqlite3_close(database_);
}

}  // namespace zdm::tests
