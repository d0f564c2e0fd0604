// States, membership and identity.
#include "fixture.hpp"

using namespace twice;

namespace {

/// True if somebody other than the handle keeps the object.
template <class Ref>
bool is_kept(const Ref& ref) {
    return ref.instance().use_count() > 1;
}

} // namespace

TEMPLATE_TEST_CASE("every move leads to its state, and membership agrees", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto stands = [&session](const auto& ref, ObjectState state, bool inside) {
            return state_of(ref) == state && session.contains(ref) == inside;
        };
        const auto author = session.add(f.authors.make("u"));
        CHECK(stands(author, ObjectState::pending, true));
        co_await session.rollback();
        CHECK(stands(author, ObjectState::transient, false));
        session.add(author);
        co_await session.flush();
        CHECK(stands(author, ObjectState::persistent, true));
        co_await session.rollback();
        CHECK(stands(author, ObjectState::transient, false));
        f.authors.set_key(author.edit(), 0);
        session.add(author);
        session.expunge(author);
        CHECK(stands(author, ObjectState::transient, false));
        session.add(author);
        co_await session.commit();
        CHECK(stands(author, ObjectState::persistent, true));
        session.expunge(author);
        CHECK(stands(author, ObjectState::detached, false));
        session.add(author);
        CHECK(stands(author, ObjectState::persistent, true));
        session.expunge_all();
        CHECK(stands(author, ObjectState::detached, false));
        session.add(author);
        session.remove(author);
        CHECK(stands(author, ObjectState::persistent, true)); // marked only
        co_await session.flush();
        CHECK(stands(author, ObjectState::deleted, false));
        co_await session.rollback();
        CHECK(stands(author, ObjectState::persistent, true));
        session.remove(author);
        co_await session.commit();
        CHECK(stands(author, ObjectState::detached, false));
        const auto loaded = co_await f.authors.get_one(session, 7);
        CHECK(stands(loaded, ObjectState::persistent, true));
        co_await session.close();
        CHECK(stands(loaded, ObjectState::detached, false));
    });
    CHECK(f.query("select count(*) from authors where id > 100") == "0");
}

TEMPLATE_TEST_CASE("a deleted object can only come back by rollback or as a new one", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto low = co_await f.shelves.get_one(session, 4);
        session.remove(low);
        co_await session.flush();
        CHECK_FALSE(session.contains(low));
        CHECK_THAT(refusal([&] { session.add(low); }),
                   ContainsSubstring(f.shelves.name) && ContainsSubstring("was deleted"));
        co_await session.rollback();
        CHECK(session.contains(low));
        session.remove(low);
        co_await session.commit();
        CHECK_FALSE(session.contains(low));
        CHECK_THAT(refusal([&] { session.add(low); }),
                   ContainsSubstring("was deleted") && ContainsSubstring("make_transient"));
        CHECK_THAT(refusal([&] { session.remove(low); }), ContainsSubstring("was deleted"));
        CHECK(f.query("select count(*) from shelves") == "3");
        corm::make_transient(low);
        session.add(low);
        f.statements();
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT shelves"});
    });
    CHECK(f.query("select text from shelves where id = 4") == "low");
}

TEMPLATE_TEST_CASE("a deleted object has its session until the commit", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto chuck = co_await f.authors.get_one(session, 10);
        session.remove(chuck);
        co_await session.flush();
        CHECK(state_of(chuck) == ObjectState::deleted);
        CHECK(corm::inspect(chuck).has_session());
        f.statements();
        session.remove(chuck); // sends nothing more
        co_await session.commit();
        CHECK(f.sql() == 0);
        CHECK(state_of(chuck) == ObjectState::detached);
        CHECK_FALSE(corm::inspect(chuck).has_session());
    });
    CHECK(f.query("select count(*) from authors") == "3");
}

TEMPLATE_TEST_CASE("an object that was expunged stays out after a rollback", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = session.add(f.authors.make("u"));
        co_await session.flush();
        session.expunge(author);
        co_await session.rollback();
        CHECK_FALSE(session.contains(author));
        CHECK(f.authors.text(*author) == "u");
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from authors") == "0");
}

TEMPLATE_TEST_CASE("make_transient lets an object start over", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7);
        corm::make_transient(jack);
        CHECK_FALSE(session.contains(jack));
        session.add(jack);
        CHECK(state_of(jack) == ObjectState::pending);
        session.expunge(jack);

        const auto expired = co_await f.authors.get_one(session, 8);
        session.expire(expired);
        CHECK_THROWS_AS(corm::make_transient(expired), corm::NotLoadedError);
        CHECK(session.contains(expired));

        const auto chuck = co_await f.authors.get_one(session, 10);
        session.remove(chuck);
        co_await session.flush();
        corm::make_transient(chuck);
        co_await session.rollback();
        CHECK(state_of(chuck) == ObjectState::transient);
        CHECK_FALSE(session.contains(chuck));
    });
    CHECK(f.query("select count(*) from authors") == "4");
}

