// What the tests of reflection share.
#pragma once

#include "support/coroutine.hpp"
#include "support/every_feature.hpp"
#include "support/server.hpp"

#include <corm/orm/reflection.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

namespace corm::test {

/// An engine on a context of its own.
class Reflector {
public:
    explicit Reflector(const std::string& url, orm::EngineOptions options = {})
        : engine(context.get_executor(), url, std::move(options)) {}

    schema::Database reflect(schema::ReflectOptions options = {}) {
        schema::Database database;
        run_coroutine(context, [&]() -> Task<> { database = co_await orm::reflect(engine, std::move(options)); });
        return database;
    }

    boost::asio::io_context context;
    orm::Engine engine;
};

/// The database of every_feature.sql, made and reflected once for the program.
inline const Database& every_feature_database() {
    static const Database database{every_feature()};
    return database;
}
inline const schema::Database& every_feature_model() {
    static const schema::Database model = Reflector{every_feature_database().url()}.reflect();
    return model;
}

/// Throws what the test wants to see when there is none of that name.
inline const schema::Table& table(const std::string& name, const std::string& schema = "app") {
    const schema::Table* found = every_feature_model().find_table(schema, name);
    INFO(schema << "." << name);
    REQUIRE(found != nullptr);
    return *found;
}
inline const schema::Column& column(const std::string& table_name, const std::string& name) {
    const schema::Column* found = table(table_name).find_column(name);
    INFO(table_name << "." << name);
    REQUIRE(found != nullptr);
    return *found;
}
template <class Object>
const Object& named(const std::vector<Object>& objects, const std::string& name) {
    for (const Object& object : objects) {
        if (object.name == name)
            return object;
    }
    FAIL("there is no " << name);
    throw 0;
}

} // namespace corm::test
