// corm-reflect: a live schema as C++, JSON or a diagram.
#include "reflect/options.hpp"

#include <corm/base/clock.hpp>
#include <corm/base/error.hpp>
#include <corm/orm/reflection.hpp>
#include <corm/schema/diagram.hpp>
#include <corm/schema/json.hpp>
#include <corm/schema/relations.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <utility>

namespace corm::reflect_command {
namespace {

constexpr int done = 0;
constexpr int failed = 1;
constexpr int misused = 2;

std::string url_of(const Options& options) {
    if (!options.url.empty())
        return options.url;
    const char* const set = std::getenv("CORM_DATABASE_URL");
    return set != nullptr ? set : "";
}

Task<schema::Database> read(const orm::Engine& engine, schema::ReflectOptions options) {
    // A pool tries to connect for as long as it may. The user of a command wants to know soon that it cannot.
    constexpr Duration to_connect{10'000};
    static_cast<void>(co_await orm::reflect(engine, schema::ReflectOptions{}.with_table("pg_catalog", ""), to_connect));
    co_return co_await orm::reflect(engine, std::move(options));
}

schema::Database read(const Options& options) {
    boost::asio::io_context context{1};
    orm::EngineOptions engine_options;
    engine_options.deadline = Duration{5 * 60'000};
    engine_options.application_name = "corm-reflect";
    const orm::Engine engine{context.get_executor(), url_of(options), std::move(engine_options)};
    schema::Database database;
    std::exception_ptr failure;
    boost::asio::co_spawn(context, read(engine, options.reflect),
                          [&](std::exception_ptr error, schema::Database found) {
                              failure = std::move(error);
                              database = std::move(found);
                          });
    context.run();
    if (failure)
        std::rethrow_exception(failure);
    return database;
}

/// A name that leads nowhere is a mistake here, where nobody looks at what was found.
void require_named(const schema::Database& database, const schema::ReflectOptions& named) {
    for (const std::string& name : named.schemas) {
        if (database.find_schema(name) == nullptr)
            throw Error("there is no schema " + name + " in the database");
    }
    for (const schema::QualifiedName& name : named.tables) {
        if (database.find_table(name.schema, name.name) == nullptr)
            throw Error("there is no table " + (name.schema.empty() ? "" : name.schema + ".") + name.name +
                        " in the database");
    }
}

std::string text_of(const schema::Database& database, const Options& options) {
    switch (options.format) {
    case Format::cpp: return schema::to_cpp(database, options.cpp);
    case Format::mermaid: return schema::to_mermaid(database);
    case Format::dot: return schema::to_dot(database);
    case Format::json: break;
    }
    boost::json::value model = schema::to_json(database);
    model.as_object()["relations"] = schema::to_json(schema::derive_relations(database));
    return boost::json::serialize(model) + "\n";
}

void write(const std::string& text, const std::string& output) {
    if (output.empty()) {
        std::cout << text << std::flush;
        if (!std::cout)
            throw Error("standard output takes no more");
        return;
    }
    std::ofstream file{output, std::ios::binary};
    file << text;
    file.close();
    if (!file)
        throw Error("cannot write " + output);
}

/// On standard error, in one line: libpq's messages have several.
int complain(const std::exception& error, int status) {
    std::string line{"corm-reflect: "};
    for (const char* c = error.what(); *c != '\0'; ++c) {
        const bool space = static_cast<unsigned char>(*c) <= ' ';
        if (!space || line.back() != ' ')
            line += space ? ' ' : *c;
    }
    while (line.back() == ' ')
        line.pop_back();
    std::cerr << line << '\n';
    return status;
}

int run(std::span<const char* const> words) {
    try {
        const Options options = parse_options(words);
        if (options.help) {
            write(std::string{usage}, {});
            return done;
        }
        const schema::Database database = read(options);
        require_named(database, options.reflect);
        write(text_of(database, options), options.output);
        return done;
    } catch (const UsageError& error) {
        return complain(error, misused);
    } catch (const std::exception& error) {
        return complain(error, failed);
    }
}

} // namespace
} // namespace corm::reflect_command

int main(int argc, char** argv) {
    const std::span<const char* const> all{argv, static_cast<std::size_t>(argc)};
    return corm::reflect_command::run(all.subspan(all.empty() ? 0 : 1));
}