TEMPLATE_TEST_CASE("an object can be taken for one that has a row", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = corm::transient(f.authors.make("", 8));
        corm::make_transient_to_detached(author);
        CHECK(state_of(author) == ObjectState::detached);
        session.add(author);
        CHECK_THROWS_AS(f.authors.text(*author), corm::NotLoadedError);
        co_await session.refresh(author);
        CHECK(f.statements() == List{"SELECT authors"});
        CHECK(f.authors.text(*author) == "ed");
        CHECK(f.authors.version(*author) == 1);
        CHECK(refusal([&] { corm::make_transient_to_detached(author); }) != "nothing");
    });
}

TEMPLATE_TEST_CASE("adding an object twice inserts it once, and adding a marked one keeps it", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = corm::transient(f.authors.make("once"));
        session.add(author);
        session.add(author);
        CHECK(session.new_<typename std::decay_t<decltype(author)>::element_type>() == std::vector{author});
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT authors"});
        const auto jack = co_await f.authors.get_one(session, 7);
        f.statements();
        session.remove(jack);
        CHECK(corm::inspect(jack).is_doomed());
        session.add(jack);
        CHECK_FALSE(corm::inspect(jack).is_doomed());
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select string_agg(text, ' ' order by id) from authors") == "jack ed fred chuck once");
}

TEMPLATE_TEST_CASE("get yields the same object until it is expunged", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto first = co_await f.authors.get_one(session, 7);
        CHECK(f.statements() == List{"SELECT authors"});
        const auto second = co_await f.authors.get_one(session, 7);
        CHECK(f.sql() == 0);
        CHECK(first == second);
        const auto all = co_await session.all(f.authors.select());
        CHECK(all.at(0) == first);
        session.expunge_all();
        f.statements();
        const auto third = co_await f.authors.get_one(session, 7);
        CHECK(f.statements() == List{"SELECT authors"});
        CHECK(third != first);
        CHECK(f.authors.text(*third) == "jack");
        CHECK(state_of(first) == ObjectState::detached);
        const auto none = co_await f.authors.get(session, 19);
        CHECK_FALSE(none);
        const auto missing = co_await failure(f.authors.get_one(session, 19));
        CHECK(threw<corm::NotFoundError>(missing));
        CHECK_THAT(message_of(missing), ContainsSubstring(std::string{f.authors.name} + " with key 19"));
    });
}

TEMPLATE_TEST_CASE("one key is one object in each table", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{"insert into authors values (1, 'author', 0); insert into tags values (1, 'tag');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = co_await f.authors.get_one(session, 1);
        const auto tag = co_await f.tags.get_one(session, 1);
        CHECK(author.instance() != tag.instance());
        CHECK(f.tags.text(*tag) == "tag");
        CHECK(f.authors.text(*author) == "author");
        CHECK(corm::inspect(tag).identity() == "1");
        session.remove(tag);
        co_await session.commit();
        CHECK(session.contains(author));
    });
    CHECK(f.query("select count(*) from authors") == "1");
}

TEMPLATE_TEST_CASE("a second object of an identity is refused until the first has left", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto u1 = session.add(f.tags.make("u1"));
        co_await session.flush();
        session.expunge(u1);
        const auto u2 = co_await f.tags.get_one(session, f.tags.key(*u1));
        CHECK(u2 != u1);
        CHECK_THAT(refusal([&] { session.add(u1); }), ContainsSubstring("in this session already as another object"));
        session.expunge(u2);
        f.tags.set_text(u1.edit(), "from u1");
        f.tags.set_text(u2.edit(), "from u2");
        session.add(u1);
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE tags"});
        co_await session.refresh(u1);
        CHECK(f.tags.text(*u1) == "from u1");
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text, ',') from tags") == "from u1");
}

TEMPLATE_TEST_CASE("an object of one session is refused by another, until that one is gone", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        std::optional<corm::AsyncSession> s1{std::in_place, f.engine};
        corm::AsyncSession s2{f.engine};
        const auto author = co_await f.authors.get_one(*s1, 7);
        f.statements();
        CHECK_THAT(refusal([&] { s2.add(author); }), ContainsSubstring("belongs to another session"));
        CHECK(s1->contains(author));
        CHECK_FALSE(s2.contains(author));
        // Nothing of it is in the map of the second session.
        auto other = co_await f.authors.get_one(s2, 7);
        CHECK(f.sql() == 1);
        CHECK(other != author);
        other = {};
        s1.reset();
        CHECK_FALSE(corm::inspect(author).has_session());
        s2.add(author);
        CHECK(state_of(author) == ObjectState::persistent);
        f.authors.set_text(author.edit(), "moved");
        co_await s2.commit();
    });
    CHECK(f.query("select text from authors where id = 7") == "moved");
}

