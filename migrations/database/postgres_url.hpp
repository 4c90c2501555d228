#pragma once

#include <string>

#include "database/open.hpp"

namespace zdm::migrations {

/// The URL or key=value string is one libpq can read. ErrorCode::usage; the text itself is never
/// part of the message, since whatever is wrong with it, a password may be in it (law 16).
[[nodiscard]] Result<void> check_postgres(const Secret& text);

/// "postgresql://app@db:5433/shop" of a URL or key=value string; its defaults are left out.
[[nodiscard]] std::string display_postgres(const Secret& text);

/// `message` with every password of the connection string blotted out.
[[nodiscard]] std::string without_password(std::string message, const Secret& text);

}  // namespace zdm::migrations
