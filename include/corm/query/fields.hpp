// Columns that users may name: conditions and orders from what they typed.
#pragma once

#include <corm/query/column.hpp>
#include <corm/query/record_column.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace corm::query {

/// What a user may compare a field by, by the words that stand in URLs.
enum class FieldTest : std::uint8_t {
    equal,         ///< eq
    not_equal,     ///< ne
    less,          ///< lt
    less_equal,    ///< le
    greater,       ///< gt
    greater_equal, ///< ge
    contains,      ///< contains: text, literally, ignoring case
    starts_with,   ///< starts: the same
    is_null,       ///< null: the value says true or false
};
/// Throws `ConversionError`, with the words that there are, for another one.
[[nodiscard]] FieldTest field_test(std::string_view word);

/// The columns by which users may filter and sort, under names that are the program's own: whatever is typed, nothing
/// else can be reached, and nothing of it becomes text of a statement.
///
/// ```cpp
/// const corm::Fields fields = corm::Fields{}.allow("name", col<&User::name>).allow("age", col<&User::age>);
/// query.where(fields.condition("age", corm::field_test("ge"), "18")).order_by(fields.order("-age,name"));
/// ```
///
/// A value; safe to share between threads once it is made. Everything that it throws for what was typed is a
/// `ConversionError`, whose text may be shown to the user.
class Fields {
public:
    template <class T>
    Fields& allow(std::string name, const Column<T>& column) & {
        return add(std::move(name), column.place());
    }
    template <class T>
    [[nodiscard]] Fields allow(std::string name, const Column<T>& column) && {
        return std::move(allow(std::move(name), column));
    }
    /// Of a table that is mapped at run time, whose mapper has to live as long.
    Fields& allow(std::string name, const RecordColumn& column) & { return add(std::move(name), column.place()); }
    [[nodiscard]] Fields allow(std::string name, const RecordColumn& column) && {
        return std::move(allow(std::move(name), column));
    }

    /// `value` is as PostgreSQL writes it: "41", "2024-02-29", "true". Throws for a field that there is not, for a
    /// value that is none of its column, and for a search in what is no text.
    [[nodiscard]] Condition condition(std::string_view field, FieldTest test, std::string_view value) const;
    /// "name", "-age" for descending, several with commas between; empty for none. Throws for a field that there is
    /// not, and for one that is named twice.
    [[nodiscard]] std::vector<Ordering> order(std::string_view text) const;

private:
    Fields& add(std::string name, detail::Place place);
    [[nodiscard]] const detail::Place& find(std::string_view field) const;

    std::map<std::string, detail::Place, std::less<>> places_;
};

} // namespace corm::query

namespace corm {
using query::field_test;
using query::Fields;
using query::FieldTest;
} // namespace corm
