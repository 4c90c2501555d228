#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

/// Migration files in one line.
namespace zdm::tests {

/// A name as a TOML literal string holds it.
inline std::string change(std::string_view kind, std::string_view table, std::string_view more) {
  return fmt::format("[[change]]\nkind = \"{}\"\ntable = '{}'\n{}\n", kind, table, more);
}

inline std::string rename(std::string_view table, std::string_view from, std::string_view to) {
  return change("rename_column", table, fmt::format("from = '''{}'''\nto = '''{}'''", from, to));
}

}  // namespace zdm::tests
