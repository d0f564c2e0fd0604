// Tables mapped by hand at run time.
#pragma once

#include <corm/mapping/unique.hpp>
#include <corm/mapping/value_block.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::mapping {

/// A row of a table that was mapped at run time: values by column name, the same life as a struct's. Holds its mapper
/// alive. Copyable; not thread-safe. A wrong name or type throws `MappingError`, with the nearest name.
class Record {
public:
    /// Holds nothing; only to be assigned to.
    Record() noexcept = default;
    /// Default-constructed values.
    explicit Record(std::shared_ptr<const Mapper> mapper) : mapper_(std::move(mapper)), values_(*mapper_) {}
    Record(const Record&) = default;
    Record(Record&&) noexcept = default;
    /// The old values end before the mapper that describes them.
    Record& operator=(Record other) noexcept {
        std::swap(values_, other.values_);
        std::swap(mapper_, other.mapper_);
        return *this;
    }
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

private:
    friend struct RecordObject;
    [[nodiscard]] const Column& checked(std::string_view column, const types::ValueType& type) const;

    std::shared_ptr<const Mapper> mapper_;
    ValueBlock values_;
};

/// Defines a mapper for `Record`:
///
/// ```cpp
/// auto tags =
/// corm::define("tags").column<std::int64_t>("id").column<std::string>("label").primary_key({"id"}).build();
/// ```
class RecordDefinition {
public:
    explicit RecordDefinition(std::string table, std::string schema = {});

    template <types::ColumnValue T>
    RecordDefinition& column(std::string name) {
        return column(std::move(name), types::value_type<T>);
    }
    RecordDefinition& column(std::string name, const types::ValueType& type);
    RecordDefinition& primary_key(std::vector<std::string> columns, bool assigned = false);
    /// See `Table::version`.
    RecordDefinition& version(std::string_view column, bool assigned = false);
    RecordDefinition& unique(std::string_view column) { return unique({column}); }
    RecordDefinition& unique(std::initializer_list<std::string_view> columns);
    RecordDefinition& unique(std::initializer_list<std::string_view> columns, Deferrable);
    /// `T` is the type that the last column was defined with.
    template <types::ColumnValue T>
    RecordDefinition& unique(std::initializer_list<std::string_view> columns, const Temporary<T>& temporary) {
        return unique(columns, types::value_type<T>, std::make_shared<const T>(temporary.value));
    }
    /// See `Table::confirm_rows`.
    RecordDefinition& confirm_rows(bool confirmed);
    /// See `Table::bulk_copy`.
    RecordDefinition& bulk_copy(std::size_t min_rows = default_bulk_copy_rows);
    /// See `Table::sequence`.
    RecordDefinition& sequence(std::string_view column, std::string name, std::string schema = {});
    RecordDefinition& generated(std::string_view column);
    RecordDefinition& server_default(std::string_view column);
    RecordDefinition& server_onupdate(std::string_view column);
    /// See `Table::references`: the mapper of a struct.
    RecordDefinition& references(TargetMapper target);
    /// Throws `MappingError` if the definition is not consistent. The definition is used up.
    [[nodiscard]] std::shared_ptr<const Mapper> build();

private:
    RecordDefinition& unique(std::initializer_list<std::string_view> columns, const types::ValueType& type,
                             std::shared_ptr<const void> temporary);

    MapperBuilder builder_;
};

[[nodiscard]] RecordDefinition define(std::string table, std::string schema = {});

/// The record's mapper. Throws `MappingError` for a record that holds nothing.
[[nodiscard]] const std::shared_ptr<const Mapper>& mapper_of_record(const Record& record);

/// The column with this name, checked against the type it was defined with; `MappingError` names the nearest column.
[[nodiscard]] const Column& column_by_name(const Mapper& mapper, std::string_view name);

} // namespace corm::mapping
