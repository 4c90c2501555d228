#include "gate/placeholders.hpp"

#include <set>
#include <string>

#include "sql/text.hpp"

namespace zdm::migrations {

namespace {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

void restore(std::string_view placeholder, planner::Finding& finding) {
  std::string name = planner::fold(placeholder);
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (at == 0 || !planner::is_identifier_part(name[at])) name[at] = '_';
  }
  replace_all(finding.message, name, placeholder);
  replace_all(finding.help, name, placeholder);
  if (finding.fix) replace_all(finding.fix->text, name, placeholder);
  for (std::string& object : finding.objects) replace_all(object, name, placeholder);
  for (auto& lock : finding.locks) replace_all(lock.relation, name, placeholder);
}

}  // namespace

void restore_placeholders(std::string_view bytes, planner::Finding& finding) {
  std::set<std::string_view> seen;
  for (auto at = bytes.find("${"); at != bytes.npos; at = bytes.find("${", at + 1)) {
    const auto end = bytes.find('}', at);
    if (end == bytes.npos) return;
    const auto placeholder = bytes.substr(at, end + 1 - at);
    if (seen.insert(placeholder).second) restore(placeholder, finding);
  }
}

}  // namespace zdm::migrations
