#include "backfill/postgres_fill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "backfill/bad_row.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

namespace {

using planner::fail;
using planner::quote;
using std::chrono::milliseconds;

constexpr std::int64_t kProbeBlocks = 8192;  // 64 MB: a snapshot of tenths of a second
constexpr milliseconds kProbeTimeout{60'000};
constexpr std::int64_t kSmall = 8;  // blocks that are not worth several visits
constexpr std::int64_t kLeast = 8;  // blocks of a batch, when each is visited once
constexpr int kVisits = 14;
constexpr int kIdlePasses = 3;
constexpr int kPasses = 50;

}  // namespace

Result<std::int64_t> PostgresFill::run() {
  ZDM_CHECK(prepare());
  int idle = 0;
  for (int pass = 0; pass < kPasses && idle < kIdlePasses; ++pass) {
    const std::int64_t before = wrote_;
    ZDM_CHECK(fill_new_leaves());
    ZDM_TRY(const bool found, sweep());
    if (!found) return pace_.now().rows_done;
    idle = wrote_ == before ? idle + 1 : 0;
  }
  if (idle > 0) {
    return fail(
        ErrorCode::failed,
        fmt::format("rows of {} match but are not changed by an UPDATE",
                    quote(request_.action.table)),
        "See whether a trigger or a rule of the table suppresses updates, then run the same "
        "command again.");
  }
  return fail(
      ErrorCode::failed,
      fmt::format("rows of {} keep appearing that nobody filled", quote(request_.action.table)),
      "Something writes the table past its trigger (session_replication_role, or an application "
      "that does not write both shapes). Stop it, then run the same command again.");
}

Result<void> PostgresFill::prepare() {
  ZDM_TRY(root_, work_.insist([&](Connection& c) { return table_oid(c, request_.action.table); }));
  ZDM_TRY(const ServerLimits limits, work_.insist([](Connection& c) { return server_limits(c); }));
  ZDM_CHECK(check_user_triggers());
  settings_.token = planner::backfill_token(root_, request_.generation);
  settings_.fill = planner::compose_fill(Engine::postgresql, request_.action.fills);
  settings_.user_triggers = request_.action.user_triggers;
  settings_.guarded = request_.guarded;
  settings_.block_size = limits.block_size;
  settings_.statement_timeout = limits.statement_timeout;
  settings_.walk = request_.tuning.walk.value_or(
      work_.get().server_version() >= 140000 ? Walk::stripes : Walk::tid_lists);
  ZDM_TRY(const std::int64_t before, work_.insist([&](Connection& c) {
    auto entered = enter_backfill(
        c, request_, settings_.walk == Walk::stripes ? "stripes of blocks" : "lists of row places");
    if (!entered) work_.leave_transaction();
    return entered;
  }));
  pace_.before(before);
  return {};
}

Result<void> PostgresFill::check_user_triggers() {
  const auto kind = request_.action.user_triggers;
  ZDM_TRY(const std::vector<std::string> rules,
          work_.insist([&](Connection& c) { return rewriting_rules(c, root_, kind); }));
  if (!rules.empty()) {
    return fail(ErrorCode::refused,
                fmt::format("the backfill would be rewritten by rules: {}", fmt::join(rules, "; ")),
                "Make them triggers, or say user_triggers = \"skip\" in the change, which passes "
                "by all that are not ENABLE ALWAYS.");
  }
  if (kind == planner::UserTriggers::fire) return {};
  ZDM_TRY(const std::vector<std::string> firing, work_.insist([&](Connection& c) {
    return kind == planner::UserTriggers::skip ? foreign_keys_on(c, root_, request_.action.fills)
                                               : firing_triggers(c, root_, request_.action.fills);
  }));
  if (firing.empty()) return {};
  const std::string list = fmt::format("{}", fmt::join(firing, "; "));
  if (kind == planner::UserTriggers::skip) {
    return fail(
        ErrorCode::refused,
        fmt::format("user_triggers = \"skip\" would leave foreign keys unchecked: {}", list),
        "Add the foreign key after the backfill, or use user_triggers = \"fire\".");
  }
  return fail(ErrorCode::refused, fmt::format("the backfill would fire triggers: {}", list),
              "Say user_triggers = \"fire\" or \"skip\" in the change.");
}

Result<std::vector<Leaf>> PostgresFill::leaves() {
  ZDM_TRY(std::vector<Leaf> found,
          work_.insist([&](Connection& c) { return leaves_of(c, root_, request_.action.fills); }));
  double rows = 0;
  for (const Leaf& leaf : found) rows += leaf.rows;
  pace_.total(std::max(static_cast<std::int64_t>(std::llround(rows)), pace_.now().rows_done));
  return found;
}

/// The list is read again until nothing is new: a partition may be attached meanwhile, with its
/// trigger but with old rows.
Result<void> PostgresFill::fill_new_leaves() {
  for (bool again = true; std::exchange(again, false);) {
    ZDM_TRY(const std::vector<Leaf> all, leaves());
    for (const Leaf& leaf : all) {
      if (filled_.contains(leaf.oid)) continue;
      again = true;
      ZDM_TRY(const bool as_read, fill_leaf(leaf));
      if (!as_read) break;
    }
  }
  return {};
}

Result<bool> PostgresFill::fill_leaf(const Leaf& leaf) {
  ZDM_TRY(const Extent extent, work_.insist([&](Connection& c) { return extent_of(c, leaf); }));
  blocks_[leaf.oid] = static_cast<double>(extent.blocks);
  blocks_done_[leaf.oid] = 0;
  const int stripes = stripes_of(leaf, extent);
  governor_.stripe_by(stripes, kLeast * stripes);
  WindowSource source(request_, leaf, extent);
  for (;;) {
    ZDM_TRY(const std::optional<Window> window, work_.insist([&](Connection& c) {
      auto next = source.next(c, governor_.stripes());
      if (!next) work_.leave_transaction();
      return next;
    }));
    if (!window) break;
    governor_.window_begun();
    blocks_done_[leaf.oid] = static_cast<double>(window->from);
    ZDM_TRY(const bool as_read, fill_window(source, leaf, *window));
    if (!as_read) return false;
  }
  blocks_done_[leaf.oid] = blocks_[leaf.oid];
  filled_[leaf.oid] = extent.filenode;
  return true;
}

int PostgresFill::stripes_of(const Leaf& leaf, const Extent& extent) const {
  if (request_.tuning.stripes) return *request_.tuning.stripes;
  // A TID scan prunes no page on its way (measured: 12 % of updates HOT in 8 visits), so that more
  // than one visit of the same block gains nothing.
  if (settings_.walk == Walk::tid_lists) return 1;
  if (leaf.filled_is_indexed || extent.blocks <= kSmall) return 1;
  return kVisits;
}

/// One more look at every leaf; true when there was something to do.
Result<bool> PostgresFill::sweep() {
  ZDM_TRY(const std::vector<Leaf> all, leaves());
  bool found = false;
  for (const Leaf& leaf : all) {
    if (!filled_.contains(leaf.oid)) return true;
    ZDM_TRY(const bool here, sweep_leaf(leaf));
    found = found || here;
  }
  ZDM_TRY(const std::vector<Leaf> now, leaves());
  const bool all_known = std::all_of(now.begin(), now.end(),
                                     [&](const Leaf& leaf) { return filled_.contains(leaf.oid); });
  return found || !all_known;
}

Result<bool> PostgresFill::sweep_leaf(const Leaf& leaf) {
  ZDM_TRY(const Extent extent, work_.insist([&](Connection& c) { return extent_of(c, leaf); }));
  WindowSource source(request_, leaf, extent);
  const std::int64_t width = settings_.walk == Walk::stripes ? kProbeBlocks : extent.blocks;
  bool found = false;
  for (std::int64_t from = 0; from < extent.blocks; from += width) {
    if (const auto stop = work_.stopped()) return fail(*stop);
    const BatchRange range{.from = from, .to = std::min(extent.blocks, from + width)};
    ZDM_TRY(const Probe here, probe(leaf, extent, range));
    if (here.filenode != filled_[leaf.oid]) {
      filled_.erase(leaf.oid);
      return true;
    }
    if (!here.found) continue;
    found = true;
    ZDM_TRY(const Window window, work_.insist([&](Connection& c) {
      auto claimed = source.claim(c, range.from, range.to, 1);
      if (!claimed) work_.leave_transaction();
      return claimed;
    }));
    ZDM_TRY(const bool as_read, fill_window(source, leaf, window));
    if (!as_read) {
      filled_.erase(leaf.oid);
      return true;
    }
  }
  return found;
}

Result<PostgresFill::Probe> PostgresFill::probe(const Leaf& leaf, const Extent& extent,
                                                const BatchRange& range) {
  const Batch batch(settings_, request_.lease, leaf, extent.filenode);
  // Without a TID range scan the leaf is read as a whole.
  const std::string where = settings_.walk == Walk::stripes ? batch.within(range) : "true";
  const auto read = [&](Connection& work) -> Result<Probe> {
    auto rows = work.run(batch.opening(kProbeTimeout) +
                         fmt::format("SELECT EXISTS (SELECT FROM ONLY {0} WHERE {1} AND ({2})), "
                                     "pg_relation_filenode({3})",
                                     quote(leaf.name), where, settings_.fill.predicate, leaf.oid));
    if (!rows && is_about_a_row(rows.error())) {
      work_.leave_transaction();
      return Probe{.found = true, .filenode = extent.filenode};  // the batch will say which row
    }
    if (!rows && rows.error().sqlstate == "42P01") {
      work_.leave_transaction();
      return Probe{};  // dropped or renamed: another file than the one known
    }
    if (!rows) return fail(explained(rows.error(), leaf));
    ZDM_CHECK(work.run("COMMIT"));
    return Probe{.found = rows->first(0) == "t",
                 .filenode = static_cast<std::uint32_t>(rows->first_integer(1))};
  };
  return work_.insist(read);
}

void PostgresFill::tell(const std::string& throttled) {
  pace_.tell(fraction(), throttled);
}

double PostgresFill::fraction() const {
  double all = 0;
  double done = 0;
  for (const auto& [leaf, blocks] : blocks_) {
    all += blocks;
    done += blocks_done_.at(leaf);
  }
  return all > 0 ? done / all : 0;
}

}  // namespace zdm::migrations
