#include "support/crowd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "support/wait.hpp"

namespace zdm::tests {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

Busy on_events() {
  return {
      .statements =
          {"SELECT count(*) FROM events WHERE occurred_at >= date_trunc('minute', now())",
           "SELECT max(id), count(DISTINCT note) FROM events",
           "INSERT INTO events (note) VALUES ('written')",
           "INSERT INTO events (occurred_at, note) VALUES (now() - interval '2 seconds', 'late')",
           "UPDATE events SET note = note || '.' WHERE occurred_at >= now() - interval '1 second'",
           "DELETE FROM events WHERE occurred_at BETWEEN now() - interval '3 seconds' AND "
           "now() - interval '2 seconds'"},
      .held = "SELECT count(*) FROM events"};
}

}  // namespace

Crowd::Crowd(const Database& database, milliseconds hold_for)
    : Crowd(database, hold_for, on_events()) {}

Crowd::Crowd(const Database& database, milliseconds hold_for, Busy busy)
    : database_(database), busy_(std::move(busy)), watch_(database) {
  for (const auto& sql : busy_.statements) {
    threads_.emplace_back([this, sql](const std::stop_token& stop) { work(sql, stop); });
  }
  threads_.emplace_back([this, hold_for](const std::stop_token& stop) { hold(hold_for, stop); });
  const int all = static_cast<int>(threads_.size());
  if (!eventually([&] { return working_ == all; })) throw std::runtime_error("nobody works");
}

Felt Crowd::stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
  const LockWatch::Longest longest = watch_.stop();
  felt_.longest_wait_ms = longest.ms;
  felt_.longest_wait = longest.what;
  if (!longest.trouble.empty()) felt_.failures.push_back(longest.trouble);
  return felt_;
}

void Crowd::run(migrations::Connection& connection, const std::string& sql,
                std::optional<std::size_t> rows) {
  const auto begin = Clock::now();
  const auto answer = connection.run(sql);
  const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
  const std::scoped_lock lock(mutex_);
  ++felt_.statements;
  felt_.longest_answer_ms = std::max(felt_.longest_answer_ms, took.count());
  if (!answer) {
    felt_.failures.push_back(sql + ": " + answer.error().message + " [" + answer.error().sqlstate +
                             "]");
  } else if (rows && answer->rows.size() != *rows) {
    felt_.failures.push_back(fmt::format("{}: {} rows", sql, answer->rows.size()));
  }
}

void Crowd::work(const std::string& sql, const std::stop_token& stop) {
  const auto connection = as_application(database_);
  run(*connection, sql, busy_.rows);
  ++working_;
  while (!stop.stop_requested()) {
    run(*connection, sql, busy_.rows);
    std::this_thread::sleep_for(milliseconds(3));
  }
}

void Crowd::hold(milliseconds time, const std::stop_token& stop) {
  const auto connection = as_application(database_);
  bool first = true;
  while (!stop.stop_requested()) {
    run(*connection, "BEGIN");
    run(*connection, busy_.held);
    ++held_;
    if (first) ++working_;
    first = false;
    const auto end = Clock::now() + time;
    while (Clock::now() < end && !stop.stop_requested()) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    run(*connection, busy_.held);
    run(*connection, "COMMIT");
    std::this_thread::sleep_for(busy_.pause);
  }
}

}  // namespace zdm::tests
