// Putting mappers together.
#include "mapping/mapper_group.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/mapper.hpp>
#include <corm/type/oid.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace corm::mapping {

namespace {

/// A type as it is written, without its length or precision. Blanks and capitals mean nothing outside of quotes.
struct PlainType {
    std::string element{};
    bool array = false; ///< of whatever number of dimensions, which the server does not tell apart
};

PlainType plain_type(std::string_view declared) {
    PlainType plain;
    bool quoted = false;
    bool apart = false;
    int depth = 0;
    for (const char c : declared) {
        if (c == '"')
            quoted = !quoted;
        if (!quoted && (c == '(' || c == '['))
            ++depth;
        plain.array = plain.array || (!quoted && c == '[');
        const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
        if (depth == 0 && (quoted || !blank)) {
            if (apart && !plain.element.empty())
                plain.element += ' ';
            plain.element += quoted || c < 'A' || c > 'Z' ? c : static_cast<char>(c - 'A' + 'a');
            apart = false;
        } else {
            apart = true;
        }
        if (!quoted && (c == ')' || c == ']'))
            --depth;
    }
    if (constexpr std::string_view suffix = " array"; plain.element.ends_with(suffix)) {
        plain.element.resize(plain.element.size() - suffix.size());
        plain.array = true;
    }
    return plain;
}

/// The type without a length or precision. Of those whose name alone stands for a length of 1, another name: a cast to
/// that length cuts values without a word.
std::string cast_type(std::string_view declared) {
    constexpr std::string_view characters[] = {"character", "char", "nchar", "national character", "national char"};
    auto [element, array] = plain_type(declared);
    if (element == "bit")
        element = "pg_catalog.\"bit\"";
    else if (std::find(std::begin(characters), std::end(characters), element) != std::end(characters))
        element = "pg_catalog.bpchar";
    return element + (array ? "[]" : "");
}

} // namespace

MapperBuilder::MapperBuilder(std::string entity, std::string schema, std::string table, const ObjectType& object,
                             std::type_index type)
    : mapper_(new Mapper) { // NOLINT: the constructor is for friends
    mapper_->entity_ = std::move(entity);
    mapper_->schema_ = std::move(schema);
    mapper_->table_ = std::move(table);
    mapper_->object_ = object;
    mapper_->type_ = type;
    if (mapper_->table_.empty())
        throw MappingError(mapper_->entity_ + ": the mapping names no table; write corm::table<" + mapper_->entity_ +
                           ">(\"...\")");
}

void MapperBuilder::add_column(std::string name, std::string member, const types::ValueType& type, std::size_t offset,
                               std::string sql_type) {
    Column column;
    column.name = std::move(name);
    column.member = std::move(member);
    column.type = &type;
    column.offset = offset;
    column.declared = std::move(sql_type);
    column.cast = cast_type(column.declared);
    mapper_->by_member_.push_back(static_cast<int>(mapper_->columns_.size()));
    mapper_->columns_.push_back(std::move(column));
}

void MapperBuilder::skip_member() {
    mapper_->by_member_.push_back(-1);
}

void MapperBuilder::add_relation(Mapper& mapper, Relation relation) {
    relation.entity = mapper.entity_;
    const auto refuse = [&](const char* why) { throw MappingError(mapper.entity_ + "." + relation.name + why); };
    if (relation.options.delete_orphan && !relation.options.delete_)
        refuse(" is delete_orphan without delete_; give both, as cascade_all_delete_orphan does");
    if (relation.options.delete_orphan && relation.kind == RelationKind::many_to_many)
        refuse(" is many-to-many, where objects have several owners; leave out delete_orphan");
    if (relation.options.delete_orphan && refers(relation.kind))
        refuse(" refers to its object by a foreign key, as others may do; leave out delete_orphan, which is for "
               "one_to_many and one_to_one_inverse");
    mapper.relations_.push_back(std::move(relation));
}

void MapperBuilder::set_order(std::string_view relation, std::vector<RelationOrder> order) {
    std::vector<Relation>& relations = mapper_->relations_;
    const auto found = std::find_if(relations.begin(), relations.end(),
                                    [relation](const Relation& known) { return known.name == relation; });
    if (found == relations.end())
        throw MappingError(mapper_->entity_ + "." + std::string{relation} +
                           " is ordered before it is related; write order_by behind its one_to_many or many_to_many");
    found->order = std::move(order);
}

void MapperBuilder::add_reference(Mapper& mapper, TargetMapper target) {
    mapper.references_.push_back(target);
}

