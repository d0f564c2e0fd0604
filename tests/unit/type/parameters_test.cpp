#include <corm/type/parameters.hpp>

#include <corm/type/types.hpp>

#include "unit/type/support.hpp"

#include <boost/describe/enum.hpp>

#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/mman.h>

namespace box {

enum class Size { small, big };
BOOST_DESCRIBE_ENUM(Size, small, big)
constexpr auto corm_enum(corm::type<Size>) {
    return corm::types::pg_enum("size");
}

/// A user's codec in text format.
struct Raw {
    std::string text;
};

} // namespace box

template <>
struct corm::types::Codec<box::Raw> {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::text;
    static std::string_view sql_type() { return "raw"; }
    static void encode(const box::Raw& value, std::string& out) { out += value.text; }
    static void decode(const FieldView& field, box::Raw& target) { target.text = field.bytes(); }
    static void literal(const box::Raw& value, std::string& out) { out += value.text; }
    static bool same(const box::Raw& left, const box::Raw& right) { return left.text == right.text; }
};

using namespace corm;
using namespace corm::types;
using namespace corm::test;

namespace {

std::string int_element(std::int32_t value) {
    return bytes({0, 0, 0, 4, 0, 0, 0, value});
}

} // namespace

TEST_CASE("parameters keep bytes, type and format", "[type][unit]") {
    Parameters parameters;
    parameters.add(std::int32_t{7});
    parameters.add(std::string{"abc"});
    parameters.add(std::optional<std::int64_t>{});
    parameters.add(std::optional<std::int16_t>{3});
    parameters.add_null(oids::uuid);
    parameters.add_text("xyz");
    parameters.add_encoded(oids::bytea, Format::binary, std::string_view{"\0\1", 2});
    REQUIRE(parameters.size() == 7);
    CHECK(parameters.bytes(0) == bytes({0, 0, 0, 7}));
    CHECK(parameters.oid(0) == oids::int4);
    CHECK(parameters.format(0) == Format::binary);
    CHECK(parameters.bytes(1) == "abc");
    CHECK(parameters.oid(1) == oids::text);
    CHECK(parameters.is_null(2));
    CHECK(parameters.oid(2) == oids::int8);
    CHECK(parameters.bytes(2).empty());
    CHECK(parameters.bytes(3) == bytes({0, 3}));
    CHECK(parameters.is_null(4));
    CHECK(parameters.oid(4) == oids::uuid);
    CHECK(parameters.bytes(5) == "xyz");
    CHECK(parameters.bytes(6) == bytes({0, 1}));
    CHECK_FALSE(parameters.is_null(6));
    parameters.clear();
    CHECK(parameters.empty());
    CHECK(parameters.total_bytes() == 0);
}

TEST_CASE("values in text format end in a NUL and hold none", "[type][unit]") {
    Parameters parameters;
    parameters.add(box::Size::small);
    parameters.add(std::int32_t{-1});
    CHECK(parameters.bytes(0) == "small");
    CHECK(parameters.oid(0) == 0);
    CHECK(parameters.format(0) == Format::text);
    CHECK(std::string_view{parameters.bytes(0).data()} == "small"); // as a C string
    CHECK(parameters.bytes(1) == bytes({0xff, 0xff, 0xff, 0xff}));
    const box::Raw bad{std::string("a\0b", 3)};
    CHECK(contains(problem_of([&] { parameters.add(bad); }), "text format holds a NUL"));
    CHECK(contains(problem_of([&] { parameters.add_encoded(0, Format::text, bad.text); }), "holds a NUL"));
    CHECK(parameters.size() == 2);
}

TEST_CASE("a refused value leaves the parameters as they were", "[type][unit]") {
    Parameters parameters;
    parameters.add(std::string{"first"});
    const std::size_t before = parameters.total_bytes();
    const std::vector<std::string> bad{"fine", "\xff"};
    CHECK_FALSE(problem_of([&] { parameters.add(bad); }).empty());
    CHECK_FALSE(problem_of([&] { parameters.add_text("\xff"); }).empty());
    CHECK(parameters.size() == 1);
    CHECK(parameters.total_bytes() == before);
    CHECK(parameters.bytes(0) == "first");
}

TEST_CASE("a bulk parameter is a binary array of the column's type", "[type][unit]") {
    Parameters parameters;
    parameters.add(std::int16_t{1});
    using Column = std::optional<std::int32_t>;
    ArrayParameter column{parameters, value_type<Column>, 3};
    for (const Column& value : {Column{5}, Column{}, Column{6}})
        column.add(&value);
    column.finish();
    REQUIRE(parameters.size() == 2);
    CHECK(parameters.oid(1) == oids::int4_array);
    CHECK(parameters.bytes(1) == bytes({0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 3, 0, 0, 0, 1}) + int_element(5) +
                                     bytes({0xff, 0xff, 0xff, 0xff}) + int_element(6));
    CHECK(decoded<std::vector<Column>>(parameters.bytes(1), oids::int4_array) == std::vector<Column>{5, {}, 6});
}

