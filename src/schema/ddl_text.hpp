// Pieces of DDL.
#pragma once

#include <corm/schema/model.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace corm::schema::ddl {

[[nodiscard]] std::string quote(std::string_view name);
[[nodiscard]] std::string quote(const QualifiedName& name);
template <class Object>
[[nodiscard]] std::string quoted_name(const Object& object) {
    return quote(QualifiedName{object.schema, object.name});
}

/// For messages: `app.users`.
[[nodiscard]] std::string plain(const QualifiedName& name);
template <class Object>
[[nodiscard]] std::string plain_name(const Object& object) {
    return plain(QualifiedName{object.schema, object.name});
}

/// As a constant of SQL, whatever `standard_conforming_strings` is. Throws `MappingError` unless it is UTF-8 without
/// NUL.
[[nodiscard]] std::string literal(std::string_view text);
/// In parentheses, unless these are around all of it already.
[[nodiscard]] std::string in_parentheses(std::string_view expression);
/// `("a", "b")`. `last` stands in front of the last one, `last_behind` behind it.
[[nodiscard]] std::string column_list(const std::vector<std::string>& columns, std::string_view last = {},
                                      std::string_view last_behind = {});
/// `("fillfactor"='70')` of `fillfactor=70`.
[[nodiscard]] std::string parameters(const std::vector<std::string>& options);
[[nodiscard]] std::string type_text(const TypeUse& type);
/// ` COLLATE "C"`; nothing without one.
[[nodiscard]] std::string collate(const QualifiedName& collation);
/// `INCREMENT BY 2 CACHE 5`: what differs from what PostgreSQL takes for such a sequence. Does not tell the type.
[[nodiscard]] std::string sequence_clauses(const SequenceOptions& options, std::string_view type);

/// `("a", "b")` on a line if that is short, otherwise each on its own.
[[nodiscard]] std::string lines(const std::vector<std::string>& items);

} // namespace corm::schema::ddl
