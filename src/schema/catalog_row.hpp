// One row of a catalogue query, read from left to right.
#pragma once

#include <corm/schema/column.hpp>
#include <corm/type/types.hpp>

#include <string>

namespace corm::schema {

/// Refers to the rows, which must outlive it.
class CatalogRow {
public:
    CatalogRow(const types::Rows& rows, int row) noexcept : rows_(rows), row_(row) {}

    /// The next columns, in their order. NULL is the value of `T{}`. Throws `ConversionError`.
    template <class... Targets>
    CatalogRow& read(Targets&... targets) {
        (take(targets), ...);
        return *this;
    }

private:
    [[nodiscard]] types::FieldView next() noexcept { return rows_.field(row_, column_++); }

    template <class T>
    void take(T& target) {
        const types::FieldView field = next();
        target = T{};
        if (!field.is_null())
            types::Codec<T>::decode(field, target);
    }
    /// Of the type "char", whose zero byte means the same as NULL.
    void take(char& target) noexcept {
        const std::string_view bytes = next().bytes();
        target = bytes.empty() ? '\0' : bytes.front();
    }
    void take(QualifiedName& target) { read(target.schema, target.name); }

    const types::Rows& rows_;
    int row_;
    int column_ = 0;
};

} // namespace corm::schema
