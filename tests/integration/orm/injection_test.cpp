// F62: whatever comes in by a string comes back as it was, or is refused, and does nothing else.
#include "expect_well.hpp"
#include "support/fits.hpp"
#include "support/injection_corpus.hpp"

#include <corm/sql/identifier.hpp>
#include <corm/trace/log.hpp>

#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <mutex>

namespace {

struct Detail {
    std::string text;
    std::vector<std::string> words;
};
BOOST_DESCRIBE_STRUCT(Detail, (), (text, words))

constexpr auto corm_json(corm::type<Detail>) {
    return corm::as_jsonb;
}

/// A string in every kind of column.
struct Note {
    std::string key;
    std::string text;
    std::optional<std::string> other{};
    std::vector<std::string> words;
    corm::Bytes bytes;
    Detail detail;
};
BOOST_DESCRIBE_STRUCT(Note, (), (key, text, other, words, bytes, detail))

constexpr auto corm_mapping(corm::type<Note>) {
    return corm::table<Note>("notes").primary_key<&Note::key>(corm::assigned);
}

} // namespace

using namespace corm::test;
using namespace std::chrono_literals;

namespace {

/// Is part of every secret: no message and no line of a log may hold it.
const std::string marker = "c4nary";
constexpr const char* tables = R"(
    create table canary (id int primary key, secret text not null);
    insert into canary values (1, 'c4nary sings');
    create table notes (key text primary key, text text not null, other text, words text[] not null,
                        bytes bytea not null, detail jsonb not null);
)";

/// Each string of the corpus, by itself and around a secret.
std::vector<std::string> payloads() {
    std::vector<std::string> all;
    for (const std::string& piece : injection_corpus()) {
        all.push_back(piece);
        all.push_back(piece + marker + piece);
    }
    return all;
}

/// What was written for operators: the log, and the texts of errors.
class Heard {
public:
    static void line(void* context, std::string_view text) noexcept {
        auto& self = *static_cast<Heard*>(context);
        const std::lock_guard lock(self.mutex_);
        self.text_.append(text) += '\n';
    }
    void error(const std::exception& thrown) { line(this, thrown.what()); }
    [[nodiscard]] std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

private:
    mutable std::mutex mutex_;
    std::string text_;
};

