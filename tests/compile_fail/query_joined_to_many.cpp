// expect: corm: a join reads members of type corm::One; a corm::Many is read behind the query, by with<>()
#include "query_entities.hpp"

struct Page;
struct Book {
    std::int64_t id = 0;
    corm::mapping::Many<Page> pages{};
};
BOOST_DESCRIBE_STRUCT(Book, (), (id, pages))
struct Page {
    std::int64_t id = 0;
    std::int64_t book_id = 0;
};
BOOST_DESCRIBE_STRUCT(Page, (), (id, book_id))
constexpr auto corm_mapping(corm::type<Page>) {
    return corm::mapping::table<Page>("pages").primary_key<&Page::id>();
}
constexpr auto corm_mapping(corm::type<Book>) {
    return corm::mapping::table<Book>("books").primary_key<&Book::id>().one_to_many<&Book::pages, &Page::book_id>();
}
const auto query = corm::query::select<Book>().with_joined<&Book::pages>();
