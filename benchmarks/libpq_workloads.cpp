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

/// How the rows of a unit of work are read.
enum class Load { one_by_one, one_select };

/// BEGIN, the rows, an UPDATE for each, COMMIT: one statement at a time, as a program without an ORM does it.
class UnitOfWork final : public Client {
public:
    UnitOfWork(const std::string& url, int task, int tasks, Load load)
        : Client(url), random_(task), task_(task), tasks_(tasks), selects_(load == Load::one_by_one ? unit_rows : 1) {
        prepare("begin", "BEGIN");
        prepare("commit", "COMMIT");
        prepare("select", load == Load::one_by_one
                              ? "SELECT id, name, amount FROM bench_items WHERE id = $1::int8"
                              : "SELECT id, name, amount FROM bench_items WHERE id = ANY ($1::int8[])");
        prepare("update", "UPDATE bench_items SET amount = $2::int8 WHERE id = $1::int8");
    }
    void step(int number) override {
        if (number == 0) {
            keys_ = unit_keys(random_, task_, tasks_);
            loaded_ = 0;
            send("begin");
        } else if (number <= selects_) {
            if (selects_ == 1)
                send("select", Parameters{}.array(keys_));
            else
                send("select", Parameters{}.int8(keys_[static_cast<std::size_t>(number - 1)]));
        } else if (number <= selects_ + unit_rows) {
            const auto& [id, amount] = rows_[static_cast<std::size_t>(number - selects_ - 1)];
            send("update", Parameters{}.int8(id).int8(amount + 1));
        } else {
            send("commit");
        }
    }
    [[nodiscard]] int steps() const noexcept override { return 1 + selects_ + unit_rows + 1; }
    void receive(int, const PGresult* result) override {
        for (int row = 0; row < PQntuples(result); ++row)
            rows_.at(loaded_++) = {read_int8(result, row, 0), read_int8(result, row, 2)};
    }

private:
    struct Row {
        std::int64_t id = 0;
        std::int64_t amount = 0;
    };
    Random random_;
    int task_;
    int tasks_;
    int selects_;
    std::array<std::int64_t, unit_rows> keys_{};
    std::array<Row, unit_rows> rows_{};
    std::size_t loaded_ = 0;
};

/// The same unit of work with the statements that corm sends, in two pipelines: the ceiling of any client.
class PipelinedUnitOfWork final : public Client {
public:
    PipelinedUnitOfWork(const std::string& url, int task, int tasks)
        : Client(url), random_(task), task_(task), tasks_(tasks) {
        prepare("begin", "BEGIN");
        prepare("commit", "COMMIT");
        prepare("select", "SELECT id, name, amount, version FROM bench_items WHERE id = ANY ($1::int8[])");
        prepare("lock", "SELECT FROM bench_items t WHERE t.id = ANY ($1::int8[]) ORDER BY t.id FOR NO KEY UPDATE OF t");
        prepare("update",
                "WITH u AS (UPDATE bench_items t SET amount = x.c1, version = t.version + 1 FROM unnest($1::int8[], "
                "$2::int8[], $3::int4[]) WITH ORDINALITY x(k1, c1, v, ord) WHERE t.id = x.k1 AND t.version = x.v "
                "RETURNING x.ord) SELECT CASE WHEN count(*) = cardinality($1) THEN 0 ELSE ('found ' || "
                "coalesce(array_to_string(array_agg(ord), ','), ''))::int4 END FROM u");
        enter_pipeline();
    }
    void step(int number) override {
        if (number == 0) {
            keys_ = unit_keys(random_, task_, tasks_);
            send("begin");
            send("select", Parameters{}.array(keys_));
        } else {
            send("lock", Parameters{}.array(keys_));
            send("update", Parameters{}.array(keys_).array(amounts_).array(versions_));
            send("commit");
        }
        sync();
    }
    [[nodiscard]] int steps() const noexcept override { return 2; }
    void receive(int number, const PGresult* result) override {
        if (number != 0 || PQnfields(result) == 0)
            return;
        if (PQntuples(result) != unit_rows)
            throw std::runtime_error{"bench_items lacks rows"};
        for (int row = 0; row < unit_rows; ++row) {
            const auto at = static_cast<std::size_t>(row);
            keys_[at] = read_int8(result, row, 0);
            amounts_[at] = read_int8(result, row, 2) + 1;
            versions_[at] = read_int4(result, row, 3);
        }
    }

private:
    Random random_;
    int task_;
    int tasks_;
    std::array<std::int64_t, unit_rows> keys_{};
    std::array<std::int64_t, unit_rows> amounts_{};
    std::array<std::int32_t, unit_rows> versions_{};
};

