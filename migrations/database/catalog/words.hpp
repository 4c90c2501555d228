#pragma once

#include <set>
#include <string>
#include <string_view>

namespace zdm::migrations {

/// The words of a text of SQL or of a function's body, in lower case, quoted ones without their
/// quotes; those inside strings too, since a function may run them. Comments are left out.
[[nodiscard]] std::set<std::string> words_of(std::string_view text);
/// ASCII letters in lower case.
[[nodiscard]] std::string lower(std::string_view text);

}  // namespace zdm::migrations
