// What the generated programs of check_generated.py are made with.
#pragma once

#include <corm/corm.hpp>
#include <corm/orm/verification.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

/// Prints how many rows of the table there are, three at most, once each relation of them was loaded.
template <class T, auto... Relations>
corm::Task<> read_table(corm::AsyncSession& session, const char* name) {
    const std::vector<corm::Ref<T>> rows = co_await session.all(corm::select<T>().limit(3));
    (co_await session.load(rows, corm::load<Relations>), ...);
    for (const corm::Ref<T>& row : rows) {
        if (!(((*row).*Relations).is_loaded() && ... && true))
            throw corm::Error("a relation is not loaded");
    }
    std::printf("%s %zu\n", name, rows.size());
}

/// A program that reads the database at `url`, and finds nothing in which the mappings differ from it.
template <class... Structs>
int run_reader(const char* url, corm::Task<> (*read)(corm::AsyncSession&)) {
    boost::asio::io_context context{1};
    corm::Engine engine{context.get_executor(), url};
    std::exception_ptr failure;
    boost::asio::co_spawn(
        context,
        [&]() -> corm::Task<> {
            const corm::schema::Verification found = co_await corm::verify<Structs...>(engine);
            found.require();
            corm::AsyncSession session{engine};
            co_await read(session);
        },
        [&](std::exception_ptr error) { failure = std::move(error); });
    context.run();
    try {
        if (failure)
            std::rethrow_exception(failure);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
