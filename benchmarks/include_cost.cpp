// What corm costs to compile: the whole public header, two mapped structs and three queries. `tools/bench` divides the
// compiler's time for this file by its time for the same file with CORM_BENCH_BASELINE defined, which keeps only the
// two Boost headers that every user of corm needs anyway.
#ifdef CORM_BENCH_BASELINE
#include <boost/asio/awaitable.hpp>
#include <boost/describe.hpp>
#else
#include <corm/corm.hpp>

#include <boost/describe.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace bench {

struct Author {
    std::int64_t id = 0;
    std::string name;
    std::optional<std::string> email;
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Author, (), (id, name, email, version))

constexpr auto corm_mapping(corm::type<Author>) {
    return corm::table<Author>("authors").primary_key<&Author::id>().version<&Author::version>();
}

struct Book {
    std::int64_t id = 0;
    std::int64_t author_id = 0;
    std::string title;
    double price = 0;
};
BOOST_DESCRIBE_STRUCT(Book, (), (id, author_id, title, price))

constexpr auto corm_mapping(corm::type<Book>) {
    return corm::table<Book>("books").primary_key<&Book::id>();
}

corm::Task<double> raise_prices(corm::Engine& engine, std::int64_t id) {
    corm::AsyncSession session{engine};
    const corm::Ref<Author> author = co_await session.get_one<Author>(id, corm::for_update);
    double sum = 0;
    for (corm::Ref<Book>& book :
         co_await session.all(corm::select<Book>()
                                  .where(corm::col<&Book::author_id> == author->id && corm::col<&Book::price> < 10.0)
                                  .order_by(corm::desc<&Book::id>)
                                  .limit(10)))
        sum += book.edit().price *= 1.1;
    const std::int64_t others =
        co_await session.scalar(corm::count<Book>().where(corm::col<&Book::title>.starts_with("The ")));
    co_await session.commit();
    co_return sum + static_cast<double>(others);
}

} // namespace bench
#endif
