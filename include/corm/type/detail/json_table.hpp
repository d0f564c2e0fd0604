// What the compiled part knows of structs that are kept as JSON, and what it does.
#pragma once

#include <corm/type/field_view.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace boost::json {
class value;
}

namespace corm::types::detail {

/// Where in the document a value stands: a list on the stack that errors are told by.
class JsonPath {
public:
    JsonPath() noexcept = default;
    JsonPath(const JsonPath& parent, std::string_view member) noexcept
        : parent_(&parent), member_(member), depth_(parent.depth_ + 1) {}
    JsonPath(const JsonPath& parent, std::size_t index) noexcept
        : parent_(&parent), index_(index), depth_(parent.depth_ + 1) {}
    JsonPath(const JsonPath&) = delete;
    JsonPath& operator=(const JsonPath&) = delete;

    /// Throws `ConversionError`: "JSON member 'a.b[1]' `problem`".
    [[noreturn]] void refuse(std::string_view problem) const;
    /// The value is an array or an object. Throws `ConversionError` beyond `json_depth_limit`.
    void check_depth() const;
    [[nodiscard]] int depth() const noexcept { return depth_; }

private:
    void append_to(std::string& out) const;

    const JsonPath* parent_ = nullptr; // null for the document itself
    std::string_view member_{};        // empty for an element of an array
    std::size_t index_ = 0;
    int depth_ = 0;
};

/// One member of a struct; the functions take the struct.
struct JsonMember {
    std::string_view name;
    bool optional;
    void (*write)(const void* object, std::string& out, const JsonPath& path);
    void (*read)(const boost::json::value* from, void* object, const JsonPath& path); ///< null: reset the optional
    bool (*same)(const void* left, const void* right);
};

/// What the compiled part knows of a struct; static data.
struct JsonTable {
    const JsonMember* members;
    std::size_t count;
};

void write_json_object(const JsonTable& table, const void* object, std::string& out, const JsonPath& path);
void read_json_object(const JsonTable& table, const boost::json::value& from, void* object, const JsonPath& path);
[[nodiscard]] bool same_json_object(const JsonTable& table, const void* left, const void* right);
void write_json_document(const JsonTable& table, const void* object, bool with_version, std::string& out);
void read_json_document(const JsonTable& table, const FieldView& field, void* object);

void write_json(bool value, std::string& out, const JsonPath& path);
void write_json(std::int64_t value, std::string& out, const JsonPath& path);
void write_json(std::uint64_t value, std::string& out, const JsonPath& path);
void write_json(float value, std::string& out, const JsonPath& path);
void write_json(double value, std::string& out, const JsonPath& path);
void write_json(std::string_view value, std::string& out, const JsonPath& path);
void write_json(const boost::json::value& value, std::string& out, const JsonPath& path);

void read_json(const boost::json::value& from, bool& target, const JsonPath& path);
void read_json(const boost::json::value& from, float& target, const JsonPath& path);
void read_json(const boost::json::value& from, double& target, const JsonPath& path);
void read_json(const boost::json::value& from, std::string& target, const JsonPath& path);
void read_json(const boost::json::value& from, boost::json::value& target, const JsonPath& path);
[[nodiscard]] std::int64_t json_integer(const boost::json::value& from, std::int64_t least, std::int64_t most,
                                        const JsonPath& path);
[[nodiscard]] std::uint64_t json_unsigned(const boost::json::value& from, std::uint64_t most, const JsonPath& path);
/// Text for a codec: that of a string, or the digits of an integer.
[[nodiscard]] std::string json_coded_text(const boost::json::value& from, const JsonPath& path);

[[nodiscard]] bool json_is_null(const boost::json::value& value) noexcept;
/// Throws unless it is an array.
[[nodiscard]] std::size_t json_array_size(const boost::json::value& array, const JsonPath& path);
[[nodiscard]] const boost::json::value& json_element(const boost::json::value& array, std::size_t index) noexcept;
[[nodiscard]] bool same_json(const boost::json::value& left, const boost::json::value& right);

/// Inside a handler: throws the caught `ConversionError` of a codec again, with the path.
[[noreturn]] void refuse_as_caught(const JsonPath& path);

} // namespace corm::types::detail
