// Plans of statements that took long: whose, how often, and what they need.
#include "company.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include <mutex>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using corm::col;

namespace {

struct Plan {
    std::string sql;
    std::string plan;
    std::chrono::nanoseconds elapsed;
    unsigned line;
};

class Plans final : public corm::trace::Tracer {
public:
    void plan(const corm::trace::SlowPlan& event) noexcept override {
        const std::scoped_lock lock{mutex_};
        plans_.push_back(
            {std::string{event.sql}, std::string{event.plan}, event.elapsed, unsigned{event.where.line()}});
    }
    void notice(std::string_view text, corm::SqlState state) noexcept override {
        const std::scoped_lock lock{mutex_};
        notices_ += std::string{text} + " " + std::string{state.code()} + "\n";
    }
    std::vector<Plan> take() {
        const std::scoped_lock lock{mutex_};
        return std::exchange(plans_, {});
    }
    std::string notices() {
        const std::scoped_lock lock{mutex_};
        return std::exchange(notices_, {});
    }

private:
    std::mutex mutex_;
    std::vector<Plan> plans_;
    std::string notices_;
};

// Takes far longer than a millisecond wherever it runs.
constexpr char slow[] = "select count(*) from hr.employees a, generate_series(1, $1::int) b where a.salary > $2";
constexpr int many = 400'000;

/// `run` returns when everything is told.
struct Watched : Company {
    explicit Watched(corm::PlanOptions options = {.slower_than = corm::Duration{1}}, const std::string& setup = {},
                     const std::shared_ptr<Plans>& told = std::make_shared<Plans>())
        : Company(setup, {.tracer = told, .plans = options}), plans(told) {}

    std::shared_ptr<Plans> plans;
};

} // namespace

TEST_CASE("A slow statement is told with its plan and its place, once in a while", "[query][integration]") {
    Watched w;
    unsigned line = 0;
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine};
        line = std::source_location::current().line() + 1;
        static_cast<void>(co_await session.one<std::int64_t>(corm::raw_sql(slow, many, 400)));
        static_cast<void>(co_await session.one<std::int64_t>(corm::raw_sql(slow, many, 400)));
    });
    const std::vector<Plan> plans = w.plans->take();
    REQUIRE(plans.size() == 1);
    CHECK(plans[0].sql == slow);
    CHECK(plans[0].line == line);
    CHECK(plans[0].elapsed > std::chrono::milliseconds{1});
    CHECK_THAT(plans[0].plan, ContainsSubstring("Seq Scan on employees a") && ContainsSubstring("salary > 400"));
    CHECK_THAT(plans[0].plan, ContainsSubstring("\n"));
    CHECK(w.plans->notices().empty());
}

TEST_CASE("The plan of a text is asked for again behind its time", "[query][integration]") {
    Watched w{{.slower_than = corm::Duration{1}, .again_after = corm::Duration{0}}};
    for (int i = 0; i < 2; ++i) {
        w.run([&]() -> corm::Task<> {
            corm::AsyncSession session{w.engine};
            static_cast<void>(co_await session.one<std::int64_t>(corm::raw_sql(slow, many, 400)));
        });
        CHECK(w.plans->take().size() == 1);
    }
}

TEST_CASE("The plan of a text is asked for once if that is wanted", "[query][integration]") {
    Watched w{{.slower_than = corm::Duration{1}, .again_after = corm::no_deadline}};
    for (const std::size_t expected : {std::size_t{1}, std::size_t{0}}) {
        w.run([&]() -> corm::Task<> {
            corm::AsyncSession session{w.engine};
            static_cast<void>(co_await session.one<std::int64_t>(corm::raw_sql(slow, many, 400)));
        });
        CHECK(w.plans->take().size() == expected);
    }
}

TEST_CASE("Quick statements have no plans, and neither has anybody who did not ask", "[query][integration]") {
    Watched quick{{.slower_than = corm::Duration{600'000}}};
    Watched off{{}};
    Watched never{{.slower_than = corm::no_deadline}};
    for (Watched* const w : {&quick, &off, &never}) {
        w->run([&]() -> corm::Task<> {
            corm::AsyncSession session{w->engine};
            static_cast<void>(co_await session.one<std::int64_t>(corm::raw_sql(slow, many, 400)));
        });
        CHECK(w->plans->take().empty());
        CHECK(w->engine.stats().connected == 1); // nobody else has connected
    }
}

TEST_CASE("A plan is that of the session's settings", "[query][integration]") {
    Watched w{{.slower_than = corm::Duration{1}}, "create index on hr.employees (salary);"};
    corm::SessionOptions options = corm::SessionOptions{}.with_setting("enable_seqscan", "off");
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine, options};
        static_cast<void>(co_await session.one<std::int64_t>(corm::raw_sql(slow, many, 400)));
    });
    const std::vector<Plan> plans = w.plans->take();
    REQUIRE(plans.size() == 1);
    CHECK_THAT(plans[0].plan, ContainsSubstring("employees_salary_idx"));
}

TEST_CASE("What a slow statement writes, its plan does not", "[query][integration]") {
    Watched w{{.slower_than = corm::Duration{1}},
              "create function hr.slowly() returns trigger language plpgsql as $$ begin perform count(*) from "
              "generate_series(1, 400000); return new; end $$;"
              "create trigger slowly before update on hr.employees for each row execute function hr.slowly();"};
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine};
        corm::Ref<Employee> ada = co_await session.get_one<Employee>(1);
        ada.edit().salary += 1;
        co_await session.commit();
    });
    std::string plans; // that of the read too, if it was slow
    for (const Plan& plan : w.plans->take())
        plans += plan.plan + "\n";
    CHECK_THAT(plans, ContainsSubstring("Update on employees"));
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine};
        const auto ada = co_await session.get_one<Employee>(1);
        CHECK(ada->salary == 901);
    });
    CHECK(w.plans->notices().empty());
}

TEST_CASE("A plan that is not to be had is a notice, and the statement is not hurt", "[query][integration]") {
    Watched w;
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine};
        // Nobody else sees it.
        co_await session.execute(corm::raw_sql("create temporary table mine on commit drop as select 1 as id"));
        const auto found = co_await session.one<std::int64_t>(
            corm::raw_sql("select count(*) from mine, generate_series(1, $1::int)", many));
        CHECK(found == many);
        co_await session.commit();
    });
    CHECK(w.plans->take().empty());
    CHECK_THAT(w.plans->notices(), ContainsSubstring("slow_plan_test.cpp") && ContainsSubstring("42P01"));
}

TEST_CASE("Each statement of a slow round trip has its plan", "[query][integration]") {
    Watched w;
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine};
        const auto [rich, count] = co_await session.pipeline(
            corm::select<Employee>().where(col<&Employee::salary> > 600), corm::raw_sql(slow, many, 400));
        CHECK(rich.size() == 2);
    });
    const std::vector<Plan> plans = w.plans->take();
    REQUIRE(plans.size() == 2);
    CHECK_THAT(plans[0].plan, ContainsSubstring("Seq Scan on employees"));
    CHECK(plans[1].sql == slow);
}
