// The run-time description of a mapped table: what the compiled core works on.
#pragma once

#include <corm/mapping/relation_descriptor.hpp>
#include <corm/mapping/unique.hpp>
#include <corm/type/codec.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

namespace corm::mapping {

class Mapper;

/// One column and the member that holds it.
struct Column {
    std::string name;                       ///< in the table, unquoted
    std::string member;                     ///< in the struct; the column's name for records
    const types::ValueType* type = nullptr; ///< of the member
    /// What the server calls its type, if that is not what the member's type says; see `sql_type`.
    std::string declared{};
    std::size_t offset = 0; ///< of the member from the start of the values
    std::size_t packed = 0; ///< the same inside a `ValueBlock`
    bool key = false;
    bool version = false; ///< checked by updates and deletes
    bool counted = false; ///< a version that updates count up themselves
    bool unique = false;  ///< of one of the unique sets that the mapping names
    /// A key that the server generates when the member still holds its default-constructed value.
    bool generated = false;
    bool computed = false;        ///< by the server, always: never written, always returned
    bool server_onupdate = false; ///< changed by the server with every update, which returns it
    /// Number among the columns that inserts leave to the server unless they are given, or -1.
    int server_default = -1;

    /// True if inserts write it, of an object whose given columns are `given` (see `Instance::given`).
    [[nodiscard]] bool inserted(std::uint64_t given) const noexcept {
        return !computed && (server_default < 0 || (given >> server_default & 1) != 0);
    }
    /// Of `declared`, for casts: without a length or precision, to which a cast would cut silently.
    std::string cast{};
    /// Quoted, and with its schema, where that is needed.
    [[nodiscard]] std::string_view sql_type() const { return declared.empty() ? type->sql_type() : declared; }
    [[nodiscard]] std::string_view cast_type() const { return cast.empty() ? type->sql_type() : cast; }
    /// True if a parameter of this type is cast to the column's where it stands beside it: what travels as text would
    /// be taken for text, and beside a composite for an anonymous record, which has no input.
    [[nodiscard]] bool casts(const types::ValueType& value) const noexcept;
    [[nodiscard]] void* in(void* values) const noexcept { return static_cast<char*>(values) + offset; }
    [[nodiscard]] const void* in(const void* values) const noexcept {
        return static_cast<const char*>(values) + offset;
    }
};

/// How objects of the mapped type are made and reached.
struct ObjectType {
    std::size_t size = 0;
    std::size_t align = 0;
    void (*construct)(void* at, const Mapper& mapper) = nullptr;
    void (*move_construct)(void* at, void* from) = nullptr;
    void (*destroy)(void* at) noexcept = nullptr;
    /// From the object to the start of its values: the object itself for a struct, the block of a record.
    void* (*values)(void* object) noexcept = nullptr;
};

/// Statement texts and the like that an upper layer derives from a mapper and keeps beside it.
class MapperExtension {
public:
    virtual ~MapperExtension() = default;
};

/// Rows from which on COPY is faster, on a server near by (docs/decisions.md).
inline constexpr std::size_t default_bulk_copy_rows = 2000;

class MapperGroup;

/// Immutable after it was built, shared by every session, safe to read from any thread.
class Mapper {
public:
    /// Keeps it alive, with the mappers that it refers to.
    [[nodiscard]] std::shared_ptr<const Mapper> shared() const;
    /// True of a mapper of records that was taken out of its registry: its objects stay readable, and no session does
    /// anything with it any more.
    [[nodiscard]] bool disposed() const noexcept;
    /// Throws `MappingError` if it was disposed of. `what`: what it is wanted for.
    void require_usable(std::string_view what) const {
        if (disposed()) [[unlikely]]
            throw_disposed(what);
    }
    /// Ends when nothing new is done with it any more: statements that were prepared for it may go. Empty for structs,
    /// whose mappers live as long as the program.
    [[nodiscard]] std::weak_ptr<const void> lifetime() const noexcept;
    [[nodiscard]] const std::string& entity() const noexcept { return entity_; }
    [[nodiscard]] const std::string& schema() const noexcept { return schema_; }
    [[nodiscard]] const std::string& table() const noexcept { return table_; }
    // Spans of pointer and size: that constructor compiles faster than the one that takes ranges.
    [[nodiscard]] std::span<const Column> columns() const noexcept { return {columns_.data(), columns_.size()}; }
    [[nodiscard]] const Column& column(std::size_t index) const noexcept { return columns_[index]; }
    /// Indices of the key columns, in the order of the key.
    [[nodiscard]] std::span<const std::uint16_t> key_columns() const noexcept { return {key_.data(), key_.size()}; }
    /// What no two rows may have in common: the primary key, and behind it what the mapping calls unique.
    [[nodiscard]] std::span<const UniqueSet> unique_sets() const noexcept {
        return {unique_sets_.data(), unique_sets_.size()};
    }
    /// False if a row that a statement of a flush does not hit is no error (see `Table::confirm_rows`).
    [[nodiscard]] bool confirms_rows() const noexcept { return confirms_rows_; }
    /// Inserts of one shape from which on a flush uses COPY (see `Table::bulk_copy`); 0: never.
    [[nodiscard]] std::size_t bulk_copy_rows() const noexcept { return bulk_copy_rows_; }
    /// The sequence that the mapping names for the generated key; empty: the one that its column owns.
    [[nodiscard]] const std::string& sequence() const noexcept { return sequence_; }
    /// Its schema; empty: the server's search_path decides.
    [[nodiscard]] const std::string& sequence_schema() const noexcept { return sequence_schema_; }
    /// Index of the version column, or -1.
    [[nodiscard]] int version_column() const noexcept { return version_; }
    [[nodiscard]] std::span<const Relation> relations() const noexcept {
        return {relations_.data(), relations_.size()};
    }
    /// Tables that this one refers to without a relation member.
    [[nodiscard]] std::span<const TargetMapper> references() const noexcept {
        return {references_.data(), references_.size()};
    }
    [[nodiscard]] const ObjectType& object() const noexcept { return object_; }
    [[nodiscard]] std::size_t packed_size() const noexcept { return packed_size_; }
    [[nodiscard]] std::size_t packed_align() const noexcept { return packed_align_; }
    [[nodiscard]] std::type_index type() const noexcept { return type_; }

