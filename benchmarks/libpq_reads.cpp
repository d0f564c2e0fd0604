#include "libpq_client.hpp"

#include <stdexcept>
#include <string>

namespace bench {
namespace {

/// What `pgbench -S` does.
class Get final : public Client {
public:
    Get(const std::string& url, int task) : Client(url), random_(task) {
        prepare("get", "SELECT aid, abalance FROM pgbench_accounts WHERE aid = $1::int4");
    }
    void step(int) override { send("get", Parameters{}.int4(static_cast<std::int32_t>(random_.row(accounts)))); }
    [[nodiscard]] int steps() const noexcept override { return 1; }
    void receive(int, const PGresult* result) override { balance_ = read_int4(result, 0, 1); }

private:
    Random random_;
    volatile std::int32_t balance_ = 0;
};

using ServerTime = std::chrono::sys_time<std::chrono::microseconds>;

ServerTime read_time(const PGresult* result, int row, int column) noexcept {
    constexpr ServerTime epoch = std::chrono::sys_days{std::chrono::January / 1 / 2000};
    return epoch + std::chrono::microseconds{read_int8(result, row, column)};
}

/// Orders into plain structs: those of one customer, or all.
class ReadOrders final : public Client {
public:
    enum class Which { of_customer, all };
    ReadOrders(const std::string& url, int number, Which which) : Client(url), random_(number), which_(which) {
        prepare("read", which == Which::all
                            ? "SELECT id, customer_id, reference, total, paid, placed_at FROM bench_orders"
                            : "SELECT id, customer_id, reference, total, paid, placed_at FROM bench_orders "
                              "WHERE customer_id = $1::int4 ORDER BY id LIMIT 20");
    }
    void step(int) override {
        if (which_ == Which::all)
            send("read");
        else
            send("read", Parameters{}.int4(static_cast<std::int32_t>(random_.row(customers))));
    }
    [[nodiscard]] int steps() const noexcept override { return 1; }
    void receive(int, const PGresult* result) override {
        // A vector of its own for each result, as a caller would get it.
        std::vector<Row> rows;
        rows.reserve(static_cast<std::size_t>(PQntuples(result)));
        for (int row = 0; row < PQntuples(result); ++row)
            rows.push_back({read_int8(result, row, 0), read_int4(result, row, 1), read_text(result, row, 2),
                            read_float8(result, row, 3), read_bool(result, row, 4), read_time(result, row, 5)});
        if (std::ssize(rows) != (which_ == Which::all ? orders : page_rows))
            throw std::runtime_error{"bench_orders has not the rows that tools/bench makes"};
        rows_ = std::move(rows);
    }

private:
    struct Row {
        std::int64_t id;
        std::int32_t customer_id;
        std::string reference;
        double total;
        bool paid;
        ServerTime placed_at;
    };
    Random random_;
    Which which_;
    std::vector<Row> rows_;
};

/// Rows into plain structs.
class Read10k final : public Client {
public:
    Read10k(const std::string& url, int task) : Client(url), random_(task) {
        prepare("read", "SELECT id, name, amount, version FROM bench_items WHERE id BETWEEN $1::int8 AND $2::int8");
    }
    void step(int) override {
        const std::int64_t from = random_.row(items - read_rows);
        send("read", Parameters{}.int8(from).int8(from + read_rows - 1));
    }
    [[nodiscard]] int steps() const noexcept override { return 1; }
    void receive(int, const PGresult* result) override {
        rows_.clear();
        for (int row = 0; row < PQntuples(result); ++row)
            rows_.push_back({read_int8(result, row, 0), read_text(result, row, 1), read_int8(result, row, 2),
                             read_int4(result, row, 3)});
    }

private:
    struct Row {
        std::int64_t id;
        std::string name;
        std::int64_t amount;
        std::int32_t version;
    };
    Random random_;
    std::vector<Row> rows_;
};

} // namespace

std::unique_ptr<Client> reading_client(std::string_view workload, const std::string& url, int number) {
    if (workload == "get")
        return std::make_unique<Get>(url, number);
    if (workload == "query_20")
        return std::make_unique<ReadOrders>(url, number, ReadOrders::Which::of_customer);
    if (workload == "read_10k")
        return std::make_unique<Read10k>(url, number);
    if (workload == "read_100k")
        return std::make_unique<ReadOrders>(url, number, ReadOrders::Which::all);
    return nullptr;
}

} // namespace bench
