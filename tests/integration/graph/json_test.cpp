// Objects that were read from a server, as JSON.
#include "graph.hpp"

#include <corm/json.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace graph_test;
using corm::to_json_text;

TEST_CASE("relations that a query asked for are in the document, others are not, and nothing is read for it",
          "[graph][json][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto all = co_await session.all(corm::select<Author>()
                                                  .order_by(corm::asc<&Author::id>)
                                                  .with<&Author::books, &Book::tags>()
                                                  .with<&Author::profile>());
        static_cast<void>(g.round_trips());
        CHECK(to_json_text(all) ==
              R"([{"id":1,"name":"Ada","version":0,"books":[)"
              R"({"id":1,"author_id":1,"title":"one","author":1,"tags":[{"id":1,"label":"red"},)"
              R"({"id":2,"label":"blue"}]},)"
              R"({"id":2,"author_id":1,"title":"two","author":1,"tags":[{"id":2,"label":"blue"}]}],)"
              R"("profile":{"id":1,"author_id":1,"motto":"onwards","author":1}},)"
              R"({"id":2,"name":"Bob","version":0,"books":[)"
              R"({"id":3,"author_id":2,"title":"three","author":2,"tags":[]}],"profile":null},)"
              R"({"id":3,"name":"Cyd","version":0,"books":[],"profile":null}])");
        CHECK(g.round_trips() == 0);
    });
    // The same graph from the other end, and after its session.
    std::vector<Ref<Tag>> tags;
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        tags = co_await session.all(corm::select<Tag>().order_by(corm::asc<&Tag::id>).limit(1));
        co_await session.load(tags, corm::load<&Tag::books, &Book::author>);
        co_await session.commit();
    });
    CHECK(to_json_text(tags) == R"([{"id":1,"label":"red","books":[{"id":1,"author_id":1,"title":"one",)"
                                R"("author":{"id":1,"name":"Ada","version":0}}]}])");
}

TEST_CASE("a tree that was read step by step", "[graph][json][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'root'), (1, 'a'), (1, 'b'), (2, 'aa');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1);
        CHECK(to_json_text(root) == R"({"id":1,"parent_id":null,"name":"root","parent":null})");
        co_await session.load(root, corm::load<&Node::children, &Node::children>);
        CHECK(to_json_text(root) == R"({"id":1,"parent_id":null,"name":"root","parent":null,"children":[)"
                                    R"({"id":2,"parent_id":1,"name":"a","parent":1,"children":[)"
                                    R"({"id":4,"parent_id":2,"name":"aa","parent":2}]},)"
                                    R"({"id":3,"parent_id":1,"name":"b","parent":1,"children":[]}]})");
    });
}
