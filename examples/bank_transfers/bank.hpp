// A bank with two kinds of rows, and the one transaction that matters.
#pragma once

#include <corm/corm.hpp>

#include <boost/describe.hpp>

#include <cstdint>
#include <string>

namespace bank {

struct Account {
    std::int64_t id = 0;
    std::int64_t balance = 0; // in cents, never below 0
};
BOOST_DESCRIBE_STRUCT(Account, (), (id, balance))

constexpr auto corm_mapping(corm::type<Account>) {
    return corm::table<Account>("bank_accounts").primary_key<&Account::id>(corm::assigned);
}

/// A line of the journal: who gave what to whom.
struct Transfer {
    std::int64_t id = 0; // given by the database
    std::int64_t source = 0;
    std::int64_t target = 0;
    std::int64_t amount = 0;
};
BOOST_DESCRIBE_STRUCT(Transfer, (), (id, source, target, amount))

constexpr auto corm_mapping(corm::type<Transfer>) {
    return corm::table<Transfer>("bank_journal").primary_key<&Transfer::id>();
}

/// The source has less than the amount. Thrown out of the transaction, which is thereby rolled back.
class InsufficientFunds : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// In which order a transfer takes its two row locks.
enum class LockOrder {
    by_key, ///< everybody in the same order: no deadlock is possible
    given,  ///< source first: two opposite transfers deadlock, and the server picks one to run again
};

/// Makes both tables anew, with accounts 1 to `accounts`.
corm::Task<> open_bank(corm::Engine& engine, std::int64_t accounts, std::int64_t balance);

/// Moves money and writes a line of the journal, in one transaction. Throws `InsufficientFunds`.
corm::Task<> transfer(corm::Engine& engine, Transfer order, LockOrder lock_order);

/// What the books say, read in one snapshot.
struct Audit {
    std::int64_t money = 0;      ///< on all accounts
    std::int64_t transfers = 0;  ///< lines of the journal
    std::int64_t mismatches = 0; ///< accounts whose balance is not what the journal says
};
BOOST_DESCRIBE_STRUCT(Audit, (), (money, transfers, mismatches))

corm::Task<Audit> audit(corm::Engine& engine, std::int64_t opening_balance);

} // namespace bank
