#include <corm/mapping/record.hpp>

#include "mapping/nearest_name.hpp"
#include "mapping/record_object.hpp"
#include "mapping/value.hpp"
#include "type/value.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/given.hpp>

#include <algorithm>
#include <cctype>
#include <new>

namespace corm::mapping {
namespace {

std::string type_text(const types::ValueType& type) {
    return std::string{type.sql_type()} + (type.nullable ? " (optional)" : "");
}

} // namespace

// The mapper owns no record, so a record that holds its mapper is no cycle.
void RecordObject::construct(void* at, const Mapper& mapper) {
    (::new (at) Record(mapper.shared()))->of_object_ = true;
}
void RecordObject::move_construct(void* at, void* from) {
    (::new (at) Record(*static_cast<Record*>(from), Record::Taken{}))->of_object_ = true;
}
void RecordObject::destroy(void* at) noexcept {
    static_cast<Record*>(at)->~Record();
}
void* RecordObject::values(void* object) noexcept {
    return static_cast<Record*>(object)->values_.data();
}
RelationState& RecordObject::relation(void* object, std::size_t index) {
    return *static_cast<RelationState*>(static_cast<Record*>(object)->relations_.at(index));
}

void require_records(const Mapper* mapper, std::string_view what) {
    if (mapper == nullptr)
        throw MappingError(std::string{what} + " needs a mapper; define one by corm::define");
    if (mapper->type() != typeid(Record))
        throw MappingError(std::string{what} + " was given the mapper of the struct " + mapper->entity() +
                           ", whose objects are no records; name the struct as a template argument");
}

const Column& column_by_name(const Mapper& mapper, std::string_view name) {
    if (const int index = mapper.find_column(name); index >= 0)
        return mapper.column(static_cast<std::size_t>(index));
    NearestName nearest{name};
    for (const Column& column : mapper.columns())
        nearest.consider(column.name);
    throw MappingError(mapper.entity() + " has no column \"" + std::string{name} + "\"" + nearest.hint());
}

const Relation& relation_by_name(const Mapper& mapper, std::string_view name) {
    NearestName nearest{name};
    for (const Relation& relation : mapper.relations()) {
        if (relation.name == name)
            return relation;
        nearest.consider(relation.name);
    }
    throw MappingError(mapper.entity() + " has no relation \"" + std::string{name} + "\"" + nearest.hint());
}

const std::shared_ptr<const Mapper>& mapper_of_record(const Record& record) {
    if (record.mapper() == nullptr)
        throw MappingError("a default-constructed Record has no columns; construct it with its mapper");
    return record.mapper();
}

Record::Record(std::shared_ptr<const Mapper> mapper) : mapper_(std::move(mapper)) {
    require_records(mapper_.get(), "a new Record");
    mapper_->require_usable("a new Record");
    values_ = ValueBlock{*mapper_};
    relations_ = RecordRelations{*mapper_};
}

Record::Record(const Record& other) : mapper_(other.mapper_), values_(other.values_), relations_(other.relations_) {}

Record::Record(Record& from, Taken) noexcept
    : mapper_(std::move(from.mapper_)), values_(std::move(from.values_)), relations_(std::move(from.relations_)) {}

Record::Record(Record&& other) noexcept : Record() {
    if (other.of_object_)
        *this = static_cast<const Record&>(other);
    else
        *this = std::move(other);
}

Record& Record::operator=(const Record& other) {
    if (of_object_)
        assign(other);
    else if (this != &other)
        *this = Record{other};
    return *this;
}

Record& Record::operator=(Record&& other) {
    if (of_object_ || other.of_object_) {
        assign(other);
        return *this;
    }
    // The old values end before the mapper that describes them.
    std::swap(relations_, other.relations_);
    std::swap(values_, other.values_);
    std::swap(mapper_, other.mapper_);
    return *this;
}

void Record::assign(const Record& other) {
    if (this == &other)
        return;
    if (!of_object_) {
        Record copy{other};
        *this = std::move(copy);
        return;
    }
    if (mapper_ != other.mapper_)
        throw MappingError(
            "an object of " + mapper_->entity() + " was assigned a Record " +
            (other.mapper_ == nullptr ? std::string{"that holds nothing"} : "of " + other.mapper_->entity()) +
            "; assign one that was constructed with the object's mapper");
    for (const Column& column : mapper_->columns())
        column.type->copy_assign(values_.at(column), other.values_.at(column));
    relations_.assign(other.relations_);
}

const Column& column_of_type(const Mapper& mapper, std::string_view name, const types::ValueType& type) {
    const Column& found = column_by_name(mapper, name);
    if (found.type != &type)
        throw MappingError(mapper.entity() + "." + found.name + " is defined as " + type_text(*found.type) +
                           " and was asked for as " + type_text(type) + "; use the type of its definition");
    return found;
}

const Column& Record::checked(std::string_view column, const types::ValueType& type) const {
    return column_of_type(*mapper_of_record(*this), column, type);
}

std::optional<std::string> Record::text(std::string_view column) const {
    const Column& found = column_by_name(*mapper_of_record(*this), column);
    const void* const value = values_.at(found);
    if (found.type->is_null(value))
        return std::nullopt;
    std::string text;
    found.type->literal(value, text);
    return text;
}

Record& Record::set_text(std::string_view column, std::optional<std::string_view> text) {
    const Mapper& mapper = *mapper_of_record(*this);
    const Column& found = column_by_name(mapper, column);
    types::Value read{*found.type}; // what cannot be read leaves the value as it is
    read_text(mapper, found, text, read.at());
    found.type->copy_assign(values_.at(found), read.at());
    return *this;
}

void require_slot(const Mapper& mapper, const Relation& relation, const RelationSlot& slot) {
    if (relation.slot != &slot)
        throw MappingError(mapper.entity() + "." + relation.name + " leads to " +
                           (is_to_many(relation.kind) ? "many objects of " : "one object of ") +
                           relation.target.get().entity() +
                           (is_to_many(relation.kind) ? "; ask for it by many<T>()" : "; ask for it by one<T>()") +
                           ", with the type that it was defined with: a struct, or corm::Record");
}

std::size_t Record::checked_relation(std::string_view relation, const RelationSlot& slot) const {
    const Mapper& mapper = *mapper_of_record(*this);
    const Relation& found = relation_by_name(mapper, relation);
    require_slot(mapper, found, slot);
    return found.offset;
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
