#include "sql/pg_tree.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sql/text.hpp"

namespace zdm::planner {

namespace {

// protobuf-c describes a message by the offsets of its fields.
template <class T>
T field_at(const ProtobufCMessage& message, unsigned offset) {
  T value{};
  std::memcpy(&value, reinterpret_cast<const std::byte*>(&message) + offset, sizeof value);
  return value;
}

const ProtobufCMessage* looked_through(const ProtobufCMessage* message) {
  if (message == nullptr || message->descriptor != &pg_query__node__descriptor) return message;
  return held(reinterpret_cast<const PgQuery__Node*>(message));
}

const std::uint8_t* bytes(const PgQueryProtobuf& buffer) {
  return reinterpret_cast<const std::uint8_t*>(buffer.data);
}

}  // namespace

PgTokens unpack(const PgScan& scan) {
  return PgTokens(pg_query__scan_result__unpack(nullptr, scan->pbuf.len, bytes(scan->pbuf)));
}

PgTree unpack(const PgParse& parse) {
  const PgQueryProtobuf& tree = parse->parse_tree;
  return PgTree(pg_query__parse_result__unpack(nullptr, tree.len, bytes(tree)));
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
  if (!message.starts_with("syntax error")) return fault(std::string(message), offset);
  // What a later PostgreSQL takes may be an error here: say whose word this is.
  return fault(std::string(message) + ", in the grammar of PostgreSQL " PG_MAJORVERSION, offset);
}

}  // namespace zdm::planner
