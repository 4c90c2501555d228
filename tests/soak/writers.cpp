#include "writers.hpp"

#include <fmt/format.h>
#include <random>

namespace zdm::tests {

namespace {

using migrations::Connection;
using migrations::Transaction;
using planner::Error;

/// What the plan warns of: a prepared SELECT * that meets a new column, and ON CONFLICT between
/// twins.
bool warned_of(const Error& error) {
  return error.sqlstate == "0A000";
}

/// Lock timeouts are the application's own setting; here it has none, so every error counts.
planner::Result<void> one_transaction(Connection& connection, const std::string& column,
                                      std::int64_t id, const std::string& value, int action) {
  ZDM_TRY(Transaction transaction, Transaction::begin(connection));
  if (action == 0) {
    ZDM_TRY(const auto inserted,
            connection.run(fmt::format("INSERT INTO users ({}) VALUES ($1) RETURNING id", column),
                           {value}));
    ZDM_CHECK(
        connection.run("INSERT INTO twin (id, value) VALUES ($1, $2)", {inserted.first(), value}));
  } else if (action == 1) {
    ZDM_CHECK(connection.run("DELETE FROM users WHERE id = $1", {std::to_string(id)}));
    ZDM_CHECK(connection.run("DELETE FROM twin WHERE id = $1", {std::to_string(id)}));
  } else if (action == 2) {
    ZDM_CHECK(
        connection.run("UPDATE users SET visits = visits + 1 WHERE id = $1", {std::to_string(id)}));
  } else if (action == 3) {
    ZDM_CHECK(connection.run(
        fmt::format("INSERT INTO users (id, {0}) OVERRIDING SYSTEM VALUE VALUES ($1, $2) "
                    "ON CONFLICT (id) DO UPDATE SET {0} = excluded.{0}",
                    column),
        {std::to_string(id), value}));
    ZDM_CHECK(
        connection.run("INSERT INTO twin (id, value) VALUES ($1, $2) "
                       "ON CONFLICT (id) DO UPDATE SET value = excluded.value",
                       {std::to_string(id), value}));
  } else {
    ZDM_CHECK(connection.run(fmt::format("UPDATE users SET {} = $2 WHERE id = $1", column),
                             {std::to_string(id), value}));
    ZDM_CHECK(
        connection.run("UPDATE twin SET value = $2 WHERE id = $1", {std::to_string(id), value}));
  }
  return transaction.commit();
}

}  // namespace

void Writers::start(Release release, int threads) {
  for (int i = 0; i < threads; ++i) {
    const auto seed = static_cast<std::uint64_t>(workers_.size()) + 1;
    workers_.push_back({release, std::jthread([this, release, seed](const std::stop_token& stop) {
                          write(release, stop, seed);
                        })});
  }
}

void Writers::stop(Release release) {
  for (auto& worker : workers_) {
    if (worker.release == release) worker.thread.request_stop();
  }
  std::erase_if(workers_, [&](const Worker& worker) { return worker.release == release; });
}

void Writers::stop() {
  for (auto& worker : workers_) worker.thread.request_stop();
  workers_.clear();
}

std::vector<std::string> Writers::failures() const {
  const std::scoped_lock lock(mutex_);
  return failures_;
}

void Writers::failed(const std::string& message) {
  const std::scoped_lock lock(mutex_);
  failures_.push_back(message);
}

void Writers::write(Release release, const std::stop_token& stop, std::uint64_t seed) {
  const std::string column = release == Release::old_one ? "name" : "full_name";
  const auto connection = database_.connect({.lock_timeout = std::chrono::milliseconds(0)});
  std::mt19937_64 random(seed);
  while (!stop.stop_requested()) {
    const auto id = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(rows_)) + 1;
    const auto value = fmt::format("{}-{}", column, random() % 1'000'000);
    const int action = static_cast<int>(random() % 10);
    if (const auto result = one_transaction(*connection, column, id, value, action); result) {
      ++transactions_;
    } else if (!warned_of(result.error())) {
      failed(fmt::format("{} ({}): {}", column, result.error().sqlstate, result.error().message));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace zdm::tests
