// What is left of tables that were mapped at run time: nothing. And the test itself finds what is planted.
#include "trial.hpp"

#include "support/memory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

using namespace leak_test;

namespace {

/// Sanitizers make each round several times as long.
std::size_t tables(std::size_t full, std::size_t usual) {
    if (std::getenv("CORM_TEST_FULL") != nullptr)
        return full;
    return corm::test::memory_is_measured ? usual : usual / 4;
}

std::string listed(const std::vector<std::string>& findings) {
    std::string text;
    for (const std::string& finding : findings)
        text += finding + "\n";
    return text;
}

bool finds(const std::vector<std::string>& findings, std::string_view what) {
    return std::any_of(findings.begin(), findings.end(),
                       [what](const std::string& finding) { return finding.starts_with(what); });
}

} // namespace

TEST_CASE("tables that are defined, used and let go leave nothing", "[leak][integration]") {
    Trial trial{{.tables = tables(100'000, 2000)}};
    CHECK(listed(trial.run()) == "");
}

TEST_CASE("tables that are reflected, used and let go leave nothing", "[leak][integration]") {
    Trial trial{{.tables = tables(10'000, 300), .reflected = true}};
    CHECK(listed(trial.run()) == "");
}

TEST_CASE("eight tasks at once leave nothing", "[leak][integration]") {
    const bool reflected = GENERATE(false, true);
    Trial trial{{.tables = tables(20'000, 1600), .tasks = 8, .reflected = reflected}};
    CHECK(listed(trial.run()) == "");
}

TEST_CASE("leaks that are planted are found", "[leak][integration]") {
    const auto trial = [](Planted planted) { return Trial{{.tables = tables(1000, 1000), .planted = planted}}.run(); };
    SECTION("a mapper") {
        const auto found = trial(Planted::mapper);
        INFO(listed(found));
        CHECK(finds(found, "mappers"));
        CHECK_FALSE(finds(found, "names"));
    }
    SECTION("a name") {
        const auto found = trial(Planted::name);
        INFO(listed(found));
        CHECK(finds(found, "names"));
        CHECK(finds(found, "modules"));
    }
    SECTION("a hook") {
        const auto found = trial(Planted::hook);
        INFO(listed(found));
        CHECK(finds(found, "mappers"));
        CHECK(finds(found, "hooks"));
    }
    SECTION("a statement") {
        const auto found = trial(Planted::statement);
        INFO(listed(found));
        CHECK(finds(found, "prepared statements"));
    }
    SECTION("memory") {
        const auto found = trial(Planted::memory);
        INFO(listed(found));
        CHECK((!corm::test::memory_is_measured || finds(found, "memory")));
    }
}
