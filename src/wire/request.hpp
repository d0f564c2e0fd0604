// What goes to the server under one Sync, and what comes back.
#pragma once

#include "wire/capped_rows.hpp"

#include <corm/base/clock.hpp>
#include <corm/type/parameters.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace corm::wire {

/// The rows of a COPY FROM STDIN. Shared by whoever made it and the connection, which calls it on a thread of its
/// executor, with its lock held: it must not call back, and touch nothing that the caller may change meanwhile.
class CopySource {
public:
    virtual ~CopySource() = default;
    /// Everything the server is to read, valid while this object lives. `results` are those of the statements ahead of
    /// the COPY, all of which succeeded. An exception fails the statement, of which nothing was sent then. Called again
    /// when the request has to be sent again.
    [[nodiscard]] virtual std::string_view bytes(std::span<const Result> results) = 0;
    /// The server has taken so many rows. An exception fails the statement: what stands behind it is not sent.
    virtual void copied(std::int64_t rows) = 0;
};

/// The bytes of a COPY that its caller moves step by step. Shared by both sides, which take turns: it is the
/// connection's from the start of a request or step to its reply, and the caller's then. Who does not wait for the
/// reply may not touch it any more.
struct CopyChannel {
    std::string bytes;      ///< what `put` sends, or what `get` has received
    std::size_t enough = 1; ///< so many bytes make a `get` content
    bool open = false;      ///< set by the connection: the COPY goes on, and waits for the next step
};

/// The next step of an open COPY.
enum class CopyStep : std::uint8_t {
    put,  ///< sends the channel's bytes; the reply comes when the socket has taken them
    end,  ///< there are no more rows
    fail, ///< the server is to forget the rows that it has: it fails with 57014
    get,  ///< receives whole rows in the binary format, the header ahead of the first
};

/// One statement of a request.
struct Statement {
    /// Shared with whoever made it: texts of mappers are constant and never copied.
    std::shared_ptr<const std::string> sql;
    types::Parameters parameters;
    /// The command tag that must come back ("COMMIT"), a literal; null for any. Anything else is an error: COMMIT of an
    /// aborted transaction answers ROLLBACK and calls it success.
    const char* expected_tag = nullptr;
    /// Prepared once per connection and kept in its cache; otherwise parsed anew (the unnamed statement).
    bool prepare = true;
    /// The server sends what it has answered so far before it goes on to the next statement.
    bool flush = false;
    /// The server refuses it inside of a transaction: nothing may stand before it under its Sync.
    bool alone = false;
    /// Beyond it the result is `ResultTooLarge`, and the reply comes at once: the request goes on as after `abandon`,
    /// its rows are dropped as they come. Rows come one by one then, and are put together, which takes longer. Not for
    /// requests whose statements are apart.
    ResultCap cap{};
    /// Text of the program: it may change the state of the server's session for good.
    bool raw = false;
    /// Who asked for it, where a request is of several; else the request says so.
    std::source_location where{};
    /// Ends when nobody will send the statement again: it is closed then, and not prepared any more. Empty: it does not
    /// end.
    std::weak_ptr<const void> lifetime{};
    /// Not null: `sql` is a COPY FROM STDIN, and these are its rows. It has no parameters, costs two round trips of its
    /// own and ends the pipeline of the statements ahead of it.
    std::shared_ptr<CopySource> copy{};
    /// Not null: it is a COPY FROM STDIN or TO STDOUT that goes on behind the bytes of `copy`, by steps of the caller.
    /// Nothing stands behind it in its request. The reply comes when it is open; each further step has one of its own.
    std::shared_ptr<CopyChannel> channel{};
};

/// Throws `ConversionError` for a statement that cannot be sent at all. A request is checked before anything of it is
/// sent, so that one such statement fails the whole.
void check(const Statement& statement, const std::source_location& where);

/// Statements that travel together and are ended by one Sync: one round trip, unless there is a COPY among them. That
/// takes a transaction around it, begun by the request or before, or the statements would not stand or fall together.
struct Request {
    std::vector<Statement> statements;
    /// So many in front and at the end are of the transaction around what was asked for: messages do not name them.
    std::size_t ahead = 0;
    std::size_t behind = 0;
    TimePoint deadline = TimePoint::max();
    std::source_location where;
    /// True when the request commits, by a COMMIT or, outside of a transaction, by its Sync: an end without an answer
    /// is CommitOutcomeUnknown.
    bool commits = false;
    /// A Sync behind each statement: each is a transaction of its own, and fails alone. Not for COPY and `commits`.
    /// Where libpq is older than 17, each costs a system call.
    bool apart = false;
    /// All of it may run twice: sent again whichever statement the server cannot use any more.
    bool repeatable = false;
};

/// The answer to a request.
struct Reply {
    /// One for each statement that succeeded, in order; the statements behind a failure have none. One for each
    /// statement of a request whose statements are apart, of no meaning where `errors` has one.
    std::vector<Result> results;
    /// Of a request whose statements are apart: one for each, null for those that succeeded. `error` is that of the
    /// connection then.
    std::vector<std::exception_ptr> errors{};
    /// Why the request failed: DatabaseError and its kin, ConnectionError, TimeoutError, CommitOutcomeUnknown.
    std::exception_ptr error;
    /// The server refused a statement: the one at `results.size()`.
    bool failed_in_statement = false;
    /// A result was beyond its cap: so failed its statement, whose transaction is of no more use.
    bool overflowed = false;
    /// Some bytes may have reached the server.
    bool sent = false;
    /// `error` is CommitOutcomeUnknown.
    bool in_doubt = false;
    /// The server's session is in a transaction now; of no meaning when the connection was lost or goes on working.
    bool in_transaction = false;
    /// The request is not at its end: a COPY is open, whose statement has an empty result here.
    bool copying = false;
    /// What was asked, handed back when the connection is done with it.
    Request request{};

    /// Of statements that are apart, the first failure becomes that of the request.
    void take_apart() noexcept {
        for (std::size_t i = 0; !error && i < errors.size(); ++i) {
            if (!errors[i])
                continue;
            error = errors[i];
            failed_in_statement = true;
            results.resize(i);
        }
    }
};

/// Receives the reply, exactly once, from a thread of the connection's executor, with no lock held; never from inside
/// the call that started the request.
class RequestSink {
public:
    virtual ~RequestSink() = default;
    virtual void on_reply(Reply reply) noexcept = 0;
};

} // namespace corm::wire
