#include "reflect/options.hpp"

#include "schema/qualified_text.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace corm::reflect_command {

const std::string_view usage = R"(Prints what a PostgreSQL database is made of.

usage: corm-reflect [options]
  --url URL              the database, as a URL or in libpq's keyword=value form; without it CORM_DATABASE_URL,
                         and without that libpq's environment. Others may see the command line: a password is
                         better in the environment or in ~/.pgpass
  --schema NAME          this schema; may be repeated
  --table SCHEMA.NAME    this table; may be repeated; names with dots in double quotes
                         without --schema and --table: all but the schemas of the system
  --format FORMAT        cpp: structs with mappings for corm (the default); json; mermaid or dot: a diagram
  --namespace NAME       of the structs (model)
  --version-column NAME  columns of this name count versions, where they are integers that are NOT NULL
  --output FILE          instead of standard output; stays as it is when something fails
  --help                 this text
)";

namespace {

Format format_of(std::string_view name) {
    constexpr std::pair<std::string_view, Format> formats[] = {
        {"cpp", Format::cpp}, {"json", Format::json}, {"mermaid", Format::mermaid}, {"dot", Format::dot}};
    for (const auto& [known, format] : formats) {
        if (name == known)
            return format;
    }
    throw UsageError("--format takes cpp, json, mermaid or dot");
}

/// Of an option without a value, the value is empty.
void set(Options& options, std::string_view name, std::string value) {
    constexpr std::string_view known[] = {"--url",       "--schema",         "--table", "--format",
                                          "--namespace", "--version-column", "--output"};
    if (std::find(std::begin(known), std::end(known), name) == std::end(known))
        throw UsageError("there is no option " + std::string{name} + "; see --help");
    if (value.empty())
        throw UsageError(std::string{name} + " needs a value");
    if (name == "--url") {
        options.url = std::move(value);
    } else if (name == "--schema") {
        options.reflect.schemas.push_back(std::move(value));
    } else if (name == "--table") {
        std::optional<schema::QualifiedName> table = schema::qualified_name(value);
        if (!table)
            throw UsageError("--table takes SCHEMA.NAME, with double quotes around names that have dots");
        options.reflect.tables.push_back(std::move(*table));
    } else if (name == "--format") {
        options.format = format_of(value);
    } else if (name == "--namespace") {
        if (!schema::is_cpp_namespace(value))
            throw UsageError("--namespace takes identifiers that are no words of C++, joined by ::");
        options.cpp.namespace_ = std::move(value);
    } else if (name == "--version-column") {
        options.cpp.version_column = std::move(value);
    } else {
        options.output = std::move(value);
    }
}

} // namespace

Options parse_options(std::span<const char* const> words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word == "--help" || word == "-h") {
            options.help = true;
            return options;
        }
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        // A word that is no option may be a part of a connection string.
        if (!name.starts_with("--"))
            throw UsageError("every argument is an option; see --help");
        std::string value;
        if (equals != std::string_view::npos)
            value = word.substr(equals + 1);
        else if (++i < words.size())
            value = words[i];
        set(options, name, std::move(value));
    }
    return options;
}

} // namespace corm::reflect_command
