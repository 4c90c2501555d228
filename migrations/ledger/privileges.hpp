#pragma once

#include "database/connection.hpp"

namespace zdm::migrations {

/// An error for want of a privilege on zdm's record, with the statements that grant it, and without
/// zdm's own statement; any other stays as it is. Outside of a transaction.
[[nodiscard]] Error with_ledger_grants(Connection& connection, Error error);

}  // namespace zdm::migrations
