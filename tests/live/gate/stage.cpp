#include "stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <stdexcept>

#include "gate/lexical.hpp"
#include "observe.hpp"
#include "support/wait.hpp"

namespace zdm::tests {

using migrations::Connection;
using migrations::Result;
using migrations::Rows;
using planner::Certainty;
using planner::Deed;
using planner::LockMode;
using planner::ObjectKind;
using planner::SqlEffect;
using planner::StatementFacts;

namespace {

/// It fails within a transaction, or is of no use there.
bool needs_none(const SqlEffect& effect) {
  if (effect.concurrently) return effect.deed != Deed::refresh;
  if (effect.kind == ObjectKind::database) return true;
  if (effect.deed == Deed::reindex) return effect.kind == ObjectKind::schema;
  return effect.to.starts_with("VACUUM");
}

bool ends(Deed deed) {
  return deed == Deed::commit || deed == Deed::rollback;
}

}  // namespace

Stage::Stage(const GateExample& example)
    : example_(example),
      facts_(planner::read_facts(example.file)),
      work_(database_.connect({.lock_timeout = std::chrono::minutes(5)})),
      other_(database_.connect({.lock_timeout = std::chrono::minutes(5)})) {
  const auto setup = example.path.parent_path() / "setup.sql";
  if (std::filesystem::exists(setup)) script(*other_, read_text(setup));
}

void Stage::script(Connection& connection, const std::string& text) {
  for (const auto& [begin, end] : planner::statement_extents(text)) {
    must(connection, text.substr(begin, end - begin));
  }
}

std::optional<std::string> Stage::running() {
  const auto path = example_.path.parent_path() / "running.sql";
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto release = database_.connect({.lock_timeout = std::chrono::minutes(5)});
  try {
    must(*release, "BEGIN");
    script(*release, read_text(path));
    must(*release, "ROLLBACK");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return std::string();
}

/// The effects of one statement; of a block, those of its statements too.
Stage::Claimed Stage::claims_of(std::size_t& at) {
  Claimed claimed;
  const std::size_t first = at;
  for (bool inner = false; at < facts_.statements.size(); ++at, inner = true) {
    const StatementFacts& statement = facts_.statements[at];
    if (inner && !statement.in_block) break;
    if (inner) claimed.exact = false;
    for (const SqlEffect& effect : statement.effects) {
      const auto cost = planner::cost_of(effect, other_->server_version() / 10000);
      claimed.rewrites = std::max(claimed.rewrites, cost.rewrites);
      claimed.scans = std::max(claimed.scans, cost.scans);
      claimed.alone = claimed.alone || needs_none(effect);
      for (const auto& lock : cost.locks) {
        const auto oid =
            must(*work_, fmt::format("SELECT to_regclass({})::oid", literal(lock.relation)))
                .first();
        if (before_.contains(oid)) strengthen(claimed.locks, oid, lock.mode);
      }
    }
  }
  // Reading is no effect.
  if (facts_.statements[first].effects.empty()) claimed.scans = Certainty::maybe;
  claimed.alone = claimed.alone && !open_;
  return claimed;
}

void Stage::begin() {
  before_ = relations(*other_);
  wanted_.clear();
  if (old_.empty()) old_ = before_;
}

bool Stage::failed(const Result<Rows>& result) {
  if (result) return false;
  shown_.sqlstate = result.error().sqlstate;
  shown_.message = result.error().message;
  return true;
}

void Stage::compare_locks(const std::string& sql, const Claimed& claimed, const Modes& taken) {
  const auto name = [this](const std::string& oid) { return name_of(oid, *other_); };
  for (const auto& [oid, mode] : claimed.locks) strengthen(wanted_, oid, mode);
  for (const auto& [oid, mode] : taken) {
    if (!before_.contains(oid)) continue;
    if (old_.contains(oid)) strengthen(shown_.locked, name(oid), mode);
    const auto claim = wanted_.find(oid);
    if (claim == wanted_.end() && mode >= LockMode::share && old_.contains(oid) &&
        !is_index(oid, *other_)) {
      shown_.unnamed.insert(name(oid));
    }
    if (claim == wanted_.end() || claim->second >= mode) continue;
    shown_.differences.push_back(fmt::format("claims {} on {}, takes {}: {}",
                                             planner::to_string(claim->second), name(oid),
                                             planner::to_string(mode), sql));
  }
  if (!claimed.exact) return;
  for (const auto& [oid, mode] : claimed.locks) {
    const auto lock = taken.find(oid);
    if (lock != taken.end() && lock->second >= mode) continue;
    shown_.differences.push_back(
        fmt::format("claims {} on {}, takes less: {}", planner::to_string(mode), name(oid), sql));
  }
}

void Stage::compare_files(const std::string& sql, const Claimed& claimed, const Files& before,
                          const Files& after, const Modes& taken) {
  bool rewritten = false;
  bool scanned = false;
  for (const auto& [oid, was] : before) {
    const auto now = after.find(oid);
    if (now == after.end() || !before_.contains(oid)) continue;
    const bool rewrote = now->second.node != was.node;
    const bool read = now->second.scans > was.scans;
    rewritten = rewritten || rewrote;
    scanned = scanned || read;
    if (!old_.contains(oid)) continue;
    if (rewrote) shown_.rewritten.insert(was.name);
    if (read) shown_.scanned.insert(was.name);
    const auto lock = taken.find(oid);
    const bool blocked =
        lock != taken.end() &&
        lock->second >= (was.is_view ? LockMode::access_exclusive : LockMode::share);
    if (blocked && (rewrote || read)) shown_.scanned_blocked.insert(was.name);
  }
  const auto agree = [&](Certainty claim, bool did, std::string_view what) {
    const bool right = claim == Certainty::maybe || (claim == Certainty::yes) == did;
    if (right || (claim == Certainty::yes && (claimed.locks.empty() || !claimed.exact))) return;
    shown_.differences.push_back(
        fmt::format("{} claimed {}: {}", what, did ? "not to be" : "and is not", sql));
  };
  agree(claimed.rewrites, rewritten, "rewrite");
  agree(claimed.scans, scanned, "scan");
}

/// In a transaction: its locks are held at the end of the statement.
bool Stage::within(const std::string& sql, const Claimed& claimed) {
  const auto before = files(*work_);
  if (failed(work_->run(sql))) return false;
  const Modes taken = locks_of(work_->backend_pid(), *work_);
  compare_locks(sql, claimed, taken);
  compare_files(sql, claimed, before, files(*work_), taken);
  look_at_rows();
  return true;
}

/// Others cannot lock a row of the table: those it changed are all.
void Stage::look_at_rows() {
  const std::string table = example_.seen_with("rows");
  if (table.empty()) return;
  const auto free = other_->run(fmt::format("SELECT FROM {} FOR UPDATE SKIP LOCKED", table));
  if (free && free->empty()) shown_.rows_locked.insert(table);
}

/// Outside a transaction: another makes it wait for its lock of a table, and with that of an index
/// in its hands.
bool Stage::alone(const std::string& sql, const Claimed& claimed) {
  const auto before = files(*other_);
  const auto blocker = database_.connect({.lock_timeout = std::chrono::minutes(5)});
  must(*blocker, "BEGIN ISOLATION LEVEL REPEATABLE READ");
  must(*blocker, "SELECT 1");
  for (const auto& [oid, mode] : claimed.locks) {
    const auto rows = must(*blocker, fmt::format(R"(
        SELECT coalesce(i.indrelid, c.oid)::regclass, i.indrelid IS NULL
          FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE c.oid = {})",
                                                 oid));
    must(*blocker,
         fmt::format("LOCK TABLE {} IN {} MODE", rows.first(),
                     *rows.rows[0][1] == "t" ? "SHARE UPDATE EXCLUSIVE" : "ACCESS SHARE"));
  }
  const auto pid = work_->backend_pid();
  auto ran = std::async(std::launch::async, [&] { return work_->run(sql); });
  const bool waited = !claimed.locks.empty() && eventually([&] {
    return must(*other_,
                fmt::format("SELECT count(*) FROM pg_locks WHERE pid = {} AND NOT granted", pid))
                   .first_integer() > 0 ||
           ran.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
  const Modes taken = waited ? locks_of(pid, *other_) : Modes{};
  must(*blocker, "ROLLBACK");
  if (failed(ran.get())) return false;
  if (waited) compare_locks(sql, claimed, taken);
  auto after = files(*other_);
  for (auto& [oid, file] : after) file.scans = before.contains(oid) ? before.at(oid).scans : 0;
  Claimed known = claimed;
  known.scans = Certainty::maybe;  // another session's counts are not shown
  compare_files(sql, known, before, after, taken);
  return true;
}

bool Stage::statement(std::size_t& at) {
  const StatementFacts& facts = facts_.statements[at];
  const std::string sql = example_.file.shipped.substr(facts.place.offset, facts.place.length);
  const Deed deed = facts.effects.empty() ? Deed::alter : facts.effects.front().deed;
  if (deed == Deed::begin || ends(deed)) {
    if (deed == Deed::begin) begin();
    open_ = deed == Deed::begin;
    ++at;
    return !failed(work_->run(sql));
  }
  const bool own = !open_;
  if (own) begin();
  const Claimed claimed = claims_of(at);
  if (claimed.alone || sql.starts_with("VACUUM")) return alone(sql, claimed);
  if (!own) return within(sql, claimed);
  must(*work_, "BEGIN");
  if (!within(sql, claimed)) return false;
  return !failed(work_->run("COMMIT"));
}

Shown Stage::play() {
  const std::string outlined = outline(*other_);
  if (example_.file.wrapping == planner::Wrapping::transaction) {
    begin();
    open_ = true;
    must(*work_, "BEGIN");
  }
  bool good = true;
  for (std::size_t at = 0; good && at < facts_.statements.size();) good = statement(at);
  const bool wrapped = example_.file.wrapping == planner::Wrapping::transaction;
  if (good && wrapped) failed(work_->run("COMMIT"));
  const auto pid = work_->backend_pid();
  work_.reset();
  static_cast<void>(eventually([&] {
    return must(*other_, fmt::format("SELECT count(*) FROM pg_stat_activity WHERE pid = {}", pid))
               .first_integer() == 0;
  }));
  shown_.undone = outline(*other_) == outlined;
  return std::move(shown_);
}

}  // namespace zdm::tests
