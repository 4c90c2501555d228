#pragma once

#include <memory>

#include "database/open.hpp"

namespace zdm::migrations {

/// A connection to PostgreSQL, set up. Over libpq itself: libpqxx 6 reconnects behind the caller's
/// back and loses the session's settings, its 40xxx exceptions carry no SQLSTATE, and it hides the
/// handle that knows the state of the transaction.
[[nodiscard]] Result<std::unique_ptr<Connection>> open_postgres(const DatabaseUrl& url,
                                                                const SessionSettings& settings);

}  // namespace zdm::migrations
