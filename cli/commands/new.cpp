#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "commands/migration_text.hpp"
#include "recipes/change.hpp"
#include "suggest.hpp"

namespace zdm::cli {
namespace {

namespace fs = std::filesystem;

Result<const planner::KindInfo*> find_kind(const std::string& name) {
  std::vector<std::string_view> known;
  for (const auto* kind : planner::kinds()) {
    if (kind->kind == name) return kind;
    known.push_back(kind->kind);
  }
  return planner::fail(
      ErrorCode::usage, fmt::format("there is no kind of change {}", name),
      did_you_mean(name, known, fmt::format("kinds are {}", fmt::join(known, ", "))));
}

Result<void> check_name(const std::string& name) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (!name.empty() && name.find_first_not_of(kAllowed) == std::string::npos) return {};
  return planner::fail(ErrorCode::usage, fmt::format("{} cannot be part of a file's name", name),
                       "use letters, digits, - and _");
}

/// The number after the highest one, as wide as that one is written; "0001" in an empty directory.
Result<std::string> next_number(const fs::path& directory) {
  std::string highest = "0000";
  std::uint64_t value = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() != ".toml") continue;
    const auto stem = entry.path().stem().string();
    const auto digits = stem.substr(0, stem.find_first_not_of("0123456789"));
    constexpr std::size_t kMost = 18;  // what surely fits
    if (digits.empty() || digits.size() > kMost) continue;
    const auto number = std::stoull(digits);
    if (number < value) continue;
    value = number;
    highest = digits;
  }
  if (error) {
    return planner::fail(ErrorCode::usage,
                         fmt::format("cannot read {}: {}", directory.string(), error.message()),
                         "zdm init makes the directory; [migrations] dir in zdm.toml names it");
  }
  return fmt::format("{:0{}}", value + 1, highest.size());
}

/// Removes the directory when it goes.
class Scratch final {
 public:
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "zdm-new-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Reads the text as the migration it is going to be, before a file of the user's exists.
Result<void> check_text(const std::string& file_name, const std::string& text) {
  const Scratch scratch;
  if (scratch.path().empty()) {
    return planner::fail(ErrorCode::failed, "cannot make a temporary directory", "look at TMPDIR");
  }
  const auto path = scratch.path() / file_name;
  std::ofstream(path, std::ios::binary) << text;
  const auto loaded = migrations::load_migration(path.string());
  if (loaded) return {};
  auto error = loaded.error();
  error.where.reset();  // of a file that is not there any more
  if (error.hint.empty()) error.hint = "nothing was written; correct the key=value arguments";
  return planner::fail(std::move(error));
}

Result<void> write_new(const fs::path& path, const std::string& text) {
  const auto fail = [&](ErrorCode code) {
    return planner::fail(code,
                         fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)),
                         "run it again, or choose another name");
  };
  constexpr mode_t kMode = 0666;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  if (file < 0) return fail(errno == EEXIST ? ErrorCode::usage : ErrorCode::failed);
  const auto written = ::write(file, text.data(), text.size());
  const bool closed = ::close(file) == 0;
  if (written == static_cast<ssize_t>(text.size()) && closed) return {};
  const auto result = fail(ErrorCode::failed);
  ::unlink(path.c_str());
  return result;
}

}  // namespace

Answer run_new(Context& context) {
  const auto& arguments = context.arguments();
  const auto name = arguments.value("NAME").value_or("");
  ZDM_ANSWER_TRY(const auto* kind, find_kind(arguments.value("KIND").value_or("")));
  if (auto fine = check_name(name); !fine) return Answer::failed(fine.error());
  ZDM_ANSWER_TRY(const auto text, migration_text(*kind, arguments.values("key=value")));
  ZDM_ANSWER_TRY(const auto config, context.config_without_database());
  ZDM_ANSWER_TRY(const auto number, next_number(config.migrations_dir));
  const auto file_name = fmt::format("{}_{}.toml", number, name);
  if (text.missing.empty()) {
    if (auto fine = check_text(file_name, text.text); !fine) return Answer::failed(fine.error());
  }
  const auto path = fs::path(config.migrations_dir) / file_name;
  if (auto done = write_new(path, text.text); !done) return Answer::failed(done.error());
  std::error_code error;
  const auto shown = fs::proximate(path, error);
  return {.report = NewReport{(error ? path : shown).string(), text.missing}};
}

}  // namespace zdm::cli
