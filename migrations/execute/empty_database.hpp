#pragma once

#include "execute/session.hpp"
#include "execute/state.hpp"

namespace zdm::migrations {

/// For --fresh: no ledger, and no row in any table of a user. ErrorCode::refused naming the first
/// table that has one.
[[nodiscard]] Result<void> require_empty(Session& session, const LedgerState& state);

}  // namespace zdm::migrations