TEST_CASE("types without an array type travel as text literals", "[type][unit]") {
    const auto literals = [](const ValueType& type, std::initializer_list<const void*> values) {
        Parameters parameters;
        ArrayParameter column{parameters, type, values.size()};
        for (const void* value : values)
            column.add(value);
        column.finish();
        CHECK(ArrayParameter::as_literals(type));
        CHECK(parameters.oid(0) == oids::text_array);
        CHECK(parameters.format(0) == Format::binary);
        return decoded<std::vector<std::optional<std::string>>>(parameters.bytes(0), oids::text_array);
    };
    using Texts = std::vector<std::optional<std::string>>;
    using Grid = std::vector<std::vector<std::int32_t>>;
    const std::optional<Grid> full = Grid{{1, 2}, {3, 4}}, empty = Grid{}, none;
    CHECK(literals(value_type<std::optional<Grid>>, {&full, &empty, &none}) ==
          Texts{"{{1,2},{3,4}}", "{}", std::nullopt});
    const box::Size size = box::Size::big;
    CHECK(literals(value_type<box::Size>, {&size}) == Texts{"big"});
}

TEST_CASE("a bulk parameter of no rows is an empty array", "[type][unit]") {
    Parameters parameters;
    ArrayParameter column{parameters, value_type<std::int64_t>, 0};
    column.finish();
    CHECK(decoded<std::vector<std::int64_t>>(parameters.bytes(0), oids::int8_array).empty());
}

TEST_CASE("a bulk parameter given up leaves nothing behind", "[type][unit]") {
    Parameters parameters;
    parameters.add(std::int32_t{1});
    const std::size_t before = parameters.total_bytes();
    CHECK(contains(problem_of([&] {
                       ArrayParameter column{parameters, value_type<std::string>, 2};
                       const std::string good = "a", bad = "\xff";
                       column.add(&good);
                       column.add(&bad);
                   }),
                   "not valid UTF-8"));
    CHECK(parameters.total_bytes() == before);
    CHECK(parameters.size() == 1);
    {
        ArrayParameter column{parameters, value_type<std::int32_t>, 2};
        const std::int32_t value = 1;
        column.add(&value);
        CHECK_THROWS_AS(column.finish(), Error);
    }
    CHECK(parameters.total_bytes() == before);
}

TEST_CASE("optionals carry NULL both ways", "[type][unit]") {
    using Column = std::optional<std::string>;
    const ValueType& type = value_type<Column>;
    CHECK(type.nullable);
    CHECK(type.sql_type() == "text");
    Column value = "x";
    CHECK_FALSE(type.is_null(&value));
    type.decode({nullptr, 0, oids::text, Format::binary}, &value);
    CHECK(type.is_null(&value));
    type.decode(field("abc", oids::text), &value);
    CHECK(value == "abc");
    const Column none, other = "abc";
    CHECK(type.same(&value, &other));
    CHECK_FALSE(type.same(&value, &none));
    CHECK(type.same(&none, &none));
    type.set_null(&value);
    CHECK(value == std::nullopt);
    std::int32_t plain = 0;
    CHECK(contains(problem_of([&] { value_type<std::int32_t>.set_null(&plain); }), "use std::optional"));
}

namespace {

/// So many zero bytes that take no memory.
class Sparse {
public:
    explicit Sparse(std::size_t size)
        : size_(size), data_(::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
        REQUIRE(data_ != MAP_FAILED);
    }
    Sparse(const Sparse&) = delete;
    Sparse& operator=(const Sparse&) = delete;
    ~Sparse() { ::munmap(data_, size_); }

    [[nodiscard]] std::string_view view() const { return {static_cast<const char*>(data_), size_}; }

private:
    std::size_t size_;
    void* data_;
};

} // namespace

TEST_CASE("F65: a value that no message can carry is refused before it is copied", "[type][unit][F65]") {
    const std::size_t gib = std::size_t{1} << 30;
    const std::size_t size = GENERATE_COPY(gib - 1'023, gib, 2 * gib, 4 * gib + 5);
    CAPTURE(size);
    const Sparse value{size};
    Parameters parameters;
    parameters.add(std::int32_t{7});
    const std::size_t before = parameters.total_bytes();
    const auto refused = Catch::Matchers::MessageMatches(
        Catch::Matchers::ContainsSubstring(std::to_string(size) + " bytes is too large"));
    CHECK_THROWS_MATCHES(parameters.add_encoded(oids::bytea, Format::binary, value.view()), corm::ConversionError,
                         refused);
    CHECK_THROWS_MATCHES(parameters.add_text(value.view()), corm::ConversionError, refused);
    CHECK(parameters.size() == 1);
    CHECK(parameters.total_bytes() == before);
    // 2^32 + 5 does not become 5.
    parameters.add(std::int32_t{8});
    CHECK(parameters.bytes(1) == std::string_view{"\0\0\0\x08", 4});
}
