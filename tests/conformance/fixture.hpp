// What the cases share: their tables, a database, an engine that lists its statements, and a second connection.
#pragma once

#include "support/caught.hpp"
#include "support/coroutine.hpp"
#include "support/server.hpp"

#include <corm/corm.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/describe/class.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conformance {

using corm::Freshness;
using corm::ObjectState;
using corm::test::caught;
using corm::test::failure;

struct User {
    std::int64_t id = 0;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, name))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::table<User>("users").primary_key<&User::id>();
}

struct Address {
    std::int64_t id = 0;
    std::optional<std::int64_t> user_id{};
    std::string email;
};
BOOST_DESCRIBE_STRUCT(Address, (), (id, user_id, email))
constexpr auto corm_mapping(corm::type<Address>) {
    return corm::table<Address>("addresses").primary_key<&Address::id>().references<User>();
}

struct Node {
    std::int64_t id = 0;
    std::optional<std::int64_t> parent_id{};
    std::string data{};
};
BOOST_DESCRIBE_STRUCT(Node, (), (id, parent_id, data))
constexpr auto corm_mapping(corm::type<Node>) {
    return corm::table<Node>("nodes").primary_key<&Node::id>();
}

/// A versioned row.
struct Foo {
    std::int64_t id = 0;
    std::int32_t version_id = 1;
    std::string value;
};
BOOST_DESCRIBE_STRUCT(Foo, (), (id, version_id, value))
constexpr auto corm_mapping(corm::type<Foo>) {
    return corm::table<Foo>("foo").primary_key<&Foo::id>().version<&Foo::version_id>();
}

/// A natural key.
struct Named {
    std::string name;
    std::int32_t age = 0;
};
BOOST_DESCRIBE_STRUCT(Named, (), (name, age))
constexpr auto corm_mapping(corm::type<Named>) {
    return corm::table<Named>("named").primary_key<&Named::name>();
}

/// A composite key.
struct Publisher {
    std::int32_t code = 0;
    std::int32_t status = 0;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Publisher, (), (code, status, name))
constexpr auto corm_mapping(corm::type<Publisher>) {
    return corm::table<Publisher>("publishers").primary_key<&Publisher::code, &Publisher::status>();
}

inline constexpr const char* schema = R"(
    create table users (id bigserial primary key, name text not null);
    create table addresses (id bigserial primary key, user_id bigint references users, email text not null);
    create table nodes (id bigserial primary key, parent_id bigint references nodes, data text);
    create table foo (id bigserial primary key, version_id int not null, value text not null);
    create table named (name text primary key, age int not null);
    create table publishers (code int, status int, name text not null, primary key (code, status));
)";

/// The users and addresses that most cases start from.
inline constexpr const char* stock = R"(
    insert into users values (7, 'jack'), (8, 'ed'), (9, 'fred'), (10, 'chuck');
    insert into addresses values (1, 7, 'jack@bean.com'), (2, 8, 'ed@wood.com'), (3, 8, 'ed@bettyboop.com'),
                                 (4, 8, 'ed@lala.com'), (5, 9, 'fred@fred.com');
    select setval('users_id_seq', 100), setval('addresses_id_seq', 100);
)";

/// Lists the statements of an engine.
class Recorder final : public corm::trace::Tracer {
public:
    void statement(const corm::trace::StatementFinish& finished) noexcept override {
        const std::scoped_lock lock{mutex_};
        statements_.emplace_back(finished.sql);
    }
    void notice(std::string_view text, corm::SqlState) noexcept override {
        const std::scoped_lock lock{mutex_};
        notices_.emplace_back(text);
    }
    [[nodiscard]] std::vector<std::string> take_statements() {
        const std::scoped_lock lock{mutex_};
        return std::exchange(statements_, {});
    }
    [[nodiscard]] std::vector<std::string> take_notices() {
        const std::scoped_lock lock{mutex_};
        return std::exchange(notices_, {});
    }

private:
    std::mutex mutex_;
    std::vector<std::string> statements_;
    std::vector<std::string> notices_;
};

