// The session suite: what cases of tests/conformance say of structs, of structs and of records alike.
#pragma once

#include "conformance/fixture.hpp"
#include "support/library/records.hpp"
#include "support/library/structs.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>

namespace twice {

using Catch::Matchers::ContainsSubstring;
using conformance::freshness_of;
using conformance::List;
using conformance::message_of;
using conformance::refusal;
using conformance::state_of;
using conformance::threw;
using corm::Freshness;
using corm::ObjectState;
using corm::test::caught;
using corm::test::failure;
using library::Kind;
using library::Records;
using library::Structs;

/// What most cases start from. New rows have keys above 100.
inline constexpr const char* stock = R"(
    insert into authors values (7, 'jack', 1), (8, 'ed', 1), (9, 'fred', 1), (10, 'chuck', 1);
    insert into books values (1, 7, 'j1'), (2, 8, 'e1'), (3, 8, 'e2'), (4, 8, 'e3'), (5, 9, 'f1');
    insert into pages values (1, 2, 'p1'), (2, 2, 'p2'), (3, 3, 'p3');
    insert into tags values (1, 'red'), (2, 'blue');
    insert into book_tags values (2, 1), (2, 2), (3, 1);
    insert into shelves values (1, null, 'top'), (2, 1, 'middle'), (3, 1, 'side'), (4, 2, 'low');
    select setval('authors_id_seq', 100), setval('books_id_seq', 100), setval('pages_id_seq', 100),
           setval('tags_id_seq', 100), setval('shelves_id_seq', 100);
)";

/// The library in a database, and the way to it.
template <class Mapping>
class Fixture : public conformance::Fixture {
    template <Kind K>
    using Table = typename Mapping::template Table<K>;

public:
    explicit Fixture(const std::string& setup = stock, corm::EngineOptions options = {})
        : conformance::Fixture(library::schema + setup, std::move(options)) {}

    const Mapping mapping{};
    const Table<Kind::author>& authors = mapping.template table<Kind::author>();
    const Table<Kind::book>& books = mapping.template table<Kind::book>();
    const Table<Kind::page>& pages = mapping.template table<Kind::page>();
    const Table<Kind::tag>& tags = mapping.template table<Kind::tag>();
    const Table<Kind::shelf>& shelves = mapping.template table<Kind::shelf>();
};

/// An author whose books are read, or a book whose pages are.
template <class Table>
corm::Task<typename Table::Ref> with_children(const Table& table, const corm::AsyncSession& session, std::int64_t key) {
    auto ref = co_await table.get_one(session, key);
    co_await session.load(ref, table.children_load());
    co_return ref;
}

/// Texts of objects, in their order.
template <class Table, class Objects>
std::string texts(const Table& table, const Objects& objects) {
    std::string all;
    for (const auto& object : objects)
        all += (all.empty() ? "" : " ") + table.text(*object);
    return all;
}

} // namespace twice
