#include "gate/release_marks.hpp"

#include <fmt/format.h>

#include "gate/lexical.hpp"
#include "gate/place.hpp"
#include "model/phase.hpp"
#include "sql/quote.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

constexpr std::string_view kRetires = "zdm:retires";
constexpr std::string_view kPhase = "zdm:phase=";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Splits at a byte that stands outside double quotes.
std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] != at || quoted) continue;
    parts.push_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  parts.push_back(trimmed(text.substr(begin)));
  return parts;
}

Result<NameParts> parse_name(std::string_view text) {
  NameParts name;
  for (const auto part : split(text, '.')) {
    ZDM_TRY(auto identifier, parse_identifier(part));
    name.push_back(std::move(identifier));
  }
  if (name.size() <= 3) return name;
  return fail(ErrorCode::usage, "it has more than three parts");
}

class Reader {
 public:
  explicit Reader(const SqlFile& file) : file_(file) {}

  ReleaseMarks run() {
    if (file_.bytes.find("zdm:") == std::string::npos) return {};
    for (std::size_t at = 0; at < file_.bytes.size();) {
      const auto piece = next_piece(file_.bytes, at);
      at = piece.end;
      if (piece.kind == PieceKind::comment) read(piece);
    }
    if (phase_ && *phase_ < Phase::switch_) too_early();
    return std::move(marks_);
  }

 private:
  void read(const Piece& comment) {
    auto text = std::string_view(file_.bytes).substr(comment.begin, comment.end - comment.begin);
    if (text.ends_with("*/")) text.remove_suffix(2);
    const auto words = trimmed(text.substr(std::min<std::size_t>(2, text.size())));
    if (words.starts_with(kRetires)) {
      for (const auto name : split(words.substr(kRetires.size()), ',')) retire(name, comment);
    }
    if (words.starts_with(kPhase)) {
      auto value = words.substr(kPhase.size());
      value = value.substr(0, value.find_first_of(" \t\r\n"));
      phase_ = parse_phase(value);
      if (!phase_) {
        tell(comment, fmt::format("there is no phase \"{}\"", value),
             "expand, backfill, switch or contract");
      }
    }
  }

  void retire(std::string_view text, const Piece& comment) {
    auto name = parse_name(text);
    if (!name) {
      return tell(comment, fmt::format("\"{}\" cannot be retired: {}", text, name.error().message),
                  "-- zdm:retires users.name, or a table, app.orders");
    }
    const auto where = span(comment);
    marks_.retired.emplace(std::move(*name), fmt::format("{}:{}", file_.path, where.line));
    first_ = first_.end == 0 ? comment : first_;
  }

  void too_early() {
    if (marks_.retired.empty()) return;
    marks_.retired.clear();
    tell(first_,
         fmt::format("a file of phase {} retires nothing: the running release still reads it",
                     to_string(*phase_)),
         "retire it in a file that ships with, or after, the code that no longer uses it");
  }

  SourceSpan span(const Piece& comment) {
    if (file_.source) return place_of(*file_.source, comment.begin);
    if (!lines_) lines_.emplace(file_.bytes);
    return lines_->span(comment.begin, comment.end, file_.path);
  }

  void tell(const Piece& comment, std::string message, std::string help) {
    Finding finding{.rule = "retires", .severity = Severity::error};
    finding.where = span(comment);
    finding.message = std::move(message);
    finding.help = std::move(help);
    marks_.findings.push_back(std::move(finding));
  }

  const SqlFile& file_;
  std::optional<LineIndex> lines_;
  ReleaseMarks marks_;
  std::optional<Phase> phase_;
  Piece first_;
};

}  // namespace

ReleaseMarks read_release_marks(const SqlFile& file) {
  return Reader(file).run();
}

NameParts name_of(const SqlEffect& effect) {
  NameParts name;
  if (!effect.object.schema.empty()) name.push_back(effect.object.schema);
  name.push_back(effect.object.name);
  if (!effect.part.empty()) name.push_back(effect.part);
  return name;
}

const std::string* find_retired(const Retired& retired, const NameParts& name) {
  if (const auto found = retired.find(name); found != retired.end()) return &found->second;
  if (name.size() < 2) return nullptr;
  const auto owner = retired.find(NameParts(name.begin(), name.end() - 1));
  return owner == retired.end() ? nullptr : &owner->second;
}

std::string to_sql(const NameParts& name) {
  std::string text;
  for (const auto& part : name) {
    if (!text.empty()) text += '.';
    text += quote_identifier(part);
  }
  return text;
}

}  // namespace zdm::planner