using List = std::vector<std::string>;

/// "INSERT users" for the statement of a flush, "LOCK users" for the lock ahead of one, "SELECT users" for a read;
/// empty for the commands of a transaction.
inline std::string in_short(const std::string& sql) {
    const auto table_behind = [&sql](std::string_view words) -> std::string {
        const std::size_t at = sql.find(words);
        if (at == std::string::npos)
            return {};
        const std::size_t begin = at + words.size() + (sql[at + words.size()] == '"' ? 1 : 0);
        return sql.substr(begin, sql.find_first_of("\" ;", begin) - begin);
    };
    constexpr std::pair<std::string_view, std::string_view> writes[] = {
        {"INSERT INTO ", "INSERT "}, {"DELETE FROM ", "DELETE "}, {"UPDATE ", "UPDATE "}};
    if (sql.starts_with("BEGIN") || sql.starts_with("COMMIT") || sql.starts_with("ROLLBACK"))
        return {};
    if (sql.starts_with("SELECT FROM "))
        return "LOCK " + table_behind("FROM ");
    if (sql.starts_with("SELECT "))
        return "SELECT " + table_behind("FROM ");
    for (const auto& [words, verb] : writes) {
        if (const std::string table = table_behind(words); !table.empty())
            return std::string{verb} + table;
    }
    return sql;
}

/// The one database of the program, emptied: making one for each case would take most of the time.
inline const corm::test::Database& empty_database(const std::string& setup) {
    static const corm::test::Database database;
    database.query("drop schema public cascade; create schema public;" + setup);
    return database;
}

/// A database with `schema`, an engine on a context of its own, and a connection beside it.
class Fixture {
public:
    explicit Fixture(const std::string& setup = {}, corm::EngineOptions options = {})
        : database(empty_database(schema + setup)), recorder(std::make_shared<Recorder>()),
          engine(context.get_executor(), database.url(), traced(std::move(options), recorder)) {}

    /// Runs a coroutine to its end, and rethrows.
    template <class Coroutine>
    void run(Coroutine coroutine) {
        corm::test::run_coroutine(context, std::move(coroutine));
    }

    /// The first field of a query on a connection of its own.
    std::string query(const std::string& sql) const { return database.query(sql); }

    /// The statements since the last call, in short and without BEGIN, COMMIT and ROLLBACK.
    List statements() {
        List list;
        for (const std::string& sql : recorder->take_statements()) {
            if (std::string text = in_short(sql); !text.empty())
                list.push_back(std::move(text));
        }
        return list;
    }
    /// Their number.
    std::size_t sql() { return statements().size(); }

    const corm::test::Database& database;
    boost::asio::io_context context;
    std::shared_ptr<Recorder> recorder;
    corm::Engine engine;

private:
    static corm::EngineOptions traced(corm::EngineOptions options, std::shared_ptr<Recorder> recorder) {
        options.tracer = std::move(recorder);
        return options;
    }
};

/// True if an operation failed with an `E`.
template <class E>
[[nodiscard]] bool threw(const std::exception_ptr& error) {
    try {
        if (error)
            std::rethrow_exception(error);
    } catch (const E&) {
        return true;
    } catch (const std::exception& other) {
        UNSCOPED_INFO("thrown instead: " << other.what());
    }
    return false;
}

[[nodiscard]] inline std::string message_of(const std::exception_ptr& error) {
    return caught<corm::Error>(error).what();
}

/// What a call without I/O throws, as text; "nothing" if it does not.
template <class Call>
[[nodiscard]] std::string refusal(Call call) {
    try {
        call();
    } catch (const corm::Error& error) {
        return error.what();
    }
    return "nothing";
}

template <class T>
[[nodiscard]] ObjectState state_of(const corm::Ref<T>& ref) {
    return corm::inspect(ref).state();
}
template <class T>
[[nodiscard]] Freshness freshness_of(const corm::Ref<T>& ref) {
    return corm::inspect(ref).freshness();
}

} // namespace conformance