/// The best that libpq can do for rows whose keys are wanted: one statement from arrays.
class Insert final : public Client {
public:
    Insert(const std::string& url, int rows) : Client(url), rows_(rows) {
        prepare("begin", "BEGIN");
        prepare("commit", "COMMIT");
        prepare("insert", "INSERT INTO bench_entries (name, amount) SELECT n, a FROM unnest($1::text[], $2::int8[]) "
                          "WITH ORDINALITY x(n, a, ord) ORDER BY ord RETURNING id");
    }
    void step(int number) override {
        if (number != 1) {
            send(number == 0 ? "begin" : "commit");
            return;
        }
        std::vector<std::string> names;
        std::vector<std::int64_t> amounts;
        for (int i = 0; i < rows_; ++i) {
            names.push_back("entry number " + std::to_string(i));
            amounts.push_back(i);
        }
        send("insert", Parameters{}.array(names).array(amounts));
    }
    [[nodiscard]] int steps() const noexcept override { return 3; }
    void receive(int, const PGresult* result) override {
        ids_.clear();
        for (int row = 0; row < PQntuples(result); ++row)
            ids_.push_back(read_int8(result, row, 0));
    }

private:
    int rows_;
    std::vector<std::int64_t> ids_;
};

/// Keys from the sequence, and COPY.
class Copy final : public Client {
public:
    Copy(const std::string& url, int rows) : Client(url), rows_(rows) {
        prepare("begin", "BEGIN");
        prepare("commit", "COMMIT");
        prepare("keys", "SELECT nextval('bench_entries_id_seq') FROM generate_series(1, $1::int4)");
    }
    void step(int number) override {
        if (number == 1)
            send("keys", Parameters{}.int4(rows_));
        else if (number == 2)
            copy("COPY bench_entries (id, name, amount) FROM STDIN (FORMAT binary)", encoded_);
        else
            send(number == 0 ? "begin" : "commit");
    }
    [[nodiscard]] int steps() const noexcept override { return 4; }
    void receive(int number, const PGresult* result) override {
        if (number != 1)
            return;
        encoded_.assign("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
        for (int row = 0; row < rows_; ++row) {
            const std::string name = "entry number " + std::to_string(row);
            encoded_.append("\0\3", 2);
            append_field(encoded_, {PQgetvalue(result, row, 0), 8});
            append_field(encoded_, name);
            append_field(encoded_, Parameters{}.int8(row).bytes(0));
        }
        encoded_.append("\377\377", 2);
    }

private:
    static void append_field(std::string& out, std::string_view bytes) {
        const auto size = static_cast<std::uint32_t>(bytes.size());
        for (const int shift : {24, 16, 8, 0})
            out += static_cast<char>(size >> shift);
        out += bytes;
    }

    int rows_;
    std::string encoded_;
};

/// Rows into plain structs.
class Read final : public Client {
public:
    Read(const std::string& url, int task) : Client(url), random_(task) {
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
            rows_.push_back(
                {read_int8(result, row, 0),
                 std::string(PQgetvalue(result, row, 1), static_cast<std::size_t>(PQgetlength(result, row, 1))),
                 read_int8(result, row, 2), read_int4(result, row, 3)});
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

std::vector<std::unique_ptr<Client>> clients_of(const Arguments& arguments) {
    const auto& [workload, url, duration, tasks, rows] = arguments;
    std::vector<std::unique_ptr<Client>> clients;
    for (int task = 0; task < tasks; ++task) {
        if (workload == "get")
            clients.push_back(std::make_unique<Get>(url, task));
        else if (workload == "uow")
            clients.push_back(std::make_unique<UnitOfWork>(url, task, tasks, Load::one_by_one));
        else if (workload == "uow_one_select")
            clients.push_back(std::make_unique<UnitOfWork>(url, task, tasks, Load::one_select));
        else if (workload == "uow_pipelined")
            clients.push_back(std::make_unique<PipelinedUnitOfWork>(url, task, tasks));
        else if (workload == "insert")
            clients.push_back(std::make_unique<Insert>(url, rows));
        else if (workload == "copy")
            clients.push_back(std::make_unique<Copy>(url, rows));
        else if (workload == "read")
            clients.push_back(std::make_unique<Read>(url, task));
    }
    return clients;
}

} // namespace bench
