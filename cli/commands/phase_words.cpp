#include "commands/phase_words.hpp"

#include <array>

namespace zdm::cli {
namespace {

constexpr std::array kWords = {
    PhaseWords{Phase::expand,
               "Adds the new shape beside the old: tables, columns that may be NULL, views. "
               "Nothing reads it "
               "yet, nothing the running code knows is changed.",
               "Releases that know only the old shape.",
               "zdm rollback drops the new shape again. Nothing is lost.",
               "In any release, before its rollout."},
    PhaseWords{
        Phase::backfill,
        "Installs the dual write, a trigger that fills each side from the other whenever one of "
        "them "
        "is written; fills the rows that were there before, in small batches, each its own "
        "transaction; compares old and new row by row; validates constraints and builds indexes "
        "without blocking anyone. It may take long and may be stopped at any time: the same "
        "command "
        "carries on.",
        "Releases that write the old shape, the new one, or both.",
        "zdm rollback removes the dual write. Rows already filled are of no harm; rows repaired in "
        "place stay repaired, and are listed.",
        "With expand in the same release where the trigger does the dual write (the default), else "
        "in "
        "a later one."},
    PhaseWords{
        Phase::switch_,
        "The new shape is complete, and from here on guaranteed: NOT NULL, unique, keys. The "
        "release "
        "being deployed may read it alone. The old shape stays, and stays in sync both ways.",
        "The release before, which reads the old shape, and the one being deployed, which reads "
        "the "
        "new.",
        "zdm rollback takes the guarantees back. Nothing is lost: what the new release wrote is in "
        "the "
        "old shape too. Refused while a release that needs the new shape is live.",
        "With expand and backfill in the same release, where the trigger does the dual write. The "
        "release that reads the new shape ships it."},
    PhaseWords{
        Phase::contract,
        "Compares the old and the new value of every row once more, then removes the dual write "
        "and "
        "drops the old shape, in one transaction. Rows that differ refuse it before anything is "
        "begun. Dependents are looked for once more, and nothing is ever dropped by CASCADE.",
        "Only releases that know the new shape alone. zdm refuses it in the release that shipped "
        "switch, and until a release at or after that one is live (zdm release live R).",
        "None. What was dropped is gone; only a backup brings it back. This is why it ships alone, "
        "and "
        "later.",
        "In a release after the one that shipped switch, once that one is live everywhere."},
};

}  // namespace

std::span<const PhaseWords> phase_words() {
  return kWords;
}

}  // namespace zdm::cli