corm::EngineOptions options(Heard& heard) {
    return {.tracer = std::make_shared<corm::trace::LogTracer>(
                corm::trace::LogOptions{.operations = true, .sql_limit = 100'000}, &Heard::line, &heard)};
}

corm::Bytes bytes_of(const std::string& text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
}

Note note_of(const std::string& key, const std::string& text) {
    return {.key = key,
            .text = text,
            .other = text,
            .words = {text, "between", text},
            .bytes = bytes_of(text),
            .detail = {.text = text, .words = {text, text}}};
}

bool is_whole(const Note& note, const std::string& text) {
    const std::vector<std::string> words{text, "between", text};
    return note.text == text && note.other == text && note.words == words && note.bytes == bytes_of(text) &&
           note.detail.text == text && note.detail.words == std::vector<std::string>{text, text};
}

void check_canary(const Database& database, const Heard& heard) {
    CHECK(database.query("select count(*) || ' ' || min(secret) from canary") == "1 c4nary sings");
    const std::string text = heard.text();
    const std::size_t at = text.find(marker);
    INFO("told: " << (at == std::string::npos ? "" : text.substr(at - std::min<std::size_t>(at, 200), 300)));
    CHECK(at == std::string::npos);
}

} // namespace

TEST_CASE("F62: values of the injection corpus in every kind of column and condition", "[orm][integration][F62]") {
    Heard heard;
    corm::EngineOptions with = options(heard);
    // With the old rules a backslash escapes in a plain literal.
    with.settings = {{"standard_conforming_strings", GENERATE("on", "off")}, {"backslash_quote", "on"}};
    Sessions s{tables, std::move(with)};
    const std::vector<std::string> all = payloads();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        // One by one, and as parts of arrays in one statement.
        std::vector<corm::Ref<Note>> notes;
        for (std::size_t i = 0; i < all.size(); ++i) {
            notes.push_back(session.add(note_of("k" + all[i] + std::to_string(i), all[i])));
            if (i % 2 == 0)
                co_await session.flush();
        }
        co_await session.flush();
        session.expunge_all();
        std::size_t whole = 0, found = 0, exact = 0, inside = 0, prefixed = 0, raw = 0, updated = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::string& text = all[i];
            const std::vector<std::string> only{text};
            const std::vector<std::string> twice{text, text};
            const auto note = co_await session.get<Note>("k" + text + std::to_string(i));
            whole += note && is_whole(*note, text);
            const auto equal = co_await session.all(
                corm::select<Note>().where(corm::col<&Note::text> == text && corm::col<&Note::other>.in(only)));
            found += std::find(equal.begin(), equal.end(), note) != equal.end();
            exact += std::all_of(equal.begin(), equal.end(), [&](const auto& each) { return each->text == text; });
            const auto holding =
                co_await session.all(corm::select<Note>().where(corm::col<&Note::text>.contains(text)));
            inside += static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const std::string& each) {
                          return each.find(text) != std::string::npos;
                      })) == holding.size();
            const auto begun =
                co_await session.scalar(corm::count<Note>().where(corm::col<&Note::text>.starts_with(text)));
            prefixed += std::count_if(all.begin(), all.end(),
                                      [&](const std::string& each) { return each.starts_with(text); }) == begun;
            using Row = std::tuple<std::string, std::vector<std::string>>;
            const auto [back, list] = co_await session.one<Row>(
                corm::raw_sql("select $1::text, array_append($2::text[], $1::text)", text, twice));
            raw += back == text && list == std::vector<std::string>(3, text);
        }
        CHECK(whole == all.size());
        CHECK(found == all.size());
        CHECK(exact == all.size());
        CHECK(inside == all.size());
        CHECK(prefixed == all.size());
        CHECK(raw == all.size());
        // Changed, all in one statement: each gets the text of the next one.
        auto loaded = co_await session.all(corm::select<Note>());
        for (std::size_t i = 0; i < loaded.size(); ++i)
            loaded[i].edit() = note_of(loaded[i]->key, all[i]);
        co_await session.commit();
        session.expunge_all();
        for (std::size_t i = 0; i < loaded.size(); ++i) {
            const auto note = co_await session.get_one<Note>(loaded[i]->key);
            updated += is_whole(*note, all[i]);
            session.remove(note);
        }
        CHECK(updated == all.size());
        co_await session.commit();
    });
    CHECK(s.database.query("select count(*) from notes") == "0");
    // Nothing of it is in the text of a statement, so that it cannot be in the server's log or statistics.
    CHECK(heard.text().find("drop table") == std::string::npos);
    check_canary(s.database, heard);
    expect_well(s);
}

TEST_CASE("F62: what fails with a value of the corpus does not tell it", "[orm][integration][F62]") {
    Heard heard;
    Sessions s{std::string{tables} + "alter table notes add check (text <> other);", options(heard)};
    std::size_t refused = 0;
    const std::vector<std::string> all = payloads();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        const auto fails = [&](auto operation) -> corm::Task<> {
            try {
                static_cast<void>(co_await std::move(operation));
            } catch (const corm::Error& error) {
                heard.error(error);
                ++refused;
            }
        };
        for (const std::string& text : all) {
            session.add(note_of(text, text)); // violates the check
            try {
                co_await session.flush();
            } catch (const corm::IntegrityError& error) {
                heard.error(error);
                ++refused;
            }
            co_await session.rollback();
            co_await fails(session.one<std::int32_t>(corm::raw_sql("select ($1::text || 'x')::int", text)));
            // What is not found by its key is named by it, on purpose.
            co_await fails(session.one(corm::select<Note>().where(corm::col<&Note::text> == text)));
            co_await fails(session.all(corm::select<Note>().where(corm::col<&Note::text>.like(text + "\\"))));
        }
    });
    // The last one: a pattern may end with a backslash that is escaped itself; without rows nobody looks at it.
    CHECK(refused >= 3 * all.size());
    check_canary(s.database, heard);
    expect_well(s);
}

