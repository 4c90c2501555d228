#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zdm::planner {

/// A release as the ledger knows it.
struct ReleaseState {
  std::string release;
  std::int64_t sequence = 0;  ///< order of first apply on this database
  bool live = false;          ///< it serves, and everything older has drained
};

/// How a release becomes live: `[release] live` of zdm.toml.
enum class LiveRule {
  recorded,  ///< zdm release live R says so
  assumed    ///< also when a later release was applied
};

/// Release names, oldest first: those of zdm.lock in its order; the others by first apply, each
/// after everything that was applied before it.
[[nodiscard]] std::vector<std::string> order_releases(const std::vector<std::string>& cut,
                                                      const std::vector<ReleaseState>& applied);

/// The releases of one database at one moment: which came first, and which may be running.
class Releases {
 public:
  Releases() = default;
  /// `deploying` is the release this run applies, or empty. One that neither zdm.lock nor the
  /// ledger knows is the newest; it counts as applied.
  Releases(const std::vector<std::string>& cut, std::vector<ReleaseState> applied, LiveRule rule,
           const std::string& deploying);

  /// `a` is `b` or came after it; nothing when one of the two is unknown.
  [[nodiscard]] std::optional<bool> at_or_after(std::string_view a, std::string_view b) const;
  /// The oldest live release at or after `release`.
  [[nodiscard]] std::optional<std::string> live_since(std::string_view release) const;
  [[nodiscard]] bool knows(std::string_view release) const;
  [[nodiscard]] const std::vector<std::string>& order() const { return order_; }
  [[nodiscard]] const std::vector<std::string>& live() const { return live_; }  ///< oldest first

 private:
  [[nodiscard]] std::optional<std::size_t> place(std::string_view release) const;

  std::vector<std::string> order_;
  std::vector<std::string> live_;
};

}  // namespace zdm::planner
