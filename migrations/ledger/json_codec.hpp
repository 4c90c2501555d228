#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Values of the planner to JSON and back, from one list of fields per struct (model_fields.hpp).
/// Reading skips fields it does not know and leaves fields that are missing at their default, so
/// that ledgers of a later and of an earlier zdm can be read; a word it does not know is an error.
namespace zdm::migrations::codec {

using Json = nlohmann::json;

struct DecodeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The words of an enum, in the order of its values from 0: specialised in model_fields.hpp.
template <class E>
struct EnumWords;
/// The words of a variant's alternatives, in order; std::monostate has the empty word.
template <class V>
struct VariantWords;

template <class T>
struct IsVariant : std::false_type {};
template <class... T>
struct IsVariant<std::variant<T...>> : std::true_type {};
template <class T>
concept Variant = IsVariant<T>::value;
template <class T>
concept Enum = std::is_enum_v<T>;
template <class T>
concept Leaf = std::same_as<T, bool> || std::same_as<T, std::string> || std::same_as<T, double> ||
    (std::integral<T> && !std::same_as<T, char>);

/// `fields(visitor, object)` calls the visitor with the fields' names ("a, b, c") and the fields;
/// the object may be const.
template <class T, class S>
concept Of = std::same_as<std::remove_const_t<T>, S>;

template <class T>
[[nodiscard]] Json write(const T& value);
template <class T>
void read(const Json& json, T& value);

/// Takes the first name off "a, b, c".
inline std::string next_name(std::string_view& names) {
  const std::size_t end = names.find_first_of(", ");
  std::string name(names.substr(0, end));
  const std::size_t next = names.find_first_not_of(", ", end);
  names.remove_prefix(std::min(next, names.size()));
  return name;
}

class Writer {
 public:
  template <class... T>
  void operator()(std::string_view names, const T&... values) {
    ((object[next_name(names)] = write(values)), ...);
  }
  Json object = Json::object();
};

class Reader {
 public:
  explicit Reader(const Json& object) : object_(&object) {}
  template <class... T>
  void operator()(std::string_view names, T&... values) const {
    (one(next_name(names), values), ...);
  }

 private:
  template <class T>
  void one(const std::string& name, T& value) const {
    if (const auto found = object_->find(name); found != object_->end()) {
      read(*found, value);
    }
  }
  const Json* object_;
};

template <Leaf T>
Json write_value(const T& value) {
  return value;
}
inline Json write_value(char value) {
  return std::string(1, value);
}
template <Enum T>
Json write_value(T value) {
  return std::string(EnumWords<T>::words.at(static_cast<std::size_t>(value)));
}
template <class T>
Json write_value(const std::optional<T>& value) {
  return value ? write(*value) : Json(nullptr);
}
template <class T>
Json write_value(const std::vector<T>& values) {
  Json array = Json::array();
  for (const T& value : values) {
    array.push_back(write(value));
  }
  return array;
}
inline Json write_value(std::monostate) {
  return nullptr;
}
template <Variant T>
Json write_value(const T& value) {
  static_assert(VariantWords<T>::words.size() == std::variant_size_v<T>);
  const std::string_view word = VariantWords<T>::words.at(value.index());
  Json inner = std::visit([](const auto& alternative) { return write(alternative); }, value);
  return word.empty() ? inner : Json{{std::string(word), std::move(inner)}};
}
template <class T>
requires requires(Writer& writer, const T& value) {
  fields(writer, value);
}
Json write_value(const T& value) {
  Writer writer;
  fields(writer, value);
  return std::move(writer.object);
}

template <class Words>
std::size_t index_of(const Words& words, const std::string& word) {
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (words[index] == word) {
      return index;
    }
  }
  throw DecodeError("it does not know \"" + word + "\"");
}

template <Leaf T>
void read_value(const Json& json, T& value) {
  value = json.get<T>();
}
inline void read_value(const Json& json, char& value) {
  value = json.get<std::string>().at(0);
}
template <Enum T>
void read_value(const Json& json, T& value) {
  value = static_cast<T>(index_of(EnumWords<T>::words, json.get<std::string>()));
}
template <class T>
void read_value(const Json& json, std::optional<T>& value) {
  value.reset();
  if (!json.is_null()) {
    read(json, value.emplace());
  }
}
template <class T>
void read_value(const Json& json, std::vector<T>& values) {
  values.clear();
  for (const Json& each : json) {
    read(each, values.emplace_back());
  }
}
inline void read_value(const Json& /*json*/, std::monostate& /*value*/) {}

template <class T, std::size_t... I>
void read_alternative(std::size_t index, const Json& inner, T& value, std::index_sequence<I...>) {
  const auto one = [&](auto number) {
    if (number == index) {
      read(inner, value.template emplace<number>());
    }
  };
  (one(std::integral_constant<std::size_t, I>{}), ...);
}
template <Variant T>
void read_value(const Json& json, T& value) {
  const bool none = json.is_null() || json.empty();
  const std::size_t index = index_of(VariantWords<T>::words, none ? "" : json.begin().key());
  read_alternative(index, none ? json : *json.begin(), value,
                   std::make_index_sequence<std::variant_size_v<T>>{});
}
template <class T>
requires requires(Reader& reader, T& value) {
  fields(reader, value);
}
void read_value(const Json& json, T& value) {
  Reader reader(json);
  fields(reader, value);
}

template <class T>
Json write(const T& value) {
  return write_value(value);
}
template <class T>
void read(const Json& json, T& value) {
  read_value(json, value);
}

}  // namespace zdm::migrations::codec