TEST_CASE("F62: bytes that are no text are refused in every input, and nothing is sent", "[orm][integration][F62]") {
    Heard heard;
    Sessions s{tables, options(heard)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::size_t refused = 0;
        const auto refuses = [&](const auto& attempt) {
            try {
                attempt();
            } catch (const corm::Error& error) {
                heard.error(error);
                ++refused;
            }
        };
        const auto all = refused_corpus();
        for (const std::string& piece : all) {
            const std::string text = piece + marker;
            refuses([&] { static_cast<void>(corm::raw_sql("select $1", text)); });
            refuses([&] { static_cast<void>(corm::raw_sql("select $1", std::vector<std::string>{"a", text})); });
            refuses([&] { static_cast<void>(corm::select<Note>().where(corm::col<&Note::text> == text)); });
            refuses([&] { static_cast<void>(corm::select<Note>().where(corm::col<&Note::text>.in({text}))); });
            refuses([&] { static_cast<void>(corm::select<Note>().where(corm::col<&Note::text>.like(text))); });
            refuses([&] { static_cast<void>(corm::select<Note>().where(corm::col<&Note::text>.contains(text))); });
            refuses([&] { static_cast<void>(session.get<Note>(text)); });
            refuses([&] { static_cast<void>(corm::sql::quote_identifier(piece)); });
            for (int place = 0; place < 4; ++place) {
                Note note = note_of("k", "v");
                (place == 0   ? note.key
                 : place == 1 ? note.text
                 : place == 2 ? note.words[1]
                              : note.detail.words[1]) = text;
                session.add(std::move(note));
                try {
                    co_await session.flush();
                } catch (const corm::ConversionError& error) {
                    heard.error(error);
                    ++refused;
                }
                session.expunge_all();
            }
        }
        CHECK(refused == 12 * all.size());
        CHECK_FALSE(session.in_transaction());
        CHECK(s.engine.stats().statements == 0);
        // Bytes are bytes.
        for (const std::string& piece : all) {
            const auto back =
                co_await session.one<corm::Bytes>(corm::raw_sql("select $1::bytea", bytes_of(piece + marker)));
            CHECK(back == bytes_of(piece + marker));
        }
    });
    check_canary(s.database, heard);
    expect_well(s);
}

TEST_CASE("F62: settings, names of applications and hooks are values as well", "[orm][integration][F62]") {
    Heard heard;
    const Database database{tables};
    std::size_t exact = 0;
    const std::vector<std::string> all = payloads();
    for (const std::string& text : all) {
        CAPTURE(text.substr(0, 100));
        const bool is_short = text.size() < 1'000;
        boost::asio::io_context context;
        corm::EngineOptions with = options(heard);
        with.pool.max_size = 1;
        if (is_short) { // a startup message has 10,000 bytes at most
            with.settings = {{"app.text", text}};
            with.application_name = text;
        }
        with.on_connect = [text](corm::NewConnection& connection) -> corm::Task<> {
            co_await connection.execute(corm::raw_sql("select set_config('app.hook', $1, false)", text));
        };
        corm::Engine engine{context.get_executor(), database.url(), std::move(with)};
        run_coroutine(context, [&]() -> corm::Task<> {
            corm::AsyncSession session{engine};
            using Text = std::optional<std::string>;
            const auto [setting, hook, application, planted] =
                co_await session.one<std::tuple<Text, std::string, std::string, Text>>(
                    corm::raw_sql("select current_setting('app.text', true), current_setting('app.hook'), "
                                  "current_setting('application_name'), current_setting('app.planted', true)"));
            // The server makes names of applications short and ASCII.
            const bool is_ascii = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
            exact += setting == (is_short ? std::optional{text} : std::nullopt) && hook == text && !planted &&
                     (!is_ascii || !is_short || text.empty() || application == text.substr(0, 63));
            co_await session.rollback();
        });
    }
    CHECK(exact == all.size());
    check_canary(database, heard);
}

