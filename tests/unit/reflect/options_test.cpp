// The command line of corm-reflect.
#include "reflect/options.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace corm::reflect_command;

namespace {

Options parse(const std::vector<const char*>& words) {
    return parse_options(words);
}

std::string refusal(const std::vector<const char*>& words) {
    try {
        static_cast<void>(parse(words));
    } catch (const UsageError& error) {
        return error.what();
    }
    return {};
}

} // namespace

TEST_CASE("without a word everything becomes C++ on standard output", "[reflect][unit]") {
    const Options options = parse({});
    CHECK(options.url.empty());
    CHECK(options.format == Format::cpp);
    CHECK(options.cpp.namespace_ == "model");
    CHECK(options.cpp.version_column.empty());
    CHECK(options.output.empty());
    CHECK(options.reflect.schemas.empty());
    CHECK(options.reflect.tables.empty());
    CHECK_FALSE(options.help);
}

TEST_CASE("options have their values behind them, or behind an equals sign", "[reflect][unit]") {
    const Options options =
        parse({"--url", "host=a password=b", "--schema", "app", "--schema=audit", "--table=app.\"a.b\"", "--table", "c",
               "--format=dot", "--namespace", "shop::tables", "--version-column=version", "--output", "a=b.hpp"});
    CHECK(options.url == "host=a password=b");
    CHECK(options.reflect.schemas == std::vector<std::string>{"app", "audit"});
    REQUIRE(options.reflect.tables.size() == 2);
    CHECK(options.reflect.tables[0] == corm::schema::QualifiedName{"app", "a.b"});
    CHECK(options.reflect.tables[1] == corm::schema::QualifiedName{"", "c"});
    CHECK(options.format == Format::dot);
    CHECK(options.cpp.namespace_ == "shop::tables");
    CHECK(options.cpp.version_column == "version");
    CHECK(options.output == "a=b.hpp");
    CHECK(parse({"--url=postgresql://h/d?a=b"}).url == "postgresql://h/d?a=b");
    CHECK(parse({"--format", "json"}).format == Format::json);
    CHECK(parse({"--format", "mermaid"}).format == Format::mermaid);
    CHECK(parse({"--format", "cpp"}).format == Format::cpp);
}

TEST_CASE("help is given whatever else is there behind it", "[reflect][unit]") {
    CHECK(parse({"--help", "--nonsense"}).help);
    CHECK(parse({"--schema", "a", "-h"}).help);
    for (const char* option :
         {"--url", "--schema", "--table", "--format", "--namespace", "--version-column", "--output", "--help"})
        CHECK(usage.find(option) != std::string_view::npos);
}

TEST_CASE("a command line that cannot be used says why, and nothing of a password", "[reflect][unit]") {
    CHECK(refusal({"--nonsense"}) == "there is no option --nonsense; see --help");
    CHECK(refusal({"--password=secret"}) == "there is no option --password; see --help");
    CHECK(refusal({"password=secret"}) == "every argument is an option; see --help");
    CHECK(refusal({"--url"}) == "--url needs a value");
    CHECK(refusal({"--schema="}) == "--schema needs a value");
    CHECK(refusal({"--table", "a.b.c"}) == "--table takes SCHEMA.NAME, with double quotes around names that have dots");
    CHECK(refusal({"--format", "xml"}) == "--format takes cpp, json, mermaid or dot");
    CHECK(refusal({"--namespace", "a-b"}) == "--namespace takes identifiers that are no words of C++, joined by ::");
}
