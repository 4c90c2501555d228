#include "recipes/change.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "model/suggest.hpp"

namespace zdm::planner {

namespace {

/// One row per alternative of ChangeKind, made from the variant itself.
using Decoder = Result<ChangeKind> (*)(KeyReader&);

struct Row {
  const KindInfo* info;
  Decoder decode;
};

template <class Kind>
Result<ChangeKind> decode_as(KeyReader& keys) {
  ZDM_TRY(Kind kind, Kind::decode(keys));
  return ChangeKind(std::move(kind));
}

template <class... Kinds>
const auto& rows_of(const std::variant<Kinds...>* /*type*/) {
  static const std::array<Row, sizeof...(Kinds)> rows = {Row{&Kinds::info(), &decode_as<Kinds>}...};
  return rows;
}

const auto& rows() {
  return rows_of(static_cast<const ChangeKind*>(nullptr));
}

}  // namespace

std::span<const KindInfo* const> kinds() {
  static const auto infos = [] {
    std::array<const KindInfo*, std::variant_size_v<ChangeKind>> all{};
    std::ranges::transform(rows(), all.begin(), &Row::info);
    return all;
  }();
  return infos;
}

const KindInfo& info(const Change& change) {
  return std::visit([](const auto& kind) -> const KindInfo& { return kind.info(); }, change.kind);
}

Result<Change> decode_change(const Object& object, SourceSpan where) {
  KeyReader head(object, where, "change");
  ZDM_TRY(const std::string name, head.text("kind"));
  const auto row = std::ranges::find(rows(), name, [](const Row& each) { return each.info->kind; });
  if (row == rows().end()) {
    std::vector<std::string> names;
    for (const auto& each : rows()) names.emplace_back(each.info->kind);
    return fail_at(head.where("kind"), ErrorCode::usage,
                   fmt::format("there is no change kind {}{}", name, suggestion(name, names)),
                   fmt::format("the kinds are {}", fmt::join(names, ", ")));
  }
  KeyReader keys(object, where, fmt::format("change {}", name));
  ZDM_CHECK(keys.text("kind"));
  ZDM_TRY(ChangeKind kind, row->decode(keys));
  ZDM_CHECK(keys.finish());
  return Change{.kind = std::move(kind), .where = std::move(where)};
}

}  // namespace zdm::planner
