#include "sql/pg_tree.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

#include "sql/text.hpp"

namespace zdm::planner {

namespace {

// protobuf-c describes a message by the offsets of its fields.
template <class T>
T field_at(const ProtobufCMessage& message, unsigned offset) {
  T value{};
  const auto* at = reinterpret_cast<const std::byte*>(&message) + offset;
  std::memcpy(&value, at, sizeof value);  // NOLINT(bugprone-sizeof-expression): pointers too
  return value;
}

const ProtobufCMessage* looked_through(const ProtobufCMessage* message) {
  if (message == nullptr || message->descriptor != &pg_query__node__descriptor) return message;
  return held(reinterpret_cast<const PgQuery__Node*>(message));
}

const std::uint8_t* bytes(const PgQueryProtobuf& buffer) {
  return reinterpret_cast<const std::uint8_t*>(buffer.data);
}

/// Who waits for the tree that this thread is about to be given.
struct TreeReader {
  const std::function<void(const PgQuery__ParseResult&)>& read;
  bool done = false;
  std::exception_ptr thrown = nullptr;

  void run(const PgQuery__ParseResult& tree) {
    done = true;
    try {
      read(tree);
    } catch (...) {
      thrown = std::current_exception();  // C lies between here and our caller
    }
  }
};
thread_local TreeReader* reader = nullptr;

constexpr std::size_t kMostMessage = 150;  // characters

}  // namespace

// libpg_query makes a tree, writes it as bytes, and hands over these, from which the same tree has
// to be made again: two thirds of the time that a parse takes. Where it is linked statically, the
// linker's --wrap leads the two calls that write the bytes here (CMakeLists.txt), and the tree is
// read where it stands. Where it is not, nothing comes here, and read_tree() unpacks the bytes.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): the linker's names.
extern "C" {
std::size_t __real_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* tree);
std::size_t __real_pg_query__parse_result__pack(const PgQuery__ParseResult* tree,
                                                std::uint8_t* bytes);
std::size_t __wrap_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* tree);
std::size_t __wrap_pg_query__parse_result__pack(const PgQuery__ParseResult* tree,
                                                std::uint8_t* bytes);

std::size_t __wrap_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* tree) {
  return reader != nullptr ? 0 : __real_pg_query__parse_result__get_packed_size(tree);
}

std::size_t __wrap_pg_query__parse_result__pack(const PgQuery__ParseResult* tree,
                                                std::uint8_t* bytes) {
  if (reader == nullptr) return __real_pg_query__parse_result__pack(tree, bytes);
  TreeReader& mine = *std::exchange(reader, nullptr);
  mine.run(*tree);
  return 0;
}
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

PgTokens unpack(const PgScan& scan) {
  return PgTokens(pg_query__scan_result__unpack(nullptr, scan->pbuf.len, bytes(scan->pbuf)));
}

PgTree unpack(const PgParse& parse) {
  const PgQueryProtobuf& tree = parse->parse_tree;
  return PgTree(pg_query__parse_result__unpack(nullptr, tree.len, bytes(tree)));
}

std::optional<SqlFault> read_tree(std::string_view script,
                                  const std::function<void(const PgQuery__ParseResult&)>& read) {
  TreeReader mine{read};
  reader = &mine;
  const PgParse parse(pg_query_parse_protobuf(std::string(script).c_str()));
  reader = nullptr;
  if (mine.thrown) std::rethrow_exception(mine.thrown);
  if (parse->error != nullptr) return parser_fault(*parse->error, script, 0).value();
  if (!mine.done) read(*unpack(parse));
  return std::nullopt;
}

const ProtobufCMessage* held(const PgQuery__Node* node) {
  if (node == nullptr || node->node_case == PG_QUERY__NODE__NODE__NOT_SET) return nullptr;
  const auto* field = protobuf_c_message_descriptor_get_field(
      &pg_query__node__descriptor, static_cast<unsigned>(node->node_case));
  if (field == nullptr || field->type != PROTOBUF_C_TYPE_MESSAGE) return nullptr;
  return field_at<const ProtobufCMessage*>(node->base, field->offset);
}

void for_each_child(const ProtobufCMessage& message,
                    const std::function<void(const ProtobufCMessage&)>& visit) {
  const ProtobufCMessageDescriptor& type = *message.descriptor;
  for (unsigned i = 0; i < type.n_fields; ++i) {
    const ProtobufCFieldDescriptor& field = type.fields[i];
    if (field.type != PROTOBUF_C_TYPE_MESSAGE) continue;
    if (field.label == PROTOBUF_C_LABEL_REPEATED) {
      const auto count = field_at<std::size_t>(message, field.quantifier_offset);
      auto* const* items = field_at<ProtobufCMessage* const*>(message, field.offset);
      for (std::size_t k = 0; k < count; ++k) {
        if (const auto* child = looked_through(items[k])) visit(*child);
      }
      continue;
    }
    // Every "one of" is a PgQuery__Node, save A_Const's value, whose alternatives share one place.
    if ((field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
        field_at<std::uint32_t>(message, field.quantifier_offset) != field.id) {
      continue;
    }
    const auto* child = looked_through(field_at<const ProtobufCMessage*>(message, field.offset));
    if (child != nullptr) visit(*child);
  }
}

bool is_comment(const PgQuery__ScanToken& token) {
  return token.token == PG_QUERY__TOKEN__SQL_COMMENT || token.token == PG_QUERY__TOKEN__C_COMMENT;
}

std::size_t place(std::int32_t location) {
  return static_cast<std::size_t>(std::max(location, 0));
}

tl::unexpected<SqlFault> parser_fault(const PgQueryError& error, std::string_view text,
                                      std::size_t prefix) {
  const auto position = place(error.cursorpos);
  const std::size_t characters = position > prefix ? position - prefix - 1 : 0;
  const std::size_t offset = utf8_offset(text, characters);
  const std::string_view message = error.message;
  if (message.starts_with("memory exhausted")) return fault("it is nested too deeply", offset);
  if (offset == text.size() && message.starts_with("syntax error")) {
    return fault("it ends too early: something is missing", offset);
  }
  // It ends in the word in quotes, and garbage may be one word of a million letters.
  std::string told(message.substr(0, utf8_offset(message, kMostMessage)));
  if (told.size() < message.size()) told += "…\"";
  if (!message.starts_with("syntax error")) return fault(std::move(told), offset);
  // What a later PostgreSQL takes may be an error here: say whose word this is.
  return fault(told + ", in the grammar of PostgreSQL " PG_MAJORVERSION, offset);
}

}  // namespace zdm::planner
