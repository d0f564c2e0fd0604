// Mapped objects and what they are related to as JSON text: the compiled part of corm/json.hpp.
#pragma once

#include <corm/mapping/record.hpp>
#include <corm/mapping/relation.hpp>
#include <corm/type/detail/json_table.hpp>

#include <boost/json/storage_ptr.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::json {
class value;
}

namespace corm::uow {

struct JsonEntity;

/// Objects that one object may bring along. The graph is written as a tree, and a tree of every way through a graph in
/// which both sides of many-to-many relations are loaded has no end to speak of.
inline constexpr std::size_t json_object_limit = 100'000;

/// A member that is written: the value of a column, or a relation; the functions take the struct.
struct JsonMember {
    std::string_view name{};
    void (*write)(const void* object, std::string& out, const types::detail::JsonPath& path) = nullptr;
    const mapping::RelationState& (*relation)(const void* object) = nullptr; ///< null for a column
    const JsonEntity& (*target)() = nullptr;
    bool many = false;
};

/// What the compiled part knows of a mapped struct; static data.
struct JsonEntity {
    const JsonMember* members;
    std::size_t count;
    const JsonMember* key;
    std::size_t key_count; ///< 0 if a member of the key is not to be seen
};

/// Stands for every `Record`: the object has the columns of its mapper, and its relations to records. Those to structs
/// are left out: what a struct hides by `corm_json` is known where it is written by its type alone.
extern const JsonEntity json_record;

/// Writes objects into one document. An object that is being written, met again, is its key. Not thread-safe; reading
/// objects belongs to the task of their session.
///
/// Throws `ConversionError` with the path of what JSON cannot hold, for `json_depth_limit` and `json_object_limit`;
/// `NotLoadedError` for an expired object, and for a related one that nobody has kept; `MappingError` for a `Record`
/// that holds nothing.
class JsonWriter {
public:
    /// Null: there is no object.
    [[nodiscard]] static std::string object(const JsonEntity& entity, const void* object);

    /// The next element of an array.
    void add(const JsonEntity& entity, const void* object);
    /// The array of what was added.
    [[nodiscard]] std::string array() &&;

private:
    using Path = types::detail::JsonPath;

    void write_root(const JsonEntity& entity, const void* object, const Path& path);
    void write_object(const JsonEntity& entity, const void* object, const Path& path);
    void write_record(const mapping::Record& record, const Path& path);
    void write_links(const JsonEntity& target, bool many, const mapping::RelationState& state, const Path& path);
    void write_target(const JsonEntity& entity, Instance& target, const Path& path);
    void write_key(const JsonEntity& entity, const void* object, const Path& path);
    void write_record_key(const mapping::Record& record, const Path& path);

    std::string out_;
    std::vector<const void*> way_; ///< the objects that are being written, the outermost first
    std::size_t brought_ = 0;      ///< by the outermost one
    std::size_t added_ = 0;        ///< elements of the array
};

/// The text of a document as a value. Numbers are exact, as everywhere in corm.
[[nodiscard]] boost::json::value parse_json_document(std::string_view text, boost::json::storage_ptr storage);

} // namespace corm::uow
