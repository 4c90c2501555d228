#include "gate/allow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "gate/lexical.hpp"
#include "gate/place.hpp"
#include "gate/rule.hpp"
#include "model/suggest.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

constexpr std::string_view kMark = "zdm:allow";

struct Allow {
  Extent place;  ///< of the comment from the mark on
  std::string rule;
  std::string reason;
  std::string until;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes ` key=value` off the end of the words, or out of their middle; "…" holds blanks.
std::string take(std::string& words, std::string_view key) {
  const auto at = words.find(fmt::format(" {}=", key));
  if (at == std::string::npos) return {};
  const auto begin = at + key.size() + 2;
  std::size_t end = 0;
  std::string value;
  if (begin < words.size() && words[begin] == '"') {
    const auto close = words.find('"', begin + 1);
    end = close == std::string::npos ? words.size() : close + 1;
    value = words.substr(begin + 1, (close == std::string::npos ? end : close) - begin - 1);
  } else {
    end = std::min(words.size(), words.find(key == "until" ? " " : " until=", begin));
    value = words.substr(begin, end - begin);
  }
  words.erase(at, end - at);
  return std::string(trimmed(value));
}

/// `opening`: the bytes that begin the comment, 2 in SQL.
std::optional<Allow> read_allow(std::string_view sql, const Extent& comment, std::size_t opening) {
  auto text = sql.substr(comment.begin, comment.end - comment.begin);
  const auto mark = text.find(kMark);
  if (mark == std::string_view::npos || mark < opening) return std::nullopt;
  if (!trimmed(text.substr(opening, mark - opening)).empty()) return std::nullopt;
  if (text.ends_with("*/")) text.remove_suffix(2);
  std::string words = " " + std::string(trimmed(text.substr(mark + kMark.size())));
  std::ranges::replace(words, '\n', ' ');
  Allow allow{.place = {comment.begin + mark, comment.begin + text.size()}};
  allow.until = take(words, "until");
  allow.reason = take(words, "reason");
  allow.rule = std::string(trimmed(words));
  return allow;
}

/// Where the last blank line of a text begins, with the break before it; 0: there is none.
std::size_t last_blank_line(std::string_view text) {
  std::size_t found = 0;
  std::size_t before = std::string_view::npos;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') {
      if (before != std::string_view::npos) found = before + 1;
      before = at;
    } else if (!is_blank(text[at])) {
      before = std::string_view::npos;
    }
  }
  return found;
}

/// What is asked of a file for each of its comments, so that it is found once.
struct Layout {
  explicit Layout(std::string_view text) : sql(text), statements(statement_extents(text)) {
    const auto first = statements.empty() ? text.size() : statements.front().begin;
    blank_line = last_blank_line(text.substr(0, first));
  }

  std::string_view sql;
  std::vector<Extent> statements;
  std::size_t blank_line = 0;  ///< the last one above the first statement
};

/// The bytes an allow is about.
Extent reach(const Layout& layout, const Extent& comment) {
  const auto& [sql, statements, blank_line] = layout;
  const auto next = std::ranges::upper_bound(statements, comment.begin, {}, &Extent::end);
  if (next != statements.begin()) {
    const auto& before = *std::prev(next);
    const auto between = sql.substr(before.end, comment.begin - before.end);
    if (between.find('\n') == std::string_view::npos) return before;
  }
  if (next == statements.end()) return {};
  const bool head = next == statements.begin() && comment.end <= next->begin;
  if (head && blank_line > comment.end) return {0, sql.size()};
  return *next;
}

class Allows {
  /// A finding of the list, and its byte.
  struct At {
    std::size_t offset = 0;
    std::size_t finding = 0;
  };

 public:
  Allows(const SqlFile& file, std::vector<Finding>& findings, const std::vector<std::string>& cut)
      : file_(file), findings_(findings), cut_(cut), lines_(file.bytes) {}

  std::vector<Finding> run_toml() {
    std::size_t at = 0;
    while ((at = file_.bytes.find(kMark, at)) != std::string::npos) {
      const auto line = file_.bytes.rfind('\n', at) + 1;  // npos + 1 is the first byte
      const auto end = std::min(file_.bytes.find('\n', at), file_.bytes.size());
      const auto first = file_.bytes.find_first_not_of(" \t", line);
      const bool comment = file_.bytes[first] == '#' || file_.bytes.compare(first, 2, "--") == 0;
      const std::size_t opening = file_.bytes[first] == '#' ? 1 : 2;
      const auto allow = comment ? read_allow(file_.bytes, {first, end}, opening) : std::nullopt;
      if (allow) apply(*allow, {line, end_of_table(end)});
      at = end;
    }
    return std::move(told_);
  }

