#pragma once

#include <span>
#include <string_view>

#include "database/connection.hpp"

namespace zdm::migrations {

/// A connection that can send a statement without waiting for its answer. Only a process that is
/// about to die does that (KillPoints): the connection is of no more use afterwards.
class Sender {
 public:
  Sender() = default;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  virtual ~Sender() = default;

  [[nodiscard]] virtual Result<void> send(std::string_view sql,
                                          std::span<const Text> parameters) = 0;
};

}  // namespace zdm::migrations
