// Flushes of large collections. What looks through all of a collection for each of its objects takes minutes here.
#include "unit/uow/graph.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace graph_test;
using uow_test::outline;
using uow_test::Outline;

namespace {

constexpr std::int64_t many = 50'000;

/// Reads a collection of so many rows, each of which has `fill` append its columns.
template <auto Member, class T, class Row>
void load_many(const std::shared_ptr<Session>& session, const Ref<T>& owner, Row row) {
    load<Member>(session, owner, [&](corm::test::EncodedRows& rows) {
        for (std::int64_t id = 1; id <= many; ++id)
            row(rows, id);
    });
}
void load_tags(const std::shared_ptr<Session>& session, const Ref<Book>& book) {
    load_many<&Book::tags>(session, book, [](corm::test::EncodedRows& rows, std::int64_t id) {
        rows.row(id, std::string{"tag"}, std::int64_t{1});
    });
}
void load_books(const std::shared_ptr<Session>& session, const Ref<Author>& author) {
    load_many<&Author::books>(session, author, [&](corm::test::EncodedRows& rows, std::int64_t id) {
        rows.row(id, author->id, std::string{"book"}, std::int64_t{1});
    });
}
template <class T>
std::vector<Ref<T>> all_of(const corm::mapping::Many<T>& collection) {
    return {collection.begin(), collection.end()};
}

} // namespace

TEST_CASE("one object more and one less in a large collection of pairs", "[uow][unit]") {
    const auto session = Session::create();
    const Ref<Book> notes = book(session, 1);
    load_tags(session, notes);
    const Ref<Tag> fresh = tag(session, many + 1), first = find<Tag>(session, 1);
    notes.edit().tags.push_back(fresh);
    CHECK(notes.edit().tags.remove(first));
    const auto history = corm::orm::inspect(notes).history<&Book::tags>();
    CHECK(history.added == std::vector{fresh});
    CHECK(history.unchanged.size() == many - 1);
    CHECK(history.deleted == std::vector{first});
    CHECK(outline(session->uow.plan()) == Outline{"insert book_tags 1", "remove book_tags 1"});
}

TEST_CASE("one child more and one less in a large collection whose children do not know their parent", "[uow][unit]") {
    const auto session = Session::create();
    corm::test::EncodedRows rows{{{"year", uow_test::oids::int4}, {"number", uow_test::oids::int4}}};
    rows.row(std::int32_t{2024}, std::int32_t{7});
    const Ref<Sheet> sheet{session->attach<Sheet>(rows)};
    load_many<&Sheet::cells>(session, sheet, [](corm::test::EncodedRows& cells, std::int64_t id) {
        cells.row(id, std::int32_t{2024}, std::int32_t{7}, std::int64_t{1});
    });
    const Ref<Cell> first = find<Cell>(session, 1), fresh = added(session, Cell{});
    sheet.edit().cells.push_back(fresh);
    CHECK(sheet.edit().cells.remove(first));
    CHECK(outline(session->uow.plan()) == Outline{"update cells 1", "insert cells 1"});
    CHECK(fresh->sheet_number == 7);
    CHECK_FALSE(first->sheet_number);
}

TEST_CASE("most children of a parent that stays are removed", "[uow][unit]") {
    const auto session = Session::create();
    const Ref<Author> ada = author(session, 1);
    load_books(session, ada);
    const std::vector<Ref<Book>> books = all_of(ada->books);
    for (const Ref<Book>& book : books) {
        if (book != books.front())
            session->uow.remove(book.instance(), {});
    }
    session->flush();
    CHECK(all_of(ada->books) == std::vector{books.front()});
    // A rollback brings them back.
    session->uow.rolled_back();
    CHECK(all_of(ada->books) == books);
}
