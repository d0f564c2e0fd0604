// F62: strings that reach the query language, as values and as names.
#include "company.hpp"

#include "support/caught.hpp"
#include "support/injection_corpus.hpp"

#include <corm/query/fields.hpp>

#include <optional>

using namespace company;
using corm::col;
using corm::select;

namespace {

constexpr const char* canary = "create table canary (id int primary key); insert into canary values (1);";

/// Nothing but the queries has happened.
void check_canary(Company& company) {
    const std::string left = company.database.query(
        "select concat_ws('|', (select count(*) from canary), (select count(*) from hr.employees))");
    CHECK(left == "1|5");
}

/// A name as PostgreSQL can have it: what else there is, is refused before anything is sent.
bool is_name(const std::string& text) {
    return !text.empty() && text.size() <= 63;
}

} // namespace

TEST_CASE("F62: whatever a value is, a query takes it for that", "[query][integration][F62]") {
    Company company{canary};
    company.run([&]() -> corm::Task<> {
        corm::AsyncSession session{company.engine};
        for (const std::string& text : corm::test::injection_corpus()) {
            CAPTURE(text);
            const std::vector<std::string> skills{text, "other"};
            co_await session.execute(
                corm::update<Employee>().set<&Employee::name>(text).set<&Employee::skills>(skills).where(
                    col<&Employee::id> == 1));
            const corm::Fields fields = corm::Fields{}.allow("name", col<&Employee::name>);
            const std::vector<std::string> names{"nobody", text};
            const auto found = co_await session.all(
                select(col<&Employee::id>, corm::concat(text, col<&Employee::name>),
                       corm::replace(col<&Employee::name>, text, "-"), corm::position(col<&Employee::name>, text),
                       corm::coalesce(col<&Employee::name>, text),
                       corm::cast<std::string>(corm::function<std::string>("concat", text, std::string{"."})))
                    .from<Employee>()
                    .where(col<&Employee::id> == 1 && col<&Employee::name> == text && col<&Employee::name>.in(names) &&
                           col<&Employee::name>.starts_with(text) && col<&Employee::name>.ends_with(text) &&
                           col<&Employee::name>.contains(text) && corm::array_has(col<&Employee::skills>, text) &&
                           corm::upper(col<&Employee::name>).contains("") &&
                           fields.condition("name", corm::FieldTest::equal, text) &&
                           fields.condition("name", corm::FieldTest::contains, text))
                    .order_by(corm::asc<&Employee::id>));
            CHECK(found.size() == 1);
            for (const auto& [id, twice, replaced, place, same, called] : found) {
                CHECK(twice == text + text);
                CHECK(replaced == (text.empty() ? "" : "-"));
                CHECK(place == 1);
                CHECK(same == text);
                CHECK(called == text + ".");
            }
            // Of any syntax: no row, or those with the word, and never an error.
            const auto searched = select(corm::json_text(col<&Employee::profile>, text),
                                         corm::json_text_at(col<&Employee::profile>, {text}))
                                      .from<Employee>()
                                      .where(corm::json_has(col<&Employee::profile>, text) ||
                                             corm::matches_search(col<&Employee::name>, text) ||
                                             col<&Employee::name>.like("%" + text + "%"));
            static_cast<void>(co_await session.all(searched));
            const auto named =
                co_await session.one<std::string>(corm::raw_sql("select :given::text", corm::arg<"given">(text)));
            CHECK(named == text);
        }
        co_await session.rollback();
    });
    check_canary(company);
}

TEST_CASE("F62: names in a query are quoted, or refused before anything is sent", "[query][integration][F62]") {
    Company company{canary};
    company.run([&]() -> corm::Task<> {
        for (const std::string& name : corm::test::injection_corpus()) {
            CAPTURE(name);
            corm::AsyncSession session{company.engine};
            const std::uint64_t before = company.engine.stats().round_trips;
            std::optional<std::int32_t> found;
            std::exception_ptr error;
            try {
                const auto person = corm::alias<Employee>(name);
                const auto number = corm::labelled(col<&Department::id>, name);
                const auto inner = corm::subquery("in " + name.substr(0, 60), select(number).from<Department>());
                const auto outer = corm::cte("out " + name.substr(0, 59), select(number).from<Department>());
                found = co_await session.scalar(select(person[col<&Employee::id>])
                                                    .from(person)
                                                    .join(inner, inner[number] == person[col<&Employee::department_id>])
                                                    .join(outer, outer[number] == inner[number])
                                                    .where(person[col<&Employee::id>] == 1));
            } catch (...) {
                error = std::current_exception();
            }
            if (is_name(name)) {
                CHECK(found == 1);
            } else {
                CHECK_NOTHROW(corm::test::caught<corm::MappingError>(error));
                CHECK(company.engine.stats().round_trips == before);
            }
        }
    });
    check_canary(company);
}

TEST_CASE("F62: functions and operators that are none are refused", "[query][integration][F62]") {
    Company company{canary};
    company.run([&]() -> corm::Task<> {
        for (const std::string& name : corm::test::injection_corpus()) {
            CAPTURE(name);
            corm::AsyncSession session{company.engine};
            std::exception_ptr called, joined;
            try {
                static_cast<void>(co_await session.scalar(select(corm::function<std::string>(name, 1))));
            } catch (...) {
                called = std::current_exception();
            }
            CHECK_NOTHROW(corm::test::caught<corm::Error>(called));
            co_await session.rollback();
            try {
                static_cast<void>(co_await session.scalar(select(corm::operation<std::int32_t>(1, name, 2))));
            } catch (...) {
                joined = std::current_exception();
            }
            // Some are operators.
            if (name != "%" && name != ",")
                CHECK_NOTHROW(corm::test::caught<corm::Error>(joined));
        }
    });
    check_canary(company);
}
