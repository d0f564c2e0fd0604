#include <corm/mapping/record.hpp>

#include <corm/base/error.hpp>
#include <corm/mapping/given.hpp>

#include <algorithm>
#include <cctype>
#include <new>
#include <numeric>

namespace corm::mapping {

struct RecordObject {
    // The mapper owns no record, so a record that holds its mapper is no cycle.
    static void construct(void* at, const Mapper& mapper) { ::new (at) Record(mapper.shared_from_this()); }
    static void move_construct(void* at, void* from) { ::new (at) Record(std::move(*static_cast<Record*>(from))); }
    static void destroy(void* at) noexcept { static_cast<Record*>(at)->~Record(); }
    static void* values(void* object) noexcept { return static_cast<Record*>(object)->values_.data(); }
    static constexpr ObjectType type{sizeof(Record), alignof(Record), &construct, &move_construct, &destroy, &values};
};

namespace {

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t above = row[j + 1];
            row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (left[i] == right[j] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

} // namespace

const Column& column_by_name(const Mapper& mapper, std::string_view name) {
    if (const int index = mapper.find_column(name); index >= 0)
        return mapper.column(static_cast<std::size_t>(index));
    const auto columns = mapper.columns();
    const auto nearest = std::min_element(columns.begin(), columns.end(), [name](const Column& a, const Column& b) {
        return edit_distance(a.name, name) < edit_distance(b.name, name);
    });
    throw MappingError(mapper.entity() + " has no column \"" + std::string{name} + "\"" +
                       (nearest == columns.end() ? std::string{} : "; the nearest is \"" + nearest->name + "\""));
}

const std::shared_ptr<const Mapper>& mapper_of_record(const Record& record) {
    if (record.mapper() == nullptr)
        throw MappingError("a default-constructed Record has no columns; construct it with its mapper");
    return record.mapper();
}

const Column& Record::checked(std::string_view column, const types::ValueType& type) const {
    const Mapper& mapper = *mapper_of_record(*this);
    const Column& found = column_by_name(mapper, column);
    if (found.type != &type)
        throw MappingError(mapper.entity() + "." + found.name + " is defined as " +
                           std::string{found.type->sql_type()} + (found.type->nullable ? " (optional)" : "") +
                           " and was asked for as " + std::string{type.sql_type()} +
                           (type.nullable ? " (optional)" : "") + "; use the type of its definition");
    return found;
}

RecordDefinition::RecordDefinition(std::string table, std::string schema)
    : builder_(table, std::move(schema), table, RecordObject::type, typeid(Record)) {}

RecordDefinition& RecordDefinition::column(std::string name, const types::ValueType& type) {
    builder_.add_column(name, name, type, 0);
    return *this;
}

RecordDefinition& RecordDefinition::primary_key(std::vector<std::string> columns, bool assigned) {
    for (const std::string& name : columns)
        builder_.add_to_key(name, assigned);
    return *this;
}

RecordDefinition& RecordDefinition::version(std::string_view column, bool assigned) {
    builder_.set_version(column, assigned);
    return *this;
}

RecordDefinition& RecordDefinition::unique(std::initializer_list<std::string_view> columns) {
    builder_.set_unique(columns);
    return *this;
}

RecordDefinition& RecordDefinition::unique(std::initializer_list<std::string_view> columns, Deferrable) {
    builder_.set_unique(columns, true);
    return *this;
}

RecordDefinition& RecordDefinition::unique(std::initializer_list<std::string_view> columns,
                                           const types::ValueType& type, std::shared_ptr<const void> temporary) {
    builder_.set_unique(columns, false, std::move(temporary), &type);
    return *this;
}

RecordDefinition& RecordDefinition::confirm_rows(bool confirmed) {
    builder_.set_confirm_rows(confirmed);
    return *this;
}

RecordDefinition& RecordDefinition::bulk_copy(std::size_t min_rows) {
    builder_.set_bulk_copy(min_rows);
    return *this;
}

RecordDefinition& RecordDefinition::sequence(std::string_view column, std::string name, std::string schema) {
    builder_.set_sequence(column, std::move(name), std::move(schema));
    return *this;
}

RecordDefinition& RecordDefinition::generated(std::string_view column) {
    builder_.set_generated(column);
    return *this;
}

RecordDefinition& RecordDefinition::server_default(std::string_view column) {
    builder_.set_server_default(column);
    return *this;
}

RecordDefinition& RecordDefinition::server_onupdate(std::string_view column) {
    builder_.set_server_onupdate(column);
    return *this;
}

RecordDefinition& RecordDefinition::references(TargetMapper target) {
    builder_.add_reference(target);
    return *this;
}

std::shared_ptr<const Mapper> RecordDefinition::build() {
    builder_.pack_as_object();
    return builder_.finish();
}

RecordDefinition define(std::string table, std::string schema) {
    return RecordDefinition{std::move(table), std::move(schema)};
}

namespace detail {

std::uint64_t given_names(const Mapper& mapper, std::span<const std::string_view> names) {
    std::uint64_t bits = 0;
    for (const std::string_view name : names) {
        const Column& column = column_by_name(mapper, name);
        bits |= mapper.given_bit(static_cast<std::size_t>(&column - mapper.columns().data()));
    }
    return bits;
}

std::string entity_name(std::string_view function) {
    // g++: "... [with T = app::User; std::string = ...]", clang: "... [T = app::User]".
    const std::size_t start = function.find("T = ") + 4;
    std::string_view name = function.substr(start, function.find_first_of(";]", start) - start);
    if (const std::size_t scope = name.rfind("::"); scope != std::string_view::npos)
        name.remove_prefix(scope + 2);
    return std::string{name};
}

std::string snake_case(std::string_view name) {
    const auto is_upper = [name](std::size_t i) {
        return i < name.size() && std::isupper(static_cast<unsigned char>(name[i])) != 0;
    };
    const auto is_lower = [name](std::size_t i) {
        return i < name.size() && std::islower(static_cast<unsigned char>(name[i])) != 0;
    };
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        // A run of capitals is one word, but for the last of them if a word begins there: HTTPServer is http_server.
        const bool begins_word = is_upper(i) && (!is_upper(i - 1) || is_lower(i + 1));
        if (begins_word && !out.empty() && out.back() != '_')
            out += '_';
        out += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    }
    return out;
}

} // namespace detail

} // namespace corm::mapping