TEST_CASE("F62: a setting that is no name is refused by the server, and nothing else happens",
          "[orm][integration][F62]") {
    Heard heard;
    const Database database{tables};
    for (const std::string& name : injection_corpus()) {
        if (name.size() > 1'000)
            continue;
        CAPTURE(name);
        boost::asio::io_context context;
        corm::EngineOptions with = options(heard);
        with.settings = {{name, marker}};
        std::string refused;
        try {
            const corm::Engine engine{context.get_executor(), database.url(), std::move(with)};
            run_coroutine(context, [&]() -> corm::Task<> {
                corm::AsyncSession session{engine, {.deadline = corm::Duration{2'000}}};
                static_cast<void>(co_await session.one<std::int32_t>(corm::raw_sql("select 1")));
            });
        } catch (const corm::Error& error) {
            refused = error.what();
            heard.error(error);
        }
        CHECK_FALSE(refused.empty());
    }
    check_canary(database, heard);
}

TEST_CASE("F62 F63: names of the corpus as tables, schemas and columns", "[orm][integration][F62][F63]") {
    Heard heard;
    Sessions s{tables, options(heard)};
    std::vector<std::string> names = injection_corpus();
    for (const char* each : {"select", "Upper", "a.b", "a b", "\xf0\x9f\x90\x98 \xf0\x9f\x90\x98"})
        names.emplace_back(each);
    names.push_back(std::string(63, 'x'));
    names.push_back(std::string(64, 'x'));
    names.push_back(std::string(61, 'x') + "\xe2\x82\xac"); // 62 characters in 64 bytes
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::size_t refused = 0, exact = 0;
        for (const std::string& name : names) {
            CAPTURE(name);
            std::string quoted;
            try {
                quoted = corm::sql::quote_identifier(name);
            } catch (const corm::MappingError&) {
                ++refused;
            }
            if (quoted.empty()) { // so does the mapping
                CHECK((name.empty() || name.size() > 63));
                bool alike = false;
                try {
                    const auto mapper = corm::define(name)
                                            .column<std::int64_t>("id")
                                            .column<std::string>(name)
                                            .primary_key({"id"})
                                            .build();
                    session.add(corm::Record{mapper});
                    co_await session.flush();
                } catch (const corm::MappingError&) {
                    alike = true;
                }
                CHECK(alike);
                co_await session.close();
                continue;
            }
            // A column may not be called like the key or one of the system's.
            const std::string column = name == "id" ? "other" : name;
            co_await session.execute(
                corm::unsafe_sql("create schema " + corm::sql::quote_identifier("s " + name.substr(0, 61))));
            const std::string place = corm::sql::quote_identifier("s " + name.substr(0, 61)) + "." + quoted;
            co_await session.execute(corm::unsafe_sql("create table " + place + " (id bigint primary key, " + quoted +
                                                      " text not null, v int not null)"));
            const auto mapper = corm::define(name, "s " + name.substr(0, 61))
                                    .column<std::int64_t>("id")
                                    .column<std::string>(column)
                                    .column<std::int32_t>("v")
                                    .primary_key({"id"}, true)
                                    .version("v")
                                    .build();
            for (std::int64_t id = 1; id <= 3; ++id)
                session.add(corm::Record{mapper}.set<std::int64_t>("id", id).set<std::string>(column, name));
            co_await session.commit();
            session.expunge_all();
            const auto rows = co_await session.all(corm::select(mapper)
                                                       .where(corm::column(mapper, column) == name)
                                                       .order_by(corm::column(mapper, column).desc()));
            for (const auto& row : rows)
                row.edit().set<std::string>(column, name + "!");
            co_await session.commit();
            const auto kept = co_await session.get_one(mapper, corm::key(std::int64_t{2}));
            const auto relname = co_await session.one_or_none<std::string>(
                corm::raw_sql("select relname::text from pg_class where relname = $1 and relkind = 'r'", name));
            exact += rows.size() == 3 && kept->get<std::string>(column) == name + "!" && relname == name;
            co_await session.close();
        }
        CHECK(refused == 4); // empty, 64 bytes, 64 bytes of 62 characters, 10,000 bytes
        CHECK(exact == names.size() - refused);
    });
    CHECK(s.database.query("select count(*) || ' ' || min(secret) from canary") == "1 c4nary sings");
    expect_well(s);
}

TEST_CASE("derived tables fit: strings in every kind of column", "[verify][integration]") {
    CHECK(misfit_of<Note>() == "");
}
