#include <corm/mapping/mapper.hpp>

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/oid.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>

namespace corm::mapping {

/// A list that only grows, so that looking through it takes no lock.
struct Mapper::Extensions {
    using Make = MapperExtension* (*)(const Mapper&);
    struct Entry {
        Make make;
        std::unique_ptr<MapperExtension> extension;
        std::unique_ptr<Entry> next;
    };

    [[nodiscard]] const MapperExtension* find(Make make) const noexcept {
        for (const Entry* entry = first.load(std::memory_order_acquire); entry != nullptr; entry = entry->next.get()) {
            if (entry->make == make)
                return entry->extension.get();
        }
        return nullptr;
    }

    std::mutex mutex; ///< held by who adds one
    std::unique_ptr<Entry> entries;
    std::atomic<const Entry*> first = nullptr;
};

Mapper::Mapper() : type_(typeid(void)), extensions_(std::make_unique<Extensions>()) {}
Mapper::~Mapper() = default;

int Mapper::find_column(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].name == name)
            return static_cast<int>(i);
    }
    return -1;
}

int Mapper::find_member(std::string_view member) const noexcept {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].member == member)
            return static_cast<int>(i);
    }
    return -1;
}

std::uint64_t Mapper::given_bit(std::size_t column) const {
    const int number = columns_[column].server_default;
    if (number < 0)
        throw MappingError(entity_ + "." + columns_[column].member +
                           " is written by every insert; corm::given is for columns marked .server_default<...>()");
    return std::uint64_t{1} << number;
}

void Mapper::find_inserted(std::uint64_t given, bool leaves_key, std::vector<std::uint16_t>& columns) const {
    columns.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const bool left_key = leaves_key && static_cast<int>(i) == generated_key_;
        if (!left_key && columns_[i].inserted(given))
            columns.push_back(static_cast<std::uint16_t>(i));
    }
}

bool Mapper::leaves_key(const void* values) const {
    if (generated_key_ < 0)
        return false;
    const Column& key = columns_[static_cast<std::size_t>(generated_key_)];
    const void* value = key.in(values);
    if (key.type->is_null(value))
        return true;
    // The default-constructed integer and UUID are all zero bytes on the wire.
    std::string bytes;
    key.type->encode(value, bytes);
    return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

void Mapper::append_key_part(const Column& column, const void* value, std::string& out) const {
    if (column.type->is_null(value))
        throw MappingError(entity_ + "." + column.member +
                           " is part of the primary key and NULL; give it a value before the object is added");
    if (key_.size() == 1) {
        column.type->encode(value, out);
        return;
    }
    const std::size_t length_at = out.size();
    types::put_int32(out, 0);
    column.type->encode(value, out);
    types::patch_int32(out, length_at, static_cast<std::int32_t>(out.size() - length_at - 4));
}

void Mapper::append_key(const void* values, std::string& out) const {
    for (const std::uint16_t index : key_)
        append_key_part(columns_[index], columns_[index].in(values), out);
}

void Mapper::append_packed_key(const void* packed, std::string& out) const {
    for (const std::uint16_t index : key_)
        append_key_part(columns_[index], static_cast<const char*>(packed) + columns_[index].packed, out);
}

void Mapper::split_key(std::string_view key, std::vector<std::string_view>& parts) const {
    if (key_.size() == 1) {
        parts.push_back(key);
        return;
    }
    for (std::size_t i = 0; i < key_.size(); ++i) {
        const auto length = static_cast<std::size_t>(types::get_big_endian<std::int32_t>(key.data()));
        parts.push_back(key.substr(4, length));
        key.remove_prefix(4 + length);
    }
}

std::string Mapper::key_text(std::string_view key) const {
    std::vector<std::string_view> parts;
    split_key(key, parts);
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const types::ValueType& type = *columns_[key_[i]].type;
        struct Value {
            const types::ValueType& type;
            std::unique_ptr<std::byte[]> memory;
            void* at;
            explicit Value(const types::ValueType& t)
                : type(t), memory(new std::byte[t.size + t.align]), at(memory.get()) {
                std::size_t space = t.size + t.align;
                std::align(t.align, t.size, at, space);
                t.construct(at);
            }
            ~Value() { type.destroy(at); }
        } value{type};
        type.decode({parts[i].data(), static_cast<std::int32_t>(parts[i].size()),
                     type.oid != 0 ? type.oid : types::oids::text, type.format},
                    value.at);
        text += i == 0 ? (parts.size() > 1 ? "(" : "") : ", ";
        type.literal(value.at, text);
    }
    if (parts.size() > 1)
        text += ')';
    return text;
}

const MapperExtension& Mapper::extension(MapperExtension* (*make)(const Mapper&)) const {
    Extensions& extensions = *extensions_;
    if (const MapperExtension* known = extensions.find(make))
        return *known;
    // Without the lock: it may need another one of this mapper, or of one that needs this one's. Of two that are made
    // at the same time the first counts.
    std::unique_ptr<MapperExtension> made{make(*this)};
    const std::scoped_lock lock{extensions.mutex};
    if (const MapperExtension* known = extensions.find(make))
        return *known;
    auto added = std::make_unique<Extensions::Entry>();
    added->make = make;
    added->extension = std::move(made);
    added->next = std::move(extensions.entries);
    extensions.entries = std::move(added);
    extensions.first.store(extensions.entries.get(), std::memory_order_release);
    return *extensions.entries->extension;
}

MapperBuilder::MapperBuilder(std::string entity, std::string schema, std::string table, const ObjectType& object,
                             std::type_index type)
    : mapper_(new Mapper) {
    mapper_->entity_ = std::move(entity);
    mapper_->schema_ = std::move(schema);
    mapper_->table_ = std::move(table);
    mapper_->object_ = object;
    mapper_->type_ = type;
    if (mapper_->table_.empty())
        throw MappingError(mapper_->entity_ + ": the mapping names no table; write corm::table<" + mapper_->entity_ +
                           ">(\"...\")");
}

void MapperBuilder::add_column(std::string name, std::string member, const types::ValueType& type, std::size_t offset) {
    Column column;
    column.name = std::move(name);
    column.member = std::move(member);
    column.type = &type;
    column.offset = offset;
    mapper_->by_member_.push_back(static_cast<int>(mapper_->columns_.size()));
    mapper_->columns_.push_back(std::move(column));
}

void MapperBuilder::skip_member() {
    mapper_->by_member_.push_back(-1);
}

void MapperBuilder::add_relation(Relation relation) {
    relation.entity = mapper_->entity_;
    const auto refuse = [&](const char* why) { throw MappingError(mapper_->entity_ + "." + relation.name + why); };
    if (relation.options.delete_orphan && !relation.options.delete_)
        refuse(" is delete_orphan without delete_; give both, as cascade_all_delete_orphan does");
    if (relation.options.delete_orphan && relation.kind == RelationKind::many_to_many)
        refuse(" is many-to-many, where objects have several owners; leave out delete_orphan");
    if (relation.options.delete_orphan && refers(relation.kind))
        refuse(" refers to its object by a foreign key, as others may do; leave out delete_orphan, which is for "
               "one_to_many and one_to_one_inverse");
    mapper_->relations_.push_back(std::move(relation));
}

void MapperBuilder::add_reference(TargetMapper target) {
    mapper_->references_.push_back(target);
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

void MapperBuilder::set_unique(std::initializer_list<std::string_view> members, bool deferrable,
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