Column& MapperBuilder::by_member(std::string_view member) {
    const int index = mapper_->find_member(member);
    if (index < 0)
        throw MappingError(
            mapper_->entity_ + "." + std::string{member} +
            " is named in the mapping and is no column of it; map a described member that holds a value");
    return mapper_->columns_[static_cast<std::size_t>(index)];
}

void MapperBuilder::rename(std::string_view member, std::string column) {
    by_member(member).name = std::move(column);
}

void MapperBuilder::set_sql_type(std::string_view member, std::string name) {
    Column& column = by_member(member);
    if (name.empty())
        throw MappingError(mapper_->entity_ + "." + column.member +
                           ": the mapping names no type; write its name, or leave sql_type out");
    column.declared = std::move(name);
    column.cast = cast_type(column.declared);
}

void MapperBuilder::add_to_key(std::string_view member, bool assigned) {
    Column& column = by_member(member);
    if (column.key)
        throw MappingError(mapper_->entity_ + "." + column.member + " is named twice in the primary key");
    column.key = true;
    mapper_->key_.push_back(static_cast<std::uint16_t>(&column - mapper_->columns_.data()));
    assigned_key_ = assigned;
}

void MapperBuilder::set_version(std::string_view member, bool assigned) {
    Column& column = by_member(member);
    if (mapper_->version_ >= 0 || (!assigned && !column.type->integer) || column.type->nullable || column.key)
        throw MappingError(mapper_->entity_ + "." + column.member + " cannot be the version column; use one NOT NULL " +
                           (assigned ? "" : "integer ") + "member that is not in the key");
    column.version = true;
    column.counted = !assigned;
    mapper_->version_ = static_cast<int>(&column - mapper_->columns_.data());
}

void MapperBuilder::set_unique(std::span<const std::string_view> members, bool deferrable,
                               std::shared_ptr<const void> temporary, const types::ValueType* type) {
    UniqueSet& set = mapper_->unique_sets_.emplace_back();
    set.deferrable = deferrable;
    set.temporary = std::move(temporary);
    for (const std::string_view member : members) {
        Column& column = by_member(member);
        column.unique = true;
        const auto index = static_cast<std::uint16_t>(&column - mapper_->columns_.data());
        if (std::find(set.columns.begin(), set.columns.end(), index) != set.columns.end())
            throw MappingError(mapper_->entity_ + "." + column.member + " is named twice in unique; name it once");
        set.columns.push_back(index);
    }
    if (set.columns.empty())
        throw MappingError(mapper_->entity_ + ": unique names no column; name those of the constraint");
    const Column& last = mapper_->columns_[set.columns.back()];
    if (type != nullptr && type != last.type)
        throw MappingError(mapper_->entity_ + "." + last.member + " is of type " + std::string{last.type->sql_type()} +
                           (last.type->nullable ? " (optional)" : "") + " and its temporary value of type " +
                           std::string{type->sql_type()} + (type->nullable ? " (optional)" : "") +
                           "; give a value of the last column of unique");
}

// Marks come in any order, so this waits for the end.
void MapperBuilder::check_unique(const UniqueSet& set) const {
    const auto same_columns = [&set](const UniqueSet& other) {
        return std::is_permutation(set.columns.begin(), set.columns.end(), other.columns.begin(), other.columns.end());
    };
    const Column& last = mapper_->columns_[set.columns.back()];
    if (std::count_if(mapper_->unique_sets_.begin(), mapper_->unique_sets_.end(), same_columns) > 1)
        throw MappingError(mapper_->entity_ + ": two unique marks name the same columns, the last of them " +
                           last.member + "; name a constraint once");
    for (const std::uint16_t index : set.columns) {
        if (mapper_->columns_[index].version)
            throw MappingError(mapper_->entity_ + "." + mapper_->columns_[index].member +
                               " is the version, which updates check; leave it out of unique");
    }
    if (!set.temporary)
        return;
    if (last.computed)
        throw MappingError(mapper_->entity_ + "." + last.member +
                           " is computed by the server and cannot take a temporary value; put a column that is written "
                           "last in unique");
    if (last.key && !set.key)
        throw MappingError(mapper_->entity_ + "." + last.member +
                           " is part of the primary key, which a temporary value would move; put a column outside of "
                           "the key last in unique");
    if (last.key && last.type->is_null(set.temporary.get()))
        throw MappingError(mapper_->entity_ + "." + last.member +
                           " is part of the primary key and cannot be NULL for a time; give another temporary value");
}

Column& MapperBuilder::left_to_server(std::string_view member, const char* mark) {
    Column& column = by_member(member);
    if (column.key || column.version)
        throw MappingError(mapper_->entity_ + "." + column.member + " cannot be marked " + mark +
                           ": keys and versions have rules of their own; leave the mark out");
    return column;
}

