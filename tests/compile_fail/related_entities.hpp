// Structs with relations, for the query_*.cpp cases of these.
#pragma once

#include "query_entities.hpp"

#include <corm/orm/ref.hpp>
#include <corm/query/related.hpp>

struct Page;
struct Book {
    std::int64_t id = 0;
    std::string title;
    corm::mapping::Many<Page> pages{};
};
BOOST_DESCRIBE_STRUCT(Book, (), (id, title, pages))
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
    return corm::mapping::table<Book>("books").primary_key<&Book::id>().one_to_many<&Book::pages, &Page::book_id>();
}