TEMPLATE_TEST_CASE("the session keeps what it has to write, and nothing else", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto transient = corm::transient(f.authors.make("t"));
        f.authors.set_text(transient.edit(), "changed");
        CHECK_FALSE(is_kept(transient));

        const auto added = session.add(f.authors.make("pending"));
        CHECK(is_kept(added));
        co_await session.flush();
        CHECK_FALSE(is_kept(added));

        f.authors.set_text(added.edit(), "dirty");
        CHECK(is_kept(added));
        co_await session.flush();
        CHECK_FALSE(is_kept(added));
        f.authors.set_text(added.edit(), "dirty again");
        session.expunge(added);
        CHECK_FALSE(is_kept(added));
        session.add(added);
        CHECK(is_kept(added));
        session.expire(added);
        CHECK_FALSE(is_kept(added));
        CHECK_FALSE(corm::inspect(added).is_modified());

        const auto chuck = co_await f.authors.get_one(session, 10);
        f.authors.set_text(chuck.edit(), "dirty");
        session.expunge_all();
        CHECK_FALSE(is_kept(chuck));
        session.remove(chuck);
        CHECK(is_kept(chuck));
        co_await session.commit();
        CHECK_FALSE(is_kept(chuck));
    });
    CHECK(f.query("select count(*) from authors where id = 10") == "0");
    CHECK(f.query("select text from authors where id > 100") == "dirty");
}

TEMPLATE_TEST_CASE("parents and children that refer to each other go with their last handle", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        auto ed = co_await with_children(f.authors, session, 8);
        const std::weak_ptr<corm::uow::Instance> author = ed.instance(), book = f.authors.children(*ed)[0].instance();
        CHECK_FALSE(book.expired());
        ed = {};
        CHECK(author.expired());
        CHECK(book.expired());
        const auto again = co_await f.authors.get_one(session, 8);
        CHECK_FALSE(f.authors.children(*again).is_loaded());
    });
}

TEMPLATE_TEST_CASE("every operation copes with objects that are gone", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{"insert into tags (text) select 'u' || n from generate_series(1, 5) n;"};
    using Step = corm::Task<> (*)(corm::AsyncSession&);
    const Step steps[] = {
        [](corm::AsyncSession& session) -> corm::Task<> { co_await session.flush(); },
        [](corm::AsyncSession& session) -> corm::Task<> { co_await session.close(); },
        [](corm::AsyncSession& session) -> corm::Task<> { co_await session.rollback(); },
        [](corm::AsyncSession& session) -> corm::Task<> {
            session.expunge_all();
            co_return;
        },
        [](corm::AsyncSession& session) -> corm::Task<> {
            session.expire_all();
            co_return;
        },
    };
    for (const Step step : steps) {
        f.run([&]() -> corm::Task<> {
            corm::AsyncSession session{f.engine};
            auto tags = co_await session.all(f.tags.select());
            f.tags.set_text(tags[0].edit(), "kept");
            const auto kept = tags[0];
            f.tags.set_text(tags[1].edit(), "gone");
            tags.clear();
            co_await step(session);
            CHECK(session.contains(kept) == (state_of(kept) == ObjectState::persistent));
            co_await session.rollback();
            const auto again = co_await session.scalar(f.tags.count());
            CHECK(again == 5);
        });
    }
    CHECK(f.query("select count(*) from tags where text like 'u_'") == "5");
}

TEMPLATE_TEST_CASE("what is new, changed and marked is listed, and nothing else", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7), ed = co_await f.authors.get_one(session, 8),
                   fred = co_await f.authors.get_one(session, 9);
        using Object = typename std::decay_t<decltype(jack)>::element_type;
        const auto added = session.add(f.authors.make("new"));
        f.authors.set_text(jack.edit(), "edited");
        session.remove(ed);
        CHECK(session.new_<Object>() == std::vector{added});
        CHECK(session.dirty<Object>() == std::vector{jack});
        CHECK(session.deleted<Object>() == std::vector{ed});
        CHECK((session.is_modified(added) && session.is_modified(jack)));
        CHECK_FALSE(session.is_modified(fred));
        co_await session.rollback();
        CHECK((session.new_<Object>().empty() && session.template dirty<Object>().empty() &&
               session.deleted<Object>().empty()));
    });
}
