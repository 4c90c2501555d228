#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "report.hpp"

namespace zdm::cli {

class Context;

enum class Arity {
  none,    ///< a switch
  one,     ///< takes a value; the last one wins
  each,    ///< takes a value, may be repeated
  greedy,  ///< takes every value that follows it
};

/// The words that a value may be, where they are known beforehand: for shells that complete them.
using WordList = std::vector<std::string_view> (*)();

struct Flag {
  std::string_view name;        ///< "--phase"
  std::string_view short_name;  ///< "-q", or empty
  std::string_view value;       ///< "P|all", as help shows it; empty for a switch
  Arity arity = Arity::none;
  std::string_view summary;
  WordList words = nullptr;
};

struct Positional {
  std::string_view name;  ///< "MIGRATION"
  bool required = false;
  bool many = false;
  std::string_view summary;
  WordList words = nullptr;
};

/// How a command meets the database; decides what the first Ctrl-C does.
enum class Work {
  none,    ///< no database: signals do what they always do
  reads,   ///< may be cancelled anywhere
  writes,  ///< stops at a safe point
};

/// A row of the table that feeds parsing, help, and the tests of the manual.
struct Command {
  std::string_view name;   ///< "plan", "release cut"
  std::string_view usage;  ///< what follows the name
  std::string_view summary;
  std::span<const Positional> positionals;
  std::span<const Flag> flags;
  std::span<const std::string_view> formats;  ///< the first is the default
  Work work = Work::none;
  Answer (*function)(Context&) = nullptr;

  /// "release" for "release cut": names the JSON schema.
  [[nodiscard]] std::string_view family() const { return name.substr(0, name.find(' ')); }
};

/// A word that only groups others: "release".
struct Group {
  std::string_view name;
  std::string_view summary;
};

[[nodiscard]] std::span<const Command> commands();
[[nodiscard]] std::span<const Group> groups();
/// Flags that every command takes, before and after its name.
[[nodiscard]] std::span<const Flag> global_flags();

}  // namespace zdm::cli
