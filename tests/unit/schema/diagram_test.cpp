// Models as diagrams.
#include "relations.hpp"

#include <corm/schema/diagram.hpp>

using namespace corm::test;

namespace {

TypeUse type(std::string name, bool array = false) {
    return {.text = name, .name = {"pg_catalog", std::move(name)}, .array = array};
}

Database library() {
    Table author = table("author", {"id", "name"}, {"id"});
    author.columns[0].type = type("int8");
    author.columns[0].not_null = true;
    author.columns[1].type = type("text");
    author.unique = {{.name = "u", .columns = {"name"}}};
    Table book = with(table("book", {"id", "author_id", "tags"}, {"id"}), reference({"author_id"}, "author"));
    book.columns[0].type = type("int8");
    book.columns[1].type = type("int8");
    book.columns[2].type = type("text", true);
    return model({author, book});
}

bool has(const std::string& text, const std::string& part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a model as a diagram of Mermaid", "[schema][unit]") {
    CHECK(to_mermaid(library()) == "erDiagram\n"
                                   "    s_author[\"s.author\"] {\n"
                                   "        int8 id PK\n"
                                   "        text name UK\n"
                                   "    }\n"
                                   "    s_book[\"s.book\"] {\n"
                                   "        int8 id PK\n"
                                   "        int8 author_id FK\n"
                                   "        text[] tags\n"
                                   "    }\n"
                                   "    s_author |o--o{ s_book : \"author\"\n");
    CHECK(to_mermaid({}) == "erDiagram\n");
}

TEST_CASE("a model as a graph of Graphviz", "[schema][unit]") {
    const std::string head = "<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\"><tr><td bgcolor=\"#dfe8f2\"><b>";
    CHECK(to_dot(library()) == "digraph database {\n    rankdir=LR;\n    node [shape=plain, fontname=\"Helvetica\"];\n"
                               "    edge [fontname=\"Helvetica\", fontsize=10];\n"
                               "    t0 [label=" +
                                   head +
                                   "s.author</b></td></tr>"
                                   "<tr><td align=\"left\" port=\"c0\"><u>id</u> int8</td></tr>"
                                   "<tr><td align=\"left\" port=\"c1\">name text?</td></tr></table>>];\n"
                                   "    t1 [label=" +
                                   head +
                                   "s.book</b></td></tr>"
                                   "<tr><td align=\"left\" port=\"c0\"><u>id</u> int8?</td></tr>"
                                   "<tr><td align=\"left\" port=\"c1\">author_id int8?</td></tr>"
                                   "<tr><td align=\"left\" port=\"c2\">tags text[]?</td></tr></table>>];\n"
                                   "    t1:c1 -> t0:c0 [label=\"author\", style=dashed];\n"
                                   "}\n");
}

TEST_CASE("without columns, a diagram has boxes and lines", "[schema][unit]") {
    CHECK(to_mermaid(library(), {.columns = false}) == "erDiagram\n"
                                                       "    s_author[\"s.author\"]\n"
                                                       "    s_book[\"s.book\"]\n"
                                                       "    s_author |o--o{ s_book : \"author\"\n");
    has(to_dot(library(), {.columns = false}), "    t1 -> t0 [label=\"author\", style=dashed];\n");
}

TEST_CASE("lines tell how many there may be", "[schema][unit]") {
    Database database = library();
    database.tables[1].columns[1].not_null = true;
    has(to_mermaid(database), "s_author ||--o{ s_book");
    has(to_dot(database), "t1:c1 -> t0:c0 [label=\"author\"];\n");
    database.tables[1].unique = {{.name = "u", .columns = {"author_id"}}};
    has(to_mermaid(database), "s_author ||--o| s_book");
    has(to_mermaid(database), "int8 author_id FK, UK\n");
}

TEST_CASE("names that a diagram does not take are written otherwise", "[schema][unit]") {
    Table odd = table("Tab.le \"q\" <&>", {"Col umn", "1st", "ü", "x\n]"}, {"Col umn"});
    odd.columns[0].type = type("my type");
    Table same = table("Tab_le 'q' \\[]>", {}, {});
    const Database database = model({odd, same});
    const std::string mermaid = to_mermaid(database);
    has(mermaid, "    s_Tab_le__q_____[\"s.Tab.le 'q' <&>\"] {\n");
    has(mermaid, "        my_type Col_umn PK \"Col umn\"\n");
    has(mermaid, "        x x1st \"1st\"\n");
    has(mermaid, "        x x__ \"ü\"\n");
    has(mermaid, "        x x_] \"x ]\"\n");
    const std::string dot = to_dot(database);
    has(dot, "<b>s.Tab.le &quot;q&quot; &lt;&amp;&gt;</b>");
    has(dot, "<u>Col umn</u> my type?");
}

TEST_CASE("tables that would have one word get a number", "[schema][unit]") {
    const std::string mermaid = to_mermaid(model({table("a b", {}, {}), table("a.b", {}, {}), table("a_b", {}, {})}));
    CHECK(mermaid == "erDiagram\n    s_a_b[\"s.a b\"]\n    s_a_b_2[\"s.a.b\"]\n    s_a_b_3[\"s.a_b\"]\n");
}

TEST_CASE("partitions and views are left out or shown", "[schema][unit]") {
    Table part = with(table("part", {"id", "author_id"}, {"id"}), reference({"author_id"}, "author"));
    part.partition_bound = "DEFAULT";
    Table view = table("names", {"name"}, {});
    view.kind = TableKind::view;
    view.primary_key.reset();
    Database database = library();
    database.tables.push_back(part);
    database.tables.push_back(view);
    sort(database);
    const std::string usual = to_mermaid(database);
    CHECK(usual.find("s_part") == std::string::npos);
    has(usual, "s_names[");
    has(to_mermaid(database, {.partitions = true}), "s_author |o--o{ s_part : \"author\"\n");
    CHECK(to_mermaid(database, {.views = false}).find("s_names") == std::string::npos);
    has(to_dot(database), "bgcolor=\"#ececec\"><b>s.names</b>");
}
