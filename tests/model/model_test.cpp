// Random sequences of session operations, against a plain model and against PostgreSQL: with structs, and the same ones
// with records.
#include "player.hpp"

#include "support/coroutine.hpp"
#include "support/library/records.hpp"
#include "support/library/structs.hpp"
#include "support/server.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_template_test_macros.hpp>

#include <cstdlib>
#include <exception>
#include <memory>

using namespace model_test;
using library::Records;
using library::Structs;

extern template class model_test::Player<Structs>;
extern template class model_test::Player<Records>;

namespace {

template <class Mapping>
class Bench {
public:
    Bench()
        : database_(library::schema), engine_(context_.get_executor(), database_.url()), observer_(database_.url()) {}

    /// What went wrong, with what was done until then.
    std::optional<std::string> trial(const Steps& steps, Planted planted = Planted::nothing) {
        observer_.ask("delete from book_tags; delete from pages; delete from books; delete from authors; "
                      "delete from tags; delete from shelves");
        auto player = std::make_unique<Player<Mapping>>(mapping_, engine_, observer_, planted);
        std::optional<std::string> failed;
        try {
            corm::test::run_coroutine(context_, player->play(steps));
        } catch (const std::exception& error) {
            failed = player->log() + "\n=> " + error.what();
        }
        // The connection comes back, whatever was left of its transaction.
        player.reset();
        context_.restart();
        context_.run();
        return failed;
    }

private:
    Mapping mapping_;
    corm::test::Database database_;
    boost::asio::io_context context_;
    corm::Engine engine_;
    Observer observer_;
};

std::uint32_t number_of(const char* variable, std::uint32_t otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10)) : otherwise;
}

constexpr std::size_t longest = 60;

/// The first sequence that finds what is planted, made short.
template <class Mapping>
void find_planted(Planted planted) {
    Bench<Mapping> bench;
    for (std::uint32_t seed = 1; seed <= 1000; ++seed) {
        const Steps steps = make_steps(seed, 3 * longest);
        if (!bench.trial(steps, planted))
            continue;
        CHECK_FALSE(bench.trial(steps));
        const Steps fewer = shrink(steps, [&](const Steps& some) { return bench.trial(some, planted); });
        INFO(*bench.trial(fewer, planted));
        CHECK(fewer.size() <= 10);
        CHECK_FALSE(bench.trial(fewer));
        return;
    }
    FAIL("1,000 sequences have not found what was planted");
}

} // namespace

TEMPLATE_TEST_CASE("sessions do what a plain model does, whatever is done to them", "[model][integration]", Structs,
                   Records) {
    Bench<TestType> bench;
    const bool full = std::getenv("CORM_TEST_FULL") != nullptr;
    const std::uint32_t first = number_of("CORM_MODEL_SEED", 1);
    const std::uint32_t count = number_of("CORM_MODEL_COUNT", full ? 10'000 : 600);
    for (std::uint32_t seed = first; seed - first < count; ++seed) {
        const Steps steps = make_steps(seed, longest);
        if (!bench.trial(steps))
            continue;
        const Steps fewer = shrink(steps, [&](const Steps& some) { return bench.trial(some); });
        FAIL("seed " << seed << " fails (CORM_MODEL_SEED=" << seed << " plays it again), in short:\n"
                     << bench.trial(fewer).value_or("not any more"));
    }
    SUCCEED(count << " sequences");
}

TEMPLATE_TEST_CASE("an orphan that is not deleted is noticed", "[model][integration]", Structs, Records) {
    find_planted<TestType>(Planted::kept_orphan);
}

TEMPLATE_TEST_CASE("an edit that is lost by a flush is noticed", "[model][integration]", Structs, Records) {
    find_planted<TestType>(Planted::lost_edit);
}

TEMPLATE_TEST_CASE("a link that a savepoint does not undo is noticed", "[model][integration]", Structs, Records) {
    find_planted<TestType>(Planted::wrong_restore);
}
