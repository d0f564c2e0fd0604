// A model as SQL, there and back: what is made from it has the same model, and the same dump.
#include "ddl.hpp"

#include <corm/corm.hpp>

#include <algorithm>

using namespace corm::test;
using Model = corm::schema::Database;

using corm::schema::CreateOptions;
using corm::schema::DropOptions;

namespace {

/// The statements of every_feature.sql that no model tells of and others need: what is a function or is for foreign
/// tables.
constexpr const char* prerequisites = R"(
create schema app;
comment on schema app is 'The shop; it''s "quoted"';
create schema audit;
create function app.text_difference(text, text) returns double precision language sql immutable
    return length($1) - length($2);
create function audit.stamp() returns text language sql stable return 'now';
create foreign data wrapper nowhere;
create server elsewhere foreign data wrapper nowhere;
)";

/// The last statements of every_feature.sql, which nothing in the model needs.
std::string left_out() {
    const std::string all = every_feature();
    return all.substr(all.find("-- What the model leaves out"));
}

} // namespace

TEST_CASE("a database made from its model is reflected and dumped as the first one", "[schema][ddl][integration]") {
    const Model& model = every_feature_model();
    const corm::test::Database copy{prerequisites};
    Maker maker{copy.url()};
    maker.create(model);
    copy.query(left_out());
    const Model again = maker.reflect();
    CHECK(again == model);
    CHECK(differences(dump(copy.url()), dump(every_feature_database().url())) == "");

    SECTION("a second time there is nothing to do") {
        const std::uint64_t before = maker.engine.stats().round_trips;
        CHECK(maker.create(model).empty());
        CHECK(maker.engine.stats().round_trips == before + 2);
        CHECK(corm::schema::create_sql(model, again).empty());
    }
    SECTION("and all of it is dropped, but for what the model does not tell of") {
        DropOptions options;
        options.schemas = false;
        options.extensions = true;
        maker.drop(model, options);
        copy.query("drop schema app cascade; drop schema audit cascade; drop server elsewhere cascade");
        const Model rest = maker.reflect();
        CHECK(rest.tables.empty());
        CHECK(rest.schemas.size() == 2);
        CHECK(maker.drop(model) == Strings{"DROP SCHEMA \"Odd.Schema\""});
        CHECK(maker.reflect() == Maker{corm::test::Database{}.url()}.reflect());
        CHECK(maker.drop(model).empty());
    }
}

TEST_CASE("the database that was not made by corm is dropped as well", "[schema][ddl][integration]") {
    const corm::test::Database database{every_feature()};
    Maker maker{database.url()};
    DropOptions options;
    options.cascade = true;
    options.extensions = true;
    maker.drop(every_feature_model(), options);
    CHECK(maker.reflect() == Maker{corm::test::Database{}.url()}.reflect());
}
