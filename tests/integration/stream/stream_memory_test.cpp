// Streams of many rows at constant memory. The full tier reads ten million.
#include "stream_support.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstdlib>
#include <tuple>

using namespace corm::test;

namespace stream_memory_test {

/// As many as are asked for, made by the server while they are read.
struct Numbered {
    std::int64_t id = 0;
    std::string name;
    std::optional<std::int32_t> rest{};
};
BOOST_DESCRIBE_STRUCT(Numbered, (), (id, name, rest))
constexpr auto corm_mapping(corm::type<Numbered>) {
    return corm::table<Numbered>("numbered").primary_key<&Numbered::id>();
}

namespace {

constexpr std::size_t mib = 1024 * 1024;

std::int64_t row_count() {
    const char* full = std::getenv("CORM_TEST_FULL");
    return memory_is_measured && full != nullptr && std::string{full} == "1" ? 10'000'000 : 200'000;
}

std::string view_of(std::int64_t rows) {
    return "create view numbered as select id, 'name of ' || id as name, (id % 7)::int as rest from (select "
           "generate_series(1, " +
           std::to_string(rows) + ")::bigint as id) n";
}

/// The most that the process takes beyond what it took after a tenth of the rows.
class Growth {
public:
    explicit Growth(std::int64_t rows) : base_at_(rows / 10), step_(rows / 100) {}
    void row(std::int64_t number) {
        if (number == base_at_)
            base_ = most_ = resident_bytes();
        else if (number > base_at_ && number % step_ == 0)
            most_ = std::max(most_, resident_bytes());
    }
    [[nodiscard]] std::size_t bytes() const { return most_ - base_; }

private:
    std::int64_t base_at_;
    std::int64_t step_;
    std::size_t base_ = 0;
    std::size_t most_ = 0;
};

} // namespace

TEST_CASE("derived tables fit: rows that are streamed", "[verify][integration]") {
    CHECK(misfit_of<Numbered>() == "");
}

TEST_CASE("rows without number are streamed at constant memory", "[stream][integration]") {
    const std::int64_t rows = row_count();
    Sessions s{view_of(rows)};
    const std::string form = GENERATE(as<std::string>{}, "objects", "structs", "batches");
    Growth growth{rows};
    std::int64_t seen = 0;
    std::int64_t sum = 0;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.deadline = corm::Duration{60'000}}};
        if (form == "objects") {
            const auto stream = session.stream(corm::select<Numbered>());
            while (const corm::Ref<Numbered> row = co_await stream.next()) {
                sum += row->id;
                growth.row(++seen);
            }
        } else if (form == "structs") {
            const auto stream = session.stream<Numbered>(corm::raw_sql("select * from numbered"));
            while (const auto row = co_await stream.next()) {
                sum += row->id;
                growth.row(++seen);
            }
        } else {
            const auto stream = session.stream(corm::select<Numbered>());
            for (;;) {
                const auto batch = co_await stream.next_batch(1'000);
                if (batch.empty())
                    break;
                for (const corm::Ref<Numbered>& row : batch) {
                    sum += row->id;
                    growth.row(++seen);
                }
            }
        }
        co_await session.rollback();
    });
    CHECK(seen == rows);
    CHECK(sum == rows * (rows + 1) / 2);
    INFO(growth.bytes() << " bytes more");
    CHECK((!memory_is_measured || growth.bytes() <= 8 * mib));
}

TEST_CASE("a stream whose objects are all kept takes no longer for each", "[stream][integration]") {
    constexpr std::int64_t rows = 40'000;
    Sessions s{view_of(rows)};
    s.longest_turn = std::chrono::seconds{5}; // they are dropped in one turn
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto stream = session.stream(corm::select<Numbered>(), {.batch = 100});
        std::vector<corm::Ref<Numbered>> kept;
        while (corm::Ref<Numbered> row = co_await stream.next())
            kept.push_back(std::move(row));
        CHECK(kept.size() == rows);
        s.round_trips();
        const auto known = co_await session.get<Numbered>(777);
        CHECK(known == kept[776]);
        CHECK(s.round_trips() == 0);
    });
}

} // namespace stream_memory_test