void MapperBuilder::set_sequence(std::string_view member, std::string name, std::string schema) {
    const Column& column = by_member(member);
    if (name.empty())
        throw MappingError(mapper_->entity_ + "." + column.member +
                           ": the mapping names no sequence; write its name, or leave sequence out");
    sequenced_ = static_cast<int>(&column - mapper_->columns_.data());
    mapper_->sequence_ = std::move(name);
    mapper_->sequence_schema_ = schema.empty() ? mapper_->schema_ : std::move(schema);
}

// The key may be named behind the sequence.
void MapperBuilder::check_sequence() const {
    if (sequenced_ < 0)
        return;
    const Column& column = mapper_->columns_[static_cast<std::size_t>(sequenced_)];
    if (sequenced_ != mapper_->generated_key_ || !column.type->integer)
        throw MappingError(mapper_->entity_ + "." + column.member +
                           " takes no values from a sequence, because it is no integer key that is left to the server; "
                           "name that key, without corm::assigned, or leave sequence out");
}

void MapperBuilder::set_generated(std::string_view member) {
    left_to_server(member, "generated").computed = true;
}

void MapperBuilder::set_server_default(std::string_view member) {
    constexpr int limit = 64; // the bits of Instance::given
    Column& column = left_to_server(member, "server_default");
    if (column.server_default >= 0)
        return;
    if (server_defaults_ == limit)
        throw MappingError(mapper_->entity_ + " has more than 64 columns marked server_default");
    column.server_default = server_defaults_++;
}

void MapperBuilder::set_server_onupdate(std::string_view member) {
    left_to_server(member, "server_onupdate").server_onupdate = true;
}

void MapperBuilder::pack_as_object() {
    for (Column& column : mapper_->columns_)
        column.offset = SIZE_MAX;
}

std::shared_ptr<const Mapper> MapperBuilder::finish() {
    return MapperGroup::of_struct(take());
}

std::unique_ptr<Mapper> MapperBuilder::take() {
    Mapper& mapper = *mapper_;
    if (mapper.key_.empty())
        throw MappingError(mapper.entity_ + ": the mapping has no primary key; add .primary_key<...>()");
    std::size_t at = 0;
    for (std::size_t i = 0; i < mapper.columns_.size(); ++i) {
        Column& column = mapper.columns_[i];
        if (mapper.find_column(column.name) != static_cast<int>(i))
            throw MappingError(mapper.entity_ + ": two members are mapped to column " + column.name);
        const types::ValueType& type = *column.type;
        at = (at + type.align - 1) / type.align * type.align;
        column.packed = at;
        if (column.offset == SIZE_MAX)
            column.offset = at;
        at += type.size;
        if ((column.computed || column.server_default >= 0 || column.server_onupdate) && (column.key || column.version))
            static_cast<void>(left_to_server(column.member, "as the server's"));
        if (mapper.bulk_copy_rows_ != 0 && (column.computed || column.server_default >= 0))
            throw MappingError(mapper.entity_ + "." + column.member +
                               " is left to the server, and COPY returns nothing; leave out bulk_copy, or the mark");
        if (mapper.bulk_copy_rows_ != 0 && type.as_text)
            throw MappingError(mapper.entity_ + "." + column.member +
                               " is of a type that corm knows nothing of, and COPY needs to know it; leave out "
                               "bulk_copy");
        if (column.computed || column.server_onupdate)
            mapper.returned_by_update_.push_back(static_cast<std::uint16_t>(i));
        mapper.packed_align_ = std::max(mapper.packed_align_, type.align);
    }
    mapper.packed_size_ = at;
    const auto is_key = [&mapper](const UniqueSet& set) {
        return std::is_permutation(set.columns.begin(), set.columns.end(), mapper.key_.begin(), mapper.key_.end());
    };
    auto key_set = std::find_if(mapper.unique_sets_.begin(), mapper.unique_sets_.end(), is_key);
    if (key_set == mapper.unique_sets_.end())
        key_set = mapper.unique_sets_.insert(key_set, UniqueSet{mapper.key_, false, false, {}});
    key_set->key = true;
    std::rotate(mapper.unique_sets_.begin(), key_set, key_set + 1);
    for (const UniqueSet& set : mapper.unique_sets_)
        check_unique(set);
    if (mapper.key_.size() == 1 && !assigned_key_) {
        Column& key = mapper.columns_[mapper.key_.front()];
        if (key.type->integer || key.type->oid == types::oids::uuid) {
            key.generated = true;
            mapper.generated_key_ = mapper.key_.front();
        }
    }
    check_sequence();
    return std::move(mapper_);
}

} // namespace corm::mapping
