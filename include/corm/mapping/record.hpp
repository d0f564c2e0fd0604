// Rows of tables that were mapped at run time.
#pragma once

#include <corm/mapping/record_relations.hpp>
#include <corm/mapping/value_block.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corm::mapping {

/// A row of a table that was mapped at run time: values by column name and relations by theirs, the same life as a
/// struct's. Holds its mapper alive. Copyable; not thread-safe. A wrong name or type throws `MappingError`, with the
/// nearest name.
class Record {
public:
    /// Holds nothing; only to be assigned to.
    Record() noexcept = default;
    /// Default-constructed values.
    explicit Record(std::shared_ptr<const Mapper> mapper);
    Record(const Record& other);
    /// The record of a session's object is copied, and stays as it is; where there is no memory for that, the program
    /// ends.
    Record(Record&& other) noexcept;
    /// Throw `MappingError` where the record of an object would become one of another table.
    Record& operator=(const Record& other);
    Record& operator=(Record&& other);
    ~Record() = default;

    [[nodiscard]] const std::shared_ptr<const Mapper>& mapper() const noexcept { return mapper_; }

    /// The value of a column; `T` is the type that the column was defined with. Valid while the record lives.
    template <types::ColumnValue T>
    [[nodiscard]] const T& get(std::string_view column) const {
        return *static_cast<const T*>(values_.at(checked(column, types::value_type<T>)));
    }
    template <types::ColumnValue T>
    Record& set(std::string_view column, T value) {
        *static_cast<T*>(values_.at(checked(column, types::value_type<T>))) = std::move(value);
        return *this;
    }

    /// The value of a column of any type in PostgreSQL's text form; nothing for NULL.
    [[nodiscard]] std::optional<std::string> text(std::string_view column) const;
    /// Throws `ConversionError`, with table and column, for a text that is no value of the column; it stays as it is.
    Record& set_text(std::string_view column, std::optional<std::string_view> text);

    /// A relation to many objects, or to one: `T` is the struct that it was defined with, or `Record`. Valid while the
    /// record lives.
    template <class T = Record>
    [[nodiscard]] const Many<T>& many(std::string_view relation) const {
        return *static_cast<const Many<T>*>(relations_.at(checked_relation(relation, relation_slot<Many<T>>)));
    }
    template <class T = Record>
    [[nodiscard]] Many<T>& many(std::string_view relation) {
        return *static_cast<Many<T>*>(relations_.at(checked_relation(relation, relation_slot<Many<T>>)));
    }
    template <class T = Record>
    [[nodiscard]] const One<T>& one(std::string_view relation) const {
        return *static_cast<const One<T>*>(relations_.at(checked_relation(relation, relation_slot<One<T>>)));
    }
    template <class T = Record>
    [[nodiscard]] One<T>& one(std::string_view relation) {
        return *static_cast<One<T>*>(relations_.at(checked_relation(relation, relation_slot<One<T>>)));
    }

private:
    friend struct RecordObject;
    struct Taken {};
    Record(Record& from, Taken) noexcept;
    [[nodiscard]] const Column& checked(std::string_view column, const types::ValueType& type) const;
    [[nodiscard]] std::size_t checked_relation(std::string_view relation, const RelationSlot& slot) const;
    void assign(const Record& other);

    std::shared_ptr<const Mapper> mapper_;
    ValueBlock values_;
    RecordRelations relations_;
    bool of_object_ = false; // relations are bound to the object, and others hold addresses of its values
};

/// The record's mapper. Throws `MappingError` for a record that holds nothing.
[[nodiscard]] const std::shared_ptr<const Mapper>& mapper_of_record(const Record& record);

/// The column with this name, if it was defined with this type; throws `MappingError` otherwise.
[[nodiscard]] const Column& column_of_type(const Mapper& mapper, std::string_view name, const types::ValueType& type);
/// Throws `MappingError` if the relation of a record was defined with another type.
void require_slot(const Mapper& mapper, const Relation& relation, const RelationSlot& slot);
/// The column with this name; `MappingError` names the nearest column.
[[nodiscard]] const Column& column_by_name(const Mapper& mapper, std::string_view name);
/// The relation with this name; `MappingError` names the nearest one.
[[nodiscard]] const Relation& relation_by_name(const Mapper& mapper, std::string_view name);

} // namespace corm::mapping
