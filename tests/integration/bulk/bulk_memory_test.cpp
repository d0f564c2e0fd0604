// Rows without number at constant memory. The full tier copies a million each way.
#include "bulk_support.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdlib>

using namespace corm::test;

namespace {

constexpr std::size_t mib = 1024 * 1024;

std::int64_t row_count() {
    const char* full = std::getenv("CORM_TEST_FULL");
    return memory_is_measured && full != nullptr && std::string{full} == "1" ? 1'000'000 : 60'000;
}

/// The most that the process takes beyond what it took after a tenth of the rows.
class Growth {
public:
    explicit Growth(std::int64_t rows) : base_at_(rows / 10) {}
    void reached(std::int64_t rows) {
        if (rows < base_at_)
            return;
        const std::size_t now = resident_bytes();
        base_ = base_ == 0 ? now : base_;
        most_ = std::max(most_, now);
    }
    [[nodiscard]] std::size_t bytes() const { return most_ - base_; }

private:
    std::int64_t base_at_;
    std::size_t base_ = 0;
    std::size_t most_ = 0;
};

} // namespace

TEST_CASE("rows without number are copied in and out at constant memory", "[bulk][integration]") {
    const std::int64_t rows = row_count();
    Sessions s{readings};
    Growth in{rows};
    Growth out{rows};
    std::int64_t sum = 0;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::int64_t made = 0;
        const auto source = [&]() -> corm::Task<std::optional<std::vector<Reading>>> {
            if (made == rows)
                co_return std::nullopt;
            std::vector<Reading> batch;
            for (int i = 0; i < 1'000; ++i)
                batch.push_back({static_cast<std::int32_t>(++made), 0.5, std::string(100, 'x')});
            co_return batch;
        };
        const std::int64_t copied = co_await session.copy_in(corm::TableName{"readings"}, source, {},
                                                             [&](corm::BulkProgress now) { in.reached(now.rows); });
        CHECK(copied == rows);
        const auto sink = [&](std::span<const Reading> batch) {
            for (const Reading& each : batch)
                sum += each.sensor;
        };
        const std::int64_t read = co_await session.copy_out<Reading>(
            corm::raw_sql("select * from readings"), sink, {}, [&](corm::BulkProgress now) { out.reached(now.rows); });
        CHECK(read == rows);
        co_await session.rollback();
    });
    CHECK(sum == rows * (rows + 1) / 2);
    INFO(in.bytes() << " and " << out.bytes() << " bytes more");
    CHECK((!memory_is_measured || std::max(in.bytes(), out.bytes()) <= 4 * mib));
}