  std::vector<Finding> run() {
    const Layout layout(file_.text());
    for (std::size_t at = 0; at < file_.bytes.size();) {
      const auto piece = next_piece(file_.bytes, at);
      at = piece.end;
      if (piece.kind != PieceKind::comment) continue;
      const auto allow = read_allow(file_.bytes, {piece.begin, piece.end}, 2);
      if (allow) apply(*allow, reach(layout, {piece.begin, piece.end}));
    }
    return std::move(told_);
  }

 private:
  /// Where the table ends that a line stands in, or right before.
  [[nodiscard]] std::size_t end_of_table(std::size_t at) const {
    bool header_is_mine = true;
    while (at < file_.bytes.size()) {
      const auto begin = at + 1;
      at = std::min(file_.bytes.find('\n', begin), file_.bytes.size());
      const auto line = trimmed(
          std::string_view(file_.bytes).substr(std::min(begin, at), at - std::min(begin, at)));
      if (line.starts_with("[[") && !header_is_mine) return begin;
      if (!line.empty() && !line.starts_with('#')) header_is_mine = false;
    }
    return file_.bytes.size();
  }

  void apply(const Allow& allow, const Extent& about) {
    if (find_rule(allow.rule) == nullptr) {
      return tell(allow, Severity::error, fmt::format("there is no rule \"{}\"", allow.rule),
                  near(allow.rule));
    }
    if (allow.reason.empty()) {
      return tell(allow, Severity::error, fmt::format("no reason says why {} is right", allow.rule),
                  fmt::format("zdm:allow {} reason=why it is safe here", allow.rule));
    }
    if (!allow.until.empty() && std::ranges::find(cut_, allow.until) != cut_.end()) {
      return tell(
          allow, Severity::error,
          fmt::format("release {} is cut: {} is allowed no longer", allow.until, allow.rule),
          "do what was put off, or name a later release");
    }
    if (!cover(allow, about)) {
      tell(allow, Severity::warning, fmt::format("{} finds nothing here", allow.rule),
           "take the comment out, or put it right above the statement");
    }
  }

  bool cover(const Allow& allow, const Extent& about) {
    if (!sorted_) sort_findings();
    const auto found = by_rule_.find(allow.rule);
    if (found == by_rule_.end()) return false;
    bool covered = false;
    for (auto each = std::ranges::lower_bound(found->second, about.begin, {}, &At::offset);
         each != found->second.end() && each->offset < about.end; ++each) {
      findings_[each->finding].suppressed = allow.reason;
      covered = true;
    }
    return covered;
  }

  void sort_findings() {
    sorted_ = true;
    for (std::size_t i = 0; i < findings_.size(); ++i) {
      const SourceSpan& where = findings_[i].where;
      by_rule_[findings_[i].rule].push_back({lines_.offset(where.line, where.column), i});
    }
    for (auto& [rule, found] : by_rule_) std::ranges::sort(found, {}, &At::offset);
  }

  void tell(const Allow& allow, Severity severity, std::string message, std::string help) {
    Finding finding{.rule = "allow", .severity = severity};
    finding.where = lines_.span(allow.place.begin, allow.place.end, file_.path);
    finding.message = std::move(message);
    finding.help = std::move(help);
    told_.push_back(std::move(finding));
  }

  /// A name is mostly mistaken in the same way all over a file.
  const std::string& near(const std::string& name) {
    const auto [found, unknown] = near_.try_emplace(name);
    if (unknown) found->second = near_rule(name);
    return found->second;
  }

  static std::string near_rule(const std::string& name) {
    std::vector<std::string> known;
    for (const auto& rule : rules()) known.emplace_back(rule.id);
    const auto near = nearest(name, known);
    return near ? fmt::format("did you mean {}?", *near) : "zdm-check(1) lists the rules";
  }

  const SqlFile& file_;
  std::vector<Finding>& findings_;
  const std::vector<std::string>& cut_;
  LineIndex lines_;
  std::map<std::string, std::vector<At>> by_rule_;
  bool sorted_ = false;
  std::map<std::string, std::string> near_;
  std::vector<Finding> told_;
};

}  // namespace

std::vector<Finding> apply_allows(const SqlFile& file, std::vector<Finding>& findings,
                                  const std::vector<std::string>& cut) {
  if (file.bytes.find(kMark) == std::string::npos) return {};
  return Allows(file, findings, cut).run();
}

std::vector<Finding> apply_allows_in_toml(const SqlFile& file, std::vector<Finding>& findings,
                                          const std::vector<std::string>& cut) {
  if (file.bytes.find(kMark) == std::string::npos) return {};
  return Allows(file, findings, cut).run_toml();
}

}  // namespace zdm::planner
