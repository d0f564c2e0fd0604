// Relations from foreign keys: which there are, and between what.
#include "relations.hpp"

using namespace corm::test;

TEST_CASE("a foreign key is a relation at both ends", "[schema][unit]") {
    const Database database = model({table("author", {"id"}, {"id"}), with(table("book", {"id", "author_id"}, {"id"}),
                                                                           reference({"author_id"}, "author"))});
    const std::vector<Relation> relations = derive_relations(database);
    REQUIRE(relations.size() == 2);
    CHECK(relations[0] == Relation{.kind = RelationKind::one_to_many,
                                   .name = "books",
                                   .table = {"s", "author"},
                                   .target = {"s", "book"},
                                   .columns = {"id"},
                                   .target_columns = {"author_id"},
                                   .foreign_key = "author_id_fkey"});
    CHECK(relations[1] == Relation{.kind = RelationKind::many_to_one,
                                   .name = "author",
                                   .table = {"s", "book"},
                                   .target = {"s", "author"},
                                   .columns = {"author_id"},
                                   .target_columns = {"id"},
                                   .foreign_key = "author_id_fkey"});
}

TEST_CASE("a reference that may not be NULL is not optional", "[schema][unit]") {
    Table book = with(table("book", {"id", "author_id"}, {"id"}), reference({"author_id"}, "author"));
    book.columns[1].not_null = true;
    const std::vector<Relation> relations = derive_relations(model({table("author", {"id"}, {"id"}), book}));
    CHECK_FALSE(relation(relations, "book", "author").optional);
    CHECK(relation(relations, "author", "books").optional);
}

TEST_CASE("a reference that is unique is to one from both ends", "[schema][unit]") {
    const auto kinds = [](Table passport) {
        const std::vector<Relation> relations = derive_relations(
            model({table("person", {"id"}, {"id"}), with(std::move(passport), reference({"person_id"}, "person"))}));
        return std::pair{relations.at(0).kind, relations.at(1).kind};
    };
    const std::pair to_one{RelationKind::one_to_one, RelationKind::one_to_one_inverse};
    const std::pair to_many{RelationKind::many_to_one, RelationKind::one_to_many};
    CHECK(kinds(table("passport", {"person_id"}, {"person_id"})) == to_one);

    Table unique = table("passport", {"id", "person_id"}, {"id"});
    unique.unique = {{.name = "u", .columns = {"person_id"}}};
    CHECK(kinds(unique) == to_one);
    unique.unique[0].columns.push_back("id");
    CHECK(kinds(unique) == to_many);
    unique.unique[0] = {.name = "u", .columns = {"person_id"}, .without_overlaps = true};
    CHECK(kinds(unique) == to_many);

    Table indexed = table("passport", {"id", "person_id"}, {"id"});
    indexed.indexes = {{.name = "i", .unique = true, .terms = {{.column = "person_id"}}}};
    CHECK(kinds(indexed) == to_one);
    Table partial = indexed;
    partial.indexes[0].predicate = "(id > 0)";
    CHECK(kinds(partial) == to_many);
    Table expression = indexed;
    expression.indexes[0].terms = {{.expression = "abs(person_id)"}};
    CHECK(kinds(expression) == to_many);
    Table plain = indexed;
    plain.indexes[0].unique = false;
    CHECK(kinds(plain) == to_many);
}

