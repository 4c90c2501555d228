#include "cli/check/schema.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

namespace zdm::tests {
namespace {

using Json = nlohmann::json;

class Validator final {
 public:
  explicit Validator(const Json& root) : root_(root) {}

  void check(const Json& schema, const Json& value, const std::string& place) {
    for (const auto& [keyword, rule] : schema.items()) {
      const auto known = keywords_.find(keyword);
      if (known == keywords_.end()) throw std::runtime_error("unknown keyword " + keyword);
      if (known->second) known->second(*this, schema, rule, value, place);
    }
  }

  std::vector<std::string> faults;

 private:
  using Check = std::function<void(Validator&, const Json& schema, const Json& rule, const Json&,
                                   const std::string& place)>;

  void expect(bool holds, const std::string& place, const std::string& what) {
    if (!holds) faults.push_back(place + ": " + what);
  }

  static bool is(const Json& value, const std::string& type) {
    if (type == "number") return value.is_number();
    if (type == "integer") return value.is_number_integer();
    return type == value.type_name();
  }

  void type(const Json& rule, const Json& value, const std::string& place) {
    bool holds = false;
    for (const auto& one : rule.is_array() ? rule : Json::array({rule})) {
      holds = holds || is(value, one.get<std::string>());
    }
    expect(holds, place, "is no " + rule.dump());
  }

  /// How many of the schemas hold.
  std::size_t holding(const Json& schemas, const Json& value, const std::string& place) {
    std::size_t count = 0;
    for (const auto& schema : schemas) {
      Validator inner(root_);
      inner.check(schema, value, place);
      if (inner.faults.empty()) ++count;
    }
    return count;
  }

  void additional(const Json& schema, const Json& rule, const Json& value,
                  const std::string& place) {
    if (!value.is_object()) return;
    const auto named = schema.value("properties", Json::object());
    for (const auto& [key, member] : value.items()) {
      if (named.contains(key)) continue;
      if (rule.is_boolean()) {
        expect(rule.get<bool>(), place, "must not have " + key);
      } else {
        check(rule, member, fmt::format("{}/{}", place, key));
      }
    }
  }

  const Json& root_;
  static const std::map<std::string, Check> keywords_;
};

const std::map<std::string, Validator::Check> Validator::keywords_ =
    {
        {"$schema", {}},
        {"title", {}},
        {"id", {}},
        {"description", {}},
        {"default", {}},
        {"definitions", {}},
        {"format", {}},
        {"type", [](auto& self, const auto&, const auto& rule, const auto& value,
                    const auto& place) { self.type(rule, value, place); }},
        {"$ref",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           const auto pointer = rule.template get<std::string>().substr(1);
           self.check(self.root_.at(Json::json_pointer(pointer)), value, place);
         }},
        {"properties",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           for (const auto& [key, schema] : rule.items()) {
             if (value.is_object() && value.contains(key)) {
               self.check(schema, value[key], fmt::format("{}/{}", place, key));
             }
           }
         }},
        {"additionalProperties",
         [](auto& self, const auto& schema, const auto& rule, const auto& value,
            const auto& place) { self.additional(schema, rule, value, place); }},
        {"required",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           for (const auto& key : rule) {
             const auto name = key.template get<std::string>();
             self.expect(!value.is_object() || value.contains(name), place, "lacks " + name);
           }
         }},
        {"items",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
             self.check(rule, value[i], fmt::format("{}/{}", place, i));
           }
         }},
        {"minItems",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           const auto least = rule.template get<std::size_t>();
           self.expect(!value.is_array() || value.size() >= least, place, "has too few items");
         }},
        {"uniqueItems",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           if (!value.is_array() || !rule.template get<bool>()) return;
           const std::set<Json> different(value.begin(), value.end());
           self.expect(different.size() == value.size(), place, "has equal items");
         }},
        {"enum",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           const bool holds = std::find(rule.begin(), rule.end(), value) != rule.end();
           self.expect(holds, place, "is none of " + rule.dump());
         }},
        {"minimum",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           self.expect(!value.is_number() || value >= rule, place, "is less than " + rule.dump());
         }},
        {"maximum",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           self.expect(!value.is_number() || value <= rule, place, "is more than " + rule.dump());
         }},
        {"pattern",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           if (!value.is_string()) return;
           const std::regex pattern(rule.template get<std::string>());
           self.expect(std::regex_search(value.template get<std::string>(), pattern), place,
                       "does not match " + rule.dump());
         }},
        {"anyOf",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           self.expect(self.holding(rule, value, place) > 0, place, "is none of anyOf");
         }},
        {"oneOf",
         [](auto& self, const auto&, const auto& rule, const auto& value, const auto& place) {
           self.expect(self.holding(rule, value, place) == 1, place, "is not one of oneOf");
         }},
};

}  // namespace

std::vector<std::string> schema_faults(const Json& schema, const Json& value) {
  Validator validator(schema);
  validator.check(schema, value, "");
  return validator.faults;
}

}  // namespace zdm::tests
