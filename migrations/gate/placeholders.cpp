#include "gate/placeholders.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>

#include "sql/text.hpp"

namespace zdm::migrations {

namespace {

/// As inputs are read: a name of the same length that begins with two underscores.
std::string name_of(std::string_view placeholder) {
  std::string name = planner::fold(placeholder);
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (at == 0 || !planner::is_identifier_part(name[at])) name[at] = '_';
  }
  return name;
}

/// The placeholders of one file by their names, so that a file may have thousands of them and of
/// findings.
class Placeholders {
 public:
  explicit Placeholders(std::string_view bytes) {
    for (auto at = bytes.find("${"); at != std::string_view::npos; at = bytes.find("${", at + 1)) {
      const auto end = bytes.find('}', at);
      if (end == std::string_view::npos) return;
      const auto placeholder = bytes.substr(at, end + 1 - at);
      if (placeholder.size() > kLongest) continue;
      by_name_.try_emplace(name_of(placeholder), placeholder);
      lengths_.insert(placeholder.size());
    }
  }

  [[nodiscard]] bool empty() const { return by_name_.empty(); }

  void restore(std::string& text) const {
    std::string restored;
    std::size_t copied = 0;
    for (auto at = text.find("__"); at != std::string::npos; at = text.find("__", at)) {
      const auto placeholder = at_byte(text, at);
      if (placeholder.empty()) {
        ++at;
        continue;
      }
      restored.append(text, copied, at - copied).append(placeholder);
      copied = at += placeholder.size();
    }
    if (copied > 0) text = restored.append(text, copied);
  }

 private:
  static constexpr std::size_t kLongest = 256;  // a name in PostgreSQL has 63 bytes

  /// The longest whose name stands there; empty: none.
  [[nodiscard]] std::string_view at_byte(std::string_view text, std::size_t at) const {
    for (const std::size_t length : lengths_) {
      const auto found = by_name_.find(text.substr(at, length));
      if (found != by_name_.end()) return found->second;
    }
    return {};
  }

  std::map<std::string, std::string_view, std::less<>> by_name_;
  std::set<std::size_t, std::greater<>> lengths_;
};

}  // namespace

void restore_placeholders(std::string_view bytes, std::span<planner::Finding> findings) {
  const Placeholders placeholders(bytes);
  if (placeholders.empty()) return;
  for (planner::Finding& finding : findings) {
    placeholders.restore(finding.message);
    placeholders.restore(finding.help);
    if (finding.fix) placeholders.restore(finding.fix->text);
    for (std::string& object : finding.objects) placeholders.restore(object);
    for (auto& lock : finding.locks) placeholders.restore(lock.relation);
  }
}

}  // namespace zdm::migrations
