#include "libpq_client.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

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

void append_field(std::string& out, std::string_view bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    for (const int shift : {24, 16, 8, 0})
        out += static_cast<char>(size >> shift);
    out += bytes;
}

/// A million rows by psql's \copy of a file in the binary format: a psql for each turn, whose start is a part of it.
class PsqlCopy final : public Client {
public:
    explicit PsqlCopy(const std::string& url) : Client(url) {
        prepare("nothing", "SELECT");
        const int file = ::mkstemp(file_.data());
        if (file < 0)
            throw std::runtime_error{"no temporary file"};
        std::unique_ptr<std::FILE, int (*)(std::FILE*)> out{::fdopen(file, "w"), &std::fclose};
        std::string encoded("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
        for (int row = 0; row < copied_rows; ++row) {
            encoded.append("\0\3", 2);
            append_field(encoded, Parameters{}.int8(row).bytes(0));
            append_field(encoded, "entry number " + std::to_string(row));
            append_field(encoded, Parameters{}.int8(row).bytes(0));
        }
        encoded.append("\377\377", 2);
        if (std::fwrite(encoded.data(), 1, encoded.size(), out.get()) != encoded.size())
            throw std::runtime_error{"the temporary file is cut short"};
        command_ = "psql -qX -v ON_ERROR_STOP=1 '" + url +
                   "' -c BEGIN -c 'TRUNCATE bench_copied' -c \"\\copy bench_copied from '" + file_ +
                   "' with (format binary)\" -c COMMIT";
    }
    ~PsqlCopy() override { ::unlink(file_.c_str()); }
    void step(int) override {
        if (std::system(command_.c_str()) != 0) // NOLINT: made here
            throw std::runtime_error{"psql has failed"};
        send("nothing");
    }
    [[nodiscard]] int steps() const noexcept override { return 1; }
    void receive(int, const PGresult*) override {}

private:
    std::string file_{"/tmp/corm-bench-XXXXXX"};
    std::string command_;
};

/// COPY with keys from the sequence, or with keys that only the server gets to know.
class Copy final : public Client {
public:
    enum class Keys { wanted, left_to_server };
    Copy(const std::string& url, int rows, Keys keys) : Client(url), rows_(rows), keys_(keys) {
        prepare("begin", "BEGIN");
        prepare("commit", "COMMIT");
        prepare("keys", "SELECT nextval('bench_entries_id_seq') FROM generate_series(1, $1::int4)");
    }
    void step(int number) override {
        if (number == 0)
            send("begin");
        else if (number == 1 && keys_ == Keys::wanted)
            send("keys", Parameters{}.int4(rows_));
        else if (number < steps() - 1)
            copy();
        else
            send("commit");
    }
    [[nodiscard]] int steps() const noexcept override { return keys_ == Keys::wanted ? 4 : 3; }
    void receive(int number, const PGresult* result) override {
        if (number != 1 || keys_ == Keys::left_to_server)
            return;
        ids_.clear();
        for (int row = 0; row < rows_; ++row)
            ids_.push_back(read_int8(result, row, 0));
    }

private:
    void copy() {
        std::string encoded("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
        for (int row = 0; row < rows_; ++row) {
            const std::string name = "entry number " + std::to_string(row);
            encoded.append(keys_ == Keys::wanted ? "\0\3" : "\0\2", 2);
            if (keys_ == Keys::wanted)
                append_field(encoded, Parameters{}.int8(ids_[static_cast<std::size_t>(row)]).bytes(0));
            append_field(encoded, name);
            append_field(encoded, Parameters{}.int8(row).bytes(0));
        }
        encoded.append("\377\377", 2);
        Client::copy(keys_ == Keys::wanted ? "COPY bench_entries (id, name, amount) FROM STDIN (FORMAT binary)"
                                           : "COPY bench_entries (name, amount) FROM STDIN (FORMAT binary)",
                     encoded);
    }
    int rows_;
    Keys keys_;
    std::vector<std::int64_t> ids_;
};

/// Two rows locked in the order of their keys, changed, and a line of the ledger: six statements, one at a time.
class Transfers final : public Client {
public:
    Transfers(const std::string& url, int number) : Client(url), random_(number) {
        prepare("begin", "BEGIN");
        prepare("commit", "COMMIT");
        prepare("lock", "SELECT id, amount FROM bench_balances WHERE id = ANY ($1::int8[]) ORDER BY id FOR UPDATE");
        prepare("update", "UPDATE bench_balances SET amount = $2::int8 WHERE id = $1::int8");
        prepare("insert", "INSERT INTO bench_ledger (from_id, to_id, amount) VALUES ($1::int8, $2::int8, $3::int8) "
                          "RETURNING id");
    }
    void step(int number) override {
        switch (number) {
        case 0: pair_ = transfer(random_); return send("begin");
        case 1: return send("lock", Parameters{}.array(std::array{pair_.first, pair_.second}));
        case 2:
        case 3: {
            const auto& [id, amount] = rows_[static_cast<std::size_t>(number - 2)];
            return send("update", Parameters{}.int8(id).int8(amount + (id == pair_.first ? -1 : 1)));
        }
        case 4: return send("insert", Parameters{}.int8(pair_.first).int8(pair_.second).int8(1));
        default: return send("commit");
        }
    }
    [[nodiscard]] int steps() const noexcept override { return 6; }
    void receive(int number, const PGresult* result) override {
        if (number == 4)
            line_ = read_int8(result, 0, 0);
        if (number != 1)
            return;
        if (PQntuples(result) != 2)
            throw std::runtime_error{"bench_balances lacks rows"};
        for (int row = 0; row < 2; ++row)
            rows_[static_cast<std::size_t>(row)] = {read_int8(result, row, 0), read_int8(result, row, 1)};
    }

private:
    struct Row {
        std::int64_t id = 0;
        std::int64_t amount = 0;
    };
    Random random_;
    std::pair<std::int64_t, std::int64_t> pair_;
    std::array<Row, 2> rows_{};
    volatile std::int64_t line_ = 0;
};

} // namespace

std::unique_ptr<Client> writing_client(std::string_view workload, const std::string& url, int number, int clients) {
    if (workload == "uow_10")
        return std::make_unique<UnitOfWork>(url, number, clients, Load::one_select);
    if (workload == "uow_10_ten_selects")
        return std::make_unique<UnitOfWork>(url, number, clients, Load::one_by_one);
    if (workload == "uow_10_pipelined")
        return std::make_unique<PipelinedUnitOfWork>(url, number, clients);
    if (workload == "transfers")
        return std::make_unique<Transfers>(url, number);
    if (workload == "insert_1000")
        return std::make_unique<Insert>(url, 1'000);
    if (workload == "copy_in_1m")
        return std::make_unique<PsqlCopy>(url);
    if (workload == "insert_10k" ||
        workload == "insert_bulk_10k") // the least that these rows cost a client: their keys stay on the server
        return std::make_unique<Copy>(url, 10'000, Copy::Keys::left_to_server);
    if (workload == "insert_10k_unnest")
        return std::make_unique<Insert>(url, 10'000);
    if (workload == "insert_10k_copy_with_keys")
        return std::make_unique<Copy>(url, 10'000, Copy::Keys::wanted);
    return nullptr;
}

} // namespace bench