    /// Index of the column with this name, or -1.
    [[nodiscard]] int find_column(std::string_view name) const noexcept;
    /// Index of the column of the n-th described member; -1 for relations and unmapped members.
    [[nodiscard]] int column_of_member(std::size_t described) const noexcept { return by_member_[described]; }
    /// The same, by the name of the member, as the foreign keys of relations are given.
    [[nodiscard]] int find_member(std::string_view member) const noexcept;
    /// Columns that an update returns.
    [[nodiscard]] std::span<const std::uint16_t> returned_by_update() const noexcept {
        return {returned_by_update_.data(), returned_by_update_.size()};
    }
    /// The bit of `Instance::given` for a column. Throws `MappingError` unless the column is marked `server_default`.
    [[nodiscard]] std::uint64_t given_bit(std::size_t column) const;
    /// Replaces `columns` by the indices of those that an insert writes, ascending. `given` as in `Instance::given`;
    /// `leaves_key`: the key is left to the server.
    void find_inserted(std::uint64_t given, bool leaves_key, std::vector<std::uint16_t>& columns) const;
    /// True if an insert of this object leaves the key to the server: it still holds its default-constructed value.
    [[nodiscard]] bool leaves_key(const void* values) const;
    /// The single key column whose value the server generates, or -1.
    [[nodiscard]] int generated_key() const noexcept { return generated_key_; }

    /// Appends the identity of an object: the encoded key columns, with lengths between them if there are several.
    /// Throws `MappingError` if a part of the key is NULL.
    void append_key(const void* values, std::string& out) const;
    /// The same, from the values of a `ValueBlock`.
    void append_packed_key(const void* packed, std::string& out) const;
    /// The parts of such an identity, for parameters; views into `key`.
    void split_key(std::string_view key, std::vector<std::string_view>& parts) const;
    /// Readable form for messages: `7` or `(7, 2)`.
    [[nodiscard]] std::string key_text(std::string_view key) const;

    /// The extension that `Extension{mapper}` makes, once; thread-safe. It may ask for other extensions.
    template <class Extension>
    [[nodiscard]] const Extension& extension() const {
        return static_cast<const Extension&>(
            extension([](const Mapper& mapper) -> MapperExtension* { return new Extension(mapper); }));
    }

