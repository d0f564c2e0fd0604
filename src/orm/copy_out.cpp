// COPY TO STDOUT of a query's rows.
#include "orm/copied_rows.hpp"
#include "orm/copy_run.hpp"
#include "orm/parts.hpp"
#include "query/transaction_command.hpp"

#include <corm/base/error.hpp>

#include <string>

namespace corm::orm {
namespace {

/// Throws `MappingError` for rows that cannot be read, which cost nobody anything yet.
class RowCheck final : public CopyCheck {
public:
    explicit RowCheck(void (*checker)(const types::Rows&)) : checker_(checker) {}
    void check(std::span<const wire::Result> answers) override { checker_(answers.front()); }

private:
    void (*checker_)(const types::Rows&);
};

/// The text of the query alone. Throws `Error` for one that is not, or has parameters.
wire::Statement statement_of(SessionCore& core, detail::Query query, std::source_location where) {
    if (const auto* raw = query.raw()) {
        if (raw->alone || !query::begins_like_a_read(*raw->text))
            throw Error("copy_out() takes SELECT, WITH, VALUES or TABLE; use execute() or all() for other statements",
                        where);
    }
    QueryPart part{core, std::move(query), where};
    if (!part.with().empty())
        throw Error("copy_out() reads the rows of one query by value; leave out the relations, or use stream()", where);
    std::vector<wire::Statement> made;
    part.append(made);
    if (!made.front().parameters.empty())
        throw Error(
            "copy_out() was given a query with parameters, and COPY binds none; nothing was sent. Use stream(), "
            "or a view or function of the server",
            where);
    return std::move(made.front());
}

/// Without what would end it inside of brackets.
std::string bare(std::string_view text) {
    constexpr std::string_view ending = "; \t\r\n";
    const std::size_t last = text.find_last_not_of(ending);
    return std::string{text.substr(0, last == std::string_view::npos ? 0 : last + 1)};
}

CopyCommand command_of(const wire::Statement& query, void (*checker)(const types::Rows&)) {
    // A line of its own, because the text may end with a comment.
    const std::string inner = "(" + bare(*query.sql) + "\n)";
    CopyCommand command;
    command.doing = "copying rows out of a query";
    command.raw = query.raw;
    command.text = std::make_shared<const std::string>("COPY " + inner + " TO STDOUT (FORMAT binary)");
    wire::Statement& question = command.questions.emplace_back();
    question.sql = std::make_shared<const std::string>("SELECT * FROM " + inner + " corm_rows LIMIT 0");
    question.prepare = false;
    question.raw = query.raw;
    command.check = std::make_shared<RowCheck>(checker);
    return command;
}

} // namespace

namespace detail {

Task<std::int64_t> copy_out(Core core, Query query, std::shared_ptr<RowSink> sink, CopyOptions options,
                            ProgressCallback progress, std::source_location where) {
    CopyRun run{core, "copy_out()", options.within, where};
    const wire::Statement statement = statement_of(*core, std::move(query), where);
    co_await run.flush_ahead();
    co_await run.open(command_of(statement, sink->checker()));
    CopiedRows rows{run.answers.front(), where};
    BulkProgress done;
    while (run.is_open()) {
        co_await run.get();
        rows.read(run.bytes());
        done.rows += rows.row_count();
        done.bytes += run.bytes().size();
        if (rows.row_count() != 0)
            co_await sink->take(rows);
        if (progress)
            co_await progress(done);
    }
    if (!rows.complete() || done.rows != run.rows())
        throw Error("the server has sent " + std::to_string(done.rows) + " rows of a COPY and counted " +
                        std::to_string(run.rows()),
                    where);
    co_return done.rows;
}

} // namespace detail
} // namespace corm::orm
