// Tables that are mapped at run time, used and let go, and what is left of them.
#pragma once

#include "support/server.hpp"

#include <corm/corm.hpp>
#include <corm/orm/registry.hpp>

#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace leak_test {

/// What a round keeps that it should not.
enum class Planted { nothing, mapper, name, hook, statement, memory };

struct Shape {
    std::size_t tables = 2000; ///< that are mapped, in all
    std::size_t tasks = 1;     ///< at the same time
    bool reflected = false;    ///< mapped by what the database says, instead of by hand
    Planted planted = Planted::nothing;
};

/// Rounds over a few schemas of five tables each. Each round maps five tables and uses them in one of several ways: to
/// the end, with an error half way, with a session that is dropped in the middle, disposed of while a session holds
/// objects.
class Trial {
public:
    explicit Trial(const Shape& shape);
    ~Trial();
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    /// Runs all rounds. What was not as at the start when they had ended, a sentence for each; empty if all is well.
    [[nodiscard]] std::vector<std::string> run();

private:
    using Tables = corm::Mappers;

    [[nodiscard]] corm::Task<> rounds(std::size_t task);
    [[nodiscard]] corm::Task<> round(std::size_t task, std::size_t number);
    [[nodiscard]] corm::Task<Tables> map(std::size_t task, std::size_t number);
    void plant(const Tables& tables, std::size_t number);
    void run_tasks(std::size_t rounds);
    [[nodiscard]] std::vector<std::string> findings();

    const Shape shape_;
    corm::test::Database database_;
    boost::asio::thread_pool threads_;
    std::shared_ptr<corm::SessionHooks> hooks_ = std::make_shared<corm::SessionHooks>();
    std::unique_ptr<corm::Engine> engine_;
    corm::Registry registry_;
    std::shared_ptr<const int> hooked_ = std::make_shared<const int>(0); ///< each hook of rows holds it
    std::size_t mappers_before_ = 0;
    std::size_t rounds_ = 0; ///< of each task, of the run under way
    std::size_t first_ = 0;
    std::vector<Tables> kept_;
    std::vector<std::string> memory_;
};

} // namespace leak_test
