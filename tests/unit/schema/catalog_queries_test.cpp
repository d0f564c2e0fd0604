// The catalogue queries as texts and parameters.
#include "schema/catalog_queries.hpp"

#include <corm/base/error.hpp>
#include <corm/type/types.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace corm::schema;

namespace {

template <class T>
T parameter(const CatalogQuery& query, std::size_t index) {
    const std::string_view bytes = query.parameters.bytes(index);
    T value{};
    corm::types::Codec<T>::decode({bytes.data(), static_cast<std::int32_t>(bytes.size()), query.parameters.oid(index),
                                   query.parameters.format(index)},
                                  value);
    return value;
}

} // namespace

TEST_CASE("the texts do not depend on what is read", "[schema][unit]") {
    const std::vector<CatalogQuery> all = catalog_queries({});
    const std::vector<CatalogQuery> some = catalog_queries(ReflectOptions{}.with_schema("x").with_table("y", "z"));
    REQUIRE(all.size() == catalog_parts);
    for (std::size_t i = 0; i < all.size(); ++i)
        CHECK(all[i].text == some[i].text); // the same object
}

TEST_CASE("what is read is in the parameters", "[schema][unit]") {
    const auto all = catalog_queries({}).back();
    REQUIRE(all.parameters.size() == 4);
    CHECK(parameter<bool>(all, 0));
    CHECK(parameter<std::vector<std::string>>(all, 1).empty());

    const auto some =
        catalog_queries(ReflectOptions{}.with_schema("x").with_table("y", "\"z").with_table("", "a")).front();
    CHECK_FALSE(parameter<bool>(some, 0));
    CHECK(parameter<std::vector<std::string>>(some, 1) == std::vector<std::string>{"x"});
    CHECK(parameter<std::vector<std::string>>(some, 2) == std::vector<std::string>{"y", ""});
    CHECK(parameter<std::vector<std::string>>(some, 3) == std::vector<std::string>{"\"z", "a"});
    CHECK_FALSE(parameter<bool>(catalog_queries(ReflectOptions{}.with_table("y", "z")).front(), 0));
}

TEST_CASE("a name that is no text is refused", "[schema][unit]") {
    CHECK_THROWS_AS(catalog_queries(ReflectOptions{}.with_schema("\xff")), corm::ConversionError);
}

TEST_CASE("tables of the catalogue are named with their schema", "[schema][unit]") {
    for (const CatalogQuery& query : catalog_queries({})) {
        const std::string& text = *query.text;
        for (std::size_t at = text.find("pg_"); at != std::string::npos; at = text.find("pg_", at + 1)) {
            const std::string_view from = std::string_view{text}.substr(at);
            INFO(from.substr(0, 40));
            CHECK((from.starts_with("pg_catalog") || text.substr(0, at).ends_with("pg_catalog.")));
        }
        CHECK(text.find(';') == std::string::npos);
    }
}
