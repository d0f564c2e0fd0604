// What the tests of streams share.
#pragma once

#include "integration/orm/fixture.hpp"
#include "support/caught.hpp"

#include <boost/describe/class.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace corm::test {

/// The name of a user, as rows of raw SQL.
struct NameAndAge {
    std::string name;
    std::int32_t age = 0;
};
BOOST_DESCRIBE_STRUCT(NameAndAge, (), (name, age))

/// Lists the statements of an engine.
class Recorder final : public trace::Tracer {
public:
    void statement(const trace::StatementFinish& finished) noexcept override {
        const std::scoped_lock lock{mutex_};
        statements_.emplace_back(finished.sql);
    }
    std::vector<std::string> take() {
        const std::scoped_lock lock{mutex_};
        return std::exchange(statements_, {});
    }

private:
    std::mutex mutex_;
    std::vector<std::string> statements_;
};

/// Sessions whose statements are listed.
struct Recorded : Sessions {
    explicit Recorded(const std::string& setup = {}, std::shared_ptr<Recorder> listed = std::make_shared<Recorder>())
        : Sessions(setup, {.tracer = listed}), recorder(std::move(listed)) {}
    std::shared_ptr<Recorder> recorder;
};

/// Cursors that the server has open for the session's connection.
inline Task<std::int64_t> open_cursors(const AsyncSession& session) {
    return session.one<std::int64_t>(raw_sql("select count(*) from pg_cursors where name like 'corm_stream%'"));
}

[[nodiscard]] inline std::string message_of(const std::exception_ptr& error) {
    return caught<Error>(error).what();
}

/// All that is left of a stream.
template <class Item>
Task<std::vector<Item>> rest_of(const Stream<Item>& stream) {
    std::vector<Item> items;
    while (auto next = co_await stream.next()) {
        if constexpr (std::is_same_v<decltype(next), Item>)
            items.push_back(std::move(next));
        else
            items.push_back(std::move(*next));
    }
    co_return items;
}

/// What a reader of a whole stream has got, and how it ended.
struct ReadRows {
    std::size_t rows = 0;
    std::exception_ptr error;
};

template <class Item>
Task<void> read_all(const Stream<Item>& stream, ReadRows& read) {
    try {
        while (const auto row = co_await stream.next())
            ++read.rows;
    } catch (...) {
        read.error = std::current_exception();
    }
}

} // namespace corm::test
