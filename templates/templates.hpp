#pragma once

#include <span>
#include <string_view>

namespace zdm::templates {

/// A file of templates/files, embedded when the program was built.
struct File {
  std::string_view name;     ///< relative to templates/files
  std::string_view content;  ///< its bytes

  /// The template it belongs to: its folder; empty for what stands beside the folders.
  [[nodiscard]] constexpr std::string_view folder() const {
    const auto slash = name.find('/');
    return slash == std::string_view::npos ? std::string_view{} : name.substr(0, slash);
  }
};

/// All of them, sorted by name.
[[nodiscard]] std::span<const File> files();
/// "drop-column/bad.sql", "drop-column/good.sql" …: of tests/golden/gate.
[[nodiscard]] std::span<const File> rule_examples();

}  // namespace zdm::templates
