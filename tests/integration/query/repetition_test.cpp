// The same statement many times in one session: who is told, and when.
#include "company.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include <mutex>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using corm::col;
using corm::select;

namespace {

class Reports final : public corm::trace::Tracer {
public:
    void repetition(const corm::trace::Repetition& event) noexcept override {
        const std::scoped_lock lock{mutex_};
        reports_.emplace_back(event.report);
        times_ = event.times;
    }
    std::vector<std::string> take() {
        const std::scoped_lock lock{mutex_};
        return std::exchange(reports_, {});
    }
    int times() const { return times_; }

private:
    std::mutex mutex_;
    std::vector<std::string> reports_;
    int times_ = 0;
};

struct Watched : Company {
    explicit Watched(corm::RepetitionOptions options,
                     const std::shared_ptr<Reports>& told = std::make_shared<Reports>())
        : Company({}, {.tracer = told, .repetitions = options}), reports(told) {}

    std::shared_ptr<Reports> reports;
};

} // namespace

TEST_CASE("What a session repeats is reported once, with its places and what to do", "[query][integration]") {
    Watched w{{.limit = 3}};
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine};
        for (std::int32_t key = 1; key <= 3; ++key)
            static_cast<void>(co_await session.get<Employee>(key));
        CHECK(w.reports->take().empty());
        static_cast<void>(co_await session.get<Employee>(4));
        static_cast<void>(co_await session.get<Employee>(5));
        const std::vector<std::string> reports = w.reports->take();
        REQUIRE(reports.size() == 1);
        CHECK(w.reports->times() == 4);
        CHECK_THAT(reports[0], ContainsSubstring("get of Employee") && ContainsSubstring("repetition_test.cpp:") &&
                                   ContainsSubstring("(3 times)") && ContainsSubstring("(once)") &&
                                   ContainsSubstring("with<>()"));
        // What the session holds costs nothing and counts for nothing.
        for (int i = 0; i < 5; ++i)
            static_cast<void>(co_await session.get<Employee>(1));
        CHECK(w.reports->take().empty());
    });
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession another{w.engine};
        static_cast<void>(co_await another.get<Employee>(4));
        CHECK(w.reports->take().empty());
    });
}

TEST_CASE("Loads of a relation one by one are named with the relation", "[query][integration]") {
    Watched w{{.limit = 2}};
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine};
        const auto departments = co_await session.all(select<Department>());
        for (const auto& department : departments)
            co_await session.load(department, corm::load<&Department::employees>);
        const std::vector<std::string> reports = w.reports->take();
        REQUIRE(reports.size() == 1);
        CHECK_THAT(reports[0], ContainsSubstring("load of Department.employees") && ContainsSubstring("with<>()"));
        corm::AsyncSession careful{w.engine};
        static_cast<void>(co_await careful.all(select<Department>().with<&Department::employees>()));
        CHECK(w.reports->take().empty());
    });
}

TEST_CASE("A test can have repetitions fail", "[query][integration]") {
    Watched w{{.limit = 2, .throws = true}};
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine};
        int done = 0;
        std::string said;
        try {
            for (; done < 10; ++done)
                static_cast<void>(co_await session.all(
                    select(col<&Employee::name>).from<Employee>().where(col<&Employee::id> == done)));
        } catch (const corm::Error& error) {
            said = error.what();
        }
        CHECK(done == 2);
        CHECK_THAT(said, ContainsSubstring("SELECT \"employees\".\"name\"") && ContainsSubstring(".in(values)"));
        // Nothing was sent, and the session goes on.
        const std::int64_t count = co_await session.scalar(corm::count<Employee>());
        CHECK(count == 5);
    });
}

TEST_CASE("Nobody looks unless asked to", "[query][integration]") {
    Watched w{{}};
    w.run([&]() -> corm::Task<> {
        corm::AsyncSession session{w.engine};
        for (int i = 0; i < 50; ++i)
            static_cast<void>(co_await session.scalar(corm::count<Employee>()));
        CHECK(w.reports->take().empty());
    });
}
