#include <corm/corm.hpp>
#include <corm/dev/postgres_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/describe.hpp>

#include <iostream>

struct User {
    std::int64_t id = 0; // 0: the database gives one
    std::string name;
    std::optional<std::string> email{};
    std::int32_t age = 0;
    std::int32_t version = 0; // counted by corm: nobody overwrites a change they have not seen
};
BOOST_DESCRIBE_STRUCT(User, (), (id, name, email, age, version))

constexpr auto corm_mapping(corm::type<User>) {
    return corm::table<User>("quickstart_users").primary_key<&User::id>().version<&User::version>();
}

corm::Task<> birthday(corm::Engine& engine, std::int64_t id) {
    corm::AsyncSession session{engine}; // no I/O yet
    corm::Ref<User> user = co_await session.get_one<User>(id, corm::for_update);
    user.edit().age += 1;
    co_await session.commit(); // UPDATE and COMMIT in one round trip
} // not committed: rolled back, and the connection goes back to the pool

corm::Task<> program(corm::Engine& engine) {
    corm::AsyncSession session{engine};
    co_await session.execute(corm::raw_sql("DROP TABLE IF EXISTS quickstart_users"));
    co_await session.execute(corm::raw_sql(
        "CREATE TABLE quickstart_users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,"
        " email text, age int NOT NULL, version int NOT NULL)"));
    corm::Ref<User> ada = session.add(User{.name = "Ada", .email = "ada@example.org", .age = 36});
    session.add_all({User{.name = "Alan", .age = 41}, User{.name = "Grace", .age = 85}});
    co_await session.commit();

    co_await birthday(engine, ada->id);

    const auto older = corm::select<User>().where(corm::col<&User::age> > 36).order_by(corm::asc<&User::name>);
    for (const corm::Ref<User>& user : co_await session.all(older))
        std::cout << user->name << " is " << user->age << '\n';
}

int main() {
    const auto server = corm::dev::PostgresServer::from_environment(); // CORM_DATABASE_URL, or a private one
    boost::asio::io_context context;
    corm::Engine engine{context.get_executor(), server.url()};
    boost::asio::co_spawn(context, program(engine), [](std::exception_ptr error) {
        if (error)
            std::rethrow_exception(error);
    });
    context.run();
}