    Mapper(const Mapper&) = delete;
    Mapper& operator=(const Mapper&) = delete;
    ~Mapper();

private:
    friend class MapperBuilder;
    friend class MapperGroup;
    Mapper();
    [[noreturn]] void throw_disposed(std::string_view what) const;
    [[nodiscard]] const MapperExtension& extension(MapperExtension* (*make)(const Mapper&)) const;
    void append_key_part(const Column& column, const void* value, std::string& out) const;

    struct Extensions;

    const MapperGroup* group_ = nullptr;
    std::string entity_;
    std::string schema_;
    std::string table_;
    std::vector<Column> columns_;
    std::vector<std::uint16_t> key_;
    std::vector<int> by_member_;
    std::vector<std::uint16_t> returned_by_update_;
    std::vector<UniqueSet> unique_sets_;
    std::vector<Relation> relations_;
    std::vector<TargetMapper> references_;
    ObjectType object_;
    std::type_index type_;
    std::size_t packed_size_ = 0;
    std::size_t packed_align_ = 1;
    int version_ = -1;
    int generated_key_ = -1;
    bool confirms_rows_ = true;
    std::size_t bulk_copy_rows_ = 0;
    std::string sequence_;
    std::string sequence_schema_;
    std::unique_ptr<Extensions> extensions_;
};

/// Throws `MappingError` for the mapper of a struct, whose objects are no records, and for none. `what`: what it is
/// wanted for.
void require_records(const Mapper* mapper, std::string_view what);

/// Puts a mapper together and checks it; every error is a `MappingError` that names entity and column.
class MapperBuilder {
public:
    MapperBuilder(std::string entity, std::string schema, std::string table, const ObjectType& object,
                  std::type_index type);

    /// Columns come in the order of the members. `offset` counts from the start of the values.
    void add_column(std::string name, std::string member, const types::ValueType& type, std::size_t offset,
                    std::string sql_type = {});
    /// The n-th described member is no column.
    void skip_member();
    void add_relation(Relation relation) { add_relation(*mapper_, std::move(relation)); }
    void add_reference(TargetMapper target) { add_reference(*mapper_, target); }
    /// Of a relation that was added before.
    void set_order(std::string_view relation, std::vector<RelationOrder> order);
    void rename(std::string_view member, std::string column);
    void set_sql_type(std::string_view member, std::string name);
    /// The next member of the key.
    void add_to_key(std::string_view member, bool assigned);
    /// `assigned`: the program counts.
    void set_version(std::string_view member, bool assigned = false);
    /// `temporary` is of the last member's type, which is checked against `type` if that is not null.
    void set_unique(std::span<const std::string_view> members, bool deferrable = false,
                    std::shared_ptr<const void> temporary = {}, const types::ValueType* type = nullptr);
    void set_unique(std::initializer_list<std::string_view> members, bool deferrable = false,
                    std::shared_ptr<const void> temporary = {}) {
        set_unique(std::span{members.begin(), members.size()}, deferrable, std::move(temporary));
    }
    void set_confirm_rows(bool confirmed) { mapper_->confirms_rows_ = confirmed; }
    void set_bulk_copy(std::size_t min_rows) { mapper_->bulk_copy_rows_ = min_rows != 0 ? min_rows : 1; }
    /// Of the generated key. `schema` empty: that of the table.
    void set_sequence(std::string_view member, std::string name, std::string schema);
    void set_generated(std::string_view member);
    void set_server_default(std::string_view member);
    void set_server_onupdate(std::string_view member);
    /// Lays columns out one after the other and uses that as their offsets (records).
    void pack_as_object();

    /// Of a struct: it is never let go.
    [[nodiscard]] std::shared_ptr<const Mapper> finish();
    /// For a group, which gives it its relations; see `MapperGroup`.
    [[nodiscard]] std::unique_ptr<Mapper> take();
    [[nodiscard]] const Mapper& mapper() const noexcept { return *mapper_; }
    /// Throws `MappingError` for options that do not go with the kind of the relation.
    static void add_relation(Mapper& mapper, Relation relation);
    static void add_reference(Mapper& mapper, TargetMapper target);

private:
    [[nodiscard]] Column& by_member(std::string_view member);
    [[nodiscard]] Column& left_to_server(std::string_view member, const char* mark);
    void check_unique(const UniqueSet& set) const;
    void check_sequence() const;

    std::unique_ptr<Mapper> mapper_;
    bool assigned_key_ = false;
    int server_defaults_ = 0;
    int sequenced_ = -1; // the column with a sequence
};

} // namespace corm::mapping
