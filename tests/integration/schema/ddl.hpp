// What the tests of DDL share.
#pragma once

#include "fixture.hpp"

#include "dev/postgres_binaries.hpp"
#include "dev/subprocess.hpp"

#include <corm/orm/schema.hpp>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <stdexcept>

namespace corm::test {

using Strings = std::vector<std::string>;

/// Reflects, makes and drops.
class Maker : public Reflector {
public:
    using Reflector::Reflector;

    Strings create(schema::Database model, schema::CreateOptions options = {}) {
        Strings statements;
        run_coroutine(context, [&]() -> Task<> {
            statements = co_await orm::create_all(engine, std::move(model), std::move(options));
        });
        return statements;
    }
    Strings drop(schema::Database model, schema::DropOptions options = {}) {
        Strings statements;
        run_coroutine(context, [&]() -> Task<> {
            statements = co_await orm::drop_all(engine, std::move(model), std::move(options));
        });
        return statements;
    }
};

/// The lines of `pg_dump --schema-only` that are neither empty nor comments, settings or keys of psql. Throws when
/// pg_dump is missing or fails.
inline Strings dump(const std::string& url) {
    dev::SpawnOptions options;
    options.arguments = {(dev::find_postgres_binaries({}) / "pg_dump").string(), "--schema-only", "--dbname=" + url};
    std::string output;
    if (dev::run(std::move(options), std::chrono::steady_clock::now() + std::chrono::seconds{60}, output) != 0)
        throw std::runtime_error("pg_dump failed: " + output);
    Strings lines;
    std::istringstream text{output};
    for (std::string line; std::getline(text, line);) {
        if (!line.empty() && !line.starts_with("--") && !line.starts_with("SET ") && !line.starts_with("\\") &&
            !line.starts_with("SELECT pg_catalog.set_config"))
            lines.push_back(std::move(line));
    }
    if (lines.empty())
        throw std::runtime_error("pg_dump printed nothing");
    return lines;
}

/// The first lines that are not the same; empty if all are.
inline std::string differences(const Strings& left, const Strings& right) {
    const auto [a, b] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
    if (a == left.end() && b == right.end())
        return {};
    std::string text;
    for (auto line = a; line != left.end() && line - a < 12; ++line)
        text += "- " + *line + "\n";
    for (auto line = b; line != right.end() && line - b < 12; ++line)
        text += "+ " + *line + "\n";
    return text;
}

} // namespace corm::test
