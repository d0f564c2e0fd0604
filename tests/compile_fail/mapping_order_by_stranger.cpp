// expect: corm: order_by takes a member of type corm::Many and, to order it by, described members of its target that
// hold a value, or corm::descending of them
#include "mapping_entities.hpp"

struct Page;
struct Book {
    std::int64_t id = 0;
    corm::mapping::Many<Page> pages{};
};
BOOST_DESCRIBE_STRUCT(Book, (), (id, pages))
struct Page {
    std::int64_t id = 0;
    std::int64_t book_id = 0;
    corm::mapping::One<Book> book{};
};
BOOST_DESCRIBE_STRUCT(Page, (), (id, book_id, book))
constexpr auto corm_mapping(corm::type<Page>) {
    return corm::mapping::table<Page>("pages").primary_key<&Page::id>().many_to_one<&Page::book, &Page::book_id>();
}
constexpr auto corm_mapping(corm::type<Book>) {
    return corm::mapping::table<Book>("books")
        .primary_key<&Book::id>()
        .one_to_many<&Book::pages, &Page::book_id>()
        .order_by<&Book::pages, &Line::article>();
}
const auto& mapper = corm::mapping::mapper_of<Book>();
