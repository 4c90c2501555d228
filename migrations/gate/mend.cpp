#include "gate/mend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "gate/dialect.hpp"

namespace zdm::migrations {

using planner::Finding;
using planner::Fix;

namespace {

constexpr std::size_t kAround = 3;

std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// Findings of the text as a release of its own, by rule.
std::map<std::string, int> findings_of(const std::string& path, const std::string& bytes,
                                       const GateRequest& request) {
  RawFile raw{.path = path, .bytes = bytes};
  const auto dialect = request.inputs.dialect.value_or(detect_dialect(raw));
  const auto file = read_dialect(std::move(raw), dialect);
  std::map<std::string, int> counts;
  const auto verdict = planner::check_sql(file.parts, {.postgres = request.postgres});
  for (const Finding& finding : verdict.findings) ++counts[finding.rule];
  return counts;
}

bool is_better(const std::map<std::string, int>& before, const std::map<std::string, int>& after) {
  return std::ranges::all_of(after, [&](const auto& rule) {
    const auto found = before.find(rule.first);
    return found != before.end() && rule.second <= found->second;
  });
}

/// A run of lines that differ: [begin, end) before, [begin, end) after.
struct Change {
  std::size_t begin, end, new_begin, new_end;
};

/// Longest common runs are not needed: fixes keep the order and most lines.
std::vector<Change> changes_between(const std::vector<std::string>& before,
                                    const std::vector<std::string>& after) {
  std::vector<Change> changes;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < before.size() || j < after.size()) {
    if (i < before.size() && j < after.size() && before[i] == after[j]) {
      ++i;
      ++j;
      continue;
    }
    Change change{i, i, j, j};
    // the nearest pair of lines that are equal again
    for (std::size_t far = 1; i + j + far <= before.size() + after.size(); ++far) {
      bool found = false;
      for (std::size_t left = 0; left <= far && !found; ++left) {
        const auto a = i + left;
        const auto b = j + far - left;
        if (a > before.size() || b > after.size()) continue;
        const bool ends = a == before.size() && b == after.size();
        found = ends || (a < before.size() && b < after.size() && before[a] == after[b]);
        if (found) change = {i, a, j, b};
      }
      if (found) break;
    }
    i = change.end;
    j = change.new_end;
    changes.push_back(change);
  }
  return changes;
}

}  // namespace

std::string with_fixes(const std::string& bytes, std::vector<Fix> fixes) {
  std::ranges::stable_sort(fixes, {}, &Fix::offset);
  std::string text;
  std::size_t at = 0;
  for (const Fix& fix : fixes) {
    if (fix.offset < at || fix.offset + fix.length > bytes.size()) continue;
    text.append(bytes, at, fix.offset - at);
    text += fix.text;
    at = fix.offset + fix.length;
  }
  return text.append(bytes, at);
}

std::vector<std::string> unified_diff(const std::string& path, const std::string& before,
                                      const std::string& after) {
  const auto old_lines = lines_in(before);
  const auto new_lines = lines_in(after);
  std::vector<std::string> diff = {"--- " + path, "+++ " + path};
  const auto changes = changes_between(old_lines, new_lines);
  for (std::size_t first = 0; first < changes.size();) {
    std::size_t last = first;
    while (last + 1 < changes.size() &&
           changes[last + 1].begin - changes[last].end <= 2 * kAround) {
      ++last;
    }
    const auto begin = changes[first].begin - std::min(changes[first].begin, kAround);
    const auto end = std::min(changes[last].end + kAround, old_lines.size());
    const auto new_begin = changes[first].new_begin - (changes[first].begin - begin);
    const auto new_end = changes[last].new_end + (end - changes[last].end);
    diff.push_back(fmt::format("@@ -{},{} +{},{} @@", begin + 1, end - begin, new_begin + 1,
                               new_end - new_begin));
    auto at = begin;
    for (auto each = first; each <= last; ++each) {
      const Change& change = changes[each];
      for (; at < change.begin; ++at) diff.push_back(" " + old_lines[at]);
      for (; at < change.end; ++at) diff.push_back("-" + old_lines[at]);
      for (auto line = change.new_begin; line < change.new_end; ++line) {
        diff.push_back("+" + new_lines[line]);
      }
    }
    for (; at < end; ++at) diff.push_back(" " + old_lines[at]);
    first = last + 1;
  }
  return diff;
}

std::vector<MendedFile> mend(const GateReport& report, const GateRequest& request) {
  std::map<std::string, std::vector<Fix>> fixes;
  for (const Finding& finding : report.findings) {
    if (finding.fix && !finding.suppressed) fixes[finding.where.file].push_back(*finding.fix);
  }
  std::vector<MendedFile> mended;
  for (const planner::SqlFile& file : report.files) {
    const auto found = fixes.find(file.path);
    std::error_code ignored;
    if (found == fixes.end() || !std::filesystem::is_regular_file(file.path, ignored)) continue;
    MendedFile each{.path = file.path, .bytes = with_fixes(file.bytes, found->second)};
    if (!is_better(findings_of(file.path, file.bytes, request),
                   findings_of(file.path, each.bytes, request))) {
      continue;
    }
    each.diff = unified_diff(file.path, file.bytes, each.bytes);
    mended.push_back(std::move(each));
  }
  return mended;
}

}  // namespace zdm::migrations
