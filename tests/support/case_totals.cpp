// Ends the output of every Catch2 program with one line that tools/test can add up.
#include <catch2/catch_totals.hpp>
#include <catch2/interfaces/catch_interfaces_reporter.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>

#include <cinttypes>
#include <cstdio>

namespace {

class CaseTotals : public Catch::EventListenerBase {
public:
    using EventListenerBase::EventListenerBase;

    void testRunEnded(const Catch::TestRunStats& run) override {
        const Catch::Counts& cases = run.totals.testCases;
        std::printf("%" PRIu64 " passed, %" PRIu64 " failed, %" PRIu64 " skipped\n", cases.passed + cases.failedButOk,
                    cases.failed, cases.skipped);
        std::fflush(stdout);
    }
};

} // namespace

CATCH_REGISTER_LISTENER(CaseTotals)