TEST_CASE("a reference of several columns is unique if some of them are", "[schema][unit]") {
    Table stock = with(table("stock", {"id", "w_a", "w_b"}, {"id"}), reference({"w_a", "w_b"}, "w", {"a", "b"}));
    stock.unique = {{.name = "u", .columns = {"w_b"}}};
    const std::vector<Relation> relations = derive_relations(model({table("w", {"a", "b"}, {"a", "b"}), stock}));
    CHECK(relations.at(0).kind == RelationKind::one_to_one);
    CHECK(relations.at(0).columns == std::vector<std::string>{"w_a", "w_b"});
    CHECK(relations.at(0).target_columns == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a table of pairs is many to many, at both ends", "[schema][unit]") {
    const Database database = model({table("post", {"id"}, {"id"}), table("tag", {"id"}, {"id"}), pairs()});
    const std::vector<Relation> relations = derive_relations(database);
    CHECK(relation(relations, "post", "tags") == Relation{.kind = RelationKind::many_to_many,
                                                          .name = "tags",
                                                          .table = {"s", "post"},
                                                          .target = {"s", "tag"},
                                                          .columns = {"id"},
                                                          .target_columns = {"id"},
                                                          .foreign_key = "post_id_fkey",
                                                          .association = {"s", "post_tag"},
                                                          .association_columns = {"post_id"},
                                                          .association_target_columns = {"tag_id"},
                                                          .association_target_key = "tag_id_fkey"});
    CHECK(relation(relations, "tag", "posts").association_columns == std::vector<std::string>{"tag_id"});
    // The pairs themselves can still be mapped, and nobody has a collection of them.
    CHECK(relation(relations, "post_tag", "post").kind == RelationKind::many_to_one);
    CHECK(relation(relations, "post_tag", "tag").kind == RelationKind::many_to_one);
    CHECK(relations.size() == 4);
}

TEST_CASE("pairs may be of several columns, and of one table", "[schema][unit]") {
    Table pairs = table("link", {"from_a", "from_b", "to_a", "to_b"}, {"to_b", "from_a", "from_b", "to_a"});
    pairs = with(pairs, reference({"from_a", "from_b"}, "node", {"a", "b"}));
    pairs = with(pairs, reference({"to_a", "to_b"}, "node", {"a", "b"}));
    CHECK(is_association(pairs));
    const std::vector<Relation> relations = derive_relations(model({table("node", {"a", "b"}, {"a", "b"}), pairs}));
    CHECK(relation(relations, "node", "to_nodes").association_columns == std::vector<std::string>{"from_a", "from_b"});
    CHECK(relation(relations, "node", "to_nodes").association_target_columns ==
          std::vector<std::string>{"to_a", "to_b"});
    CHECK(relation(relations, "node", "from_nodes").association_columns == std::vector<std::string>{"to_a", "to_b"});
}

TEST_CASE("what is more, or less, than pairs is no table of pairs", "[schema][unit]") {
    CHECK(is_association(pairs()));
    Table more = pairs();
    more.columns.push_back({.name = "since"});
    CHECK_FALSE(is_association(more));
    Table keyless = pairs();
    keyless.primary_key.reset();
    CHECK_FALSE(is_association(keyless));
    Table narrow = pairs();
    narrow.primary_key->columns = {"post_id"};
    CHECK_FALSE(is_association(narrow));
    CHECK_FALSE(is_association(with(pairs(), reference({"tag_id"}, "tag"))));
    Table overlapping = pairs();
    overlapping.foreign_keys[1].columns = {"post_id"};
    CHECK_FALSE(is_association(overlapping));
    CHECK_FALSE(is_association(Table{}));

    const std::vector<Relation> relations =
        derive_relations(model({table("post", {"id"}, {"id"}), table("tag", {"id"}, {"id"}), more}));
    CHECK(relation(relations, "post", "post_tags").kind == RelationKind::one_to_many);
    CHECK(relation(relations, "tag", "post_tags").kind == RelationKind::one_to_many);
}

TEST_CASE("foreign keys to tables that are not in the model make no relation", "[schema][unit]") {
    CHECK(derive_relations(model({pairs()})).empty());
    // What is left of a table of pairs is a plain reference.
    const std::vector<Relation> relations = derive_relations(model({table("tag", {"id"}, {"id"}), pairs()}));
    REQUIRE(relations.size() == 2);
    CHECK(relations[1].kind == RelationKind::one_to_many);
    CHECK(relations[1].name == "post_tags");
}

TEST_CASE("foreign keys that say the same count once", "[schema][unit]") {
    Table book = with(table("book", {"id", "author_id"}, {"id"}), reference({"author_id"}, "author"));
    book.foreign_keys.push_back(book.foreign_keys[0]);
    book.foreign_keys[1].name = "again";
    const std::vector<Relation> relations = derive_relations(model({table("author", {"id"}, {"id"}), book}));
    REQUIRE(relations.size() == 2);
    CHECK(relations[0].foreign_key == "again"); // the first by name
}

TEST_CASE("partitions refer, and are not referred back to", "[schema][unit]") {
    Table part = with(table("book_2025", {"id", "author_id"}, {"id"}), reference({"author_id"}, "author"));
    part.foreign_keys[0].inherited = true;
    const std::vector<Relation> relations = derive_relations(model({table("author", {"id"}, {"id"}), part}));
    REQUIRE(relations.size() == 1);
    CHECK(relations[0].name == "author");
}

TEST_CASE("the relations of one table are found", "[schema][unit]") {
    const std::vector<Relation> relations =
        derive_relations(model({table("post", {"id"}, {"id"}), table("tag", {"id"}, {"id"}), pairs()}));
    CHECK(relations_of(relations, {"s", "post"}).size() == 1);
    CHECK(relations_of(relations, {"s", "post_tag"}).size() == 2);
    CHECK(relations_of(relations, {"s", "post_tag"}).data() == &relations[1]);
    CHECK(relations_of(relations, {"s", "nobody"}).empty());
}
