#include "bank.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace bank {

corm::Task<> open_bank(corm::Engine& engine, std::int64_t accounts, std::int64_t balance) {
    corm::AsyncSession session{engine};
    co_await session.execute(corm::raw_sql("DROP TABLE IF EXISTS bank_journal, bank_accounts"));
    co_await session.execute(corm::raw_sql("CREATE TABLE bank_accounts (id bigint PRIMARY KEY,"
                                           " balance bigint NOT NULL CHECK (balance >= 0)) WITH (fillfactor = 50)"));
    co_await session.execute(corm::raw_sql("CREATE TABLE bank_journal (id bigint GENERATED ALWAYS AS IDENTITY"
                                           " PRIMARY KEY, source bigint NOT NULL REFERENCES bank_accounts,"
                                           " target bigint NOT NULL REFERENCES bank_accounts,"
                                           " amount bigint NOT NULL CHECK (amount > 0), CHECK (source <> target))"));
    std::vector<Account> opened;
    for (std::int64_t id = 1; id <= accounts; ++id)
        opened.push_back({.id = id, .balance = balance});
    session.add_all(std::move(opened));
    co_await session.commit();
}

corm::Task<> transfer(corm::Engine& engine, Transfer order, LockOrder lock_order) {
    co_await engine.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
        std::int64_t first = order.source;
        std::int64_t second = order.target;
        if (lock_order == LockOrder::by_key && first > second)
            std::swap(first, second);
        const corm::Ref<Account> one = co_await session.get_one<Account>(first, corm::for_no_key_update);
        const corm::Ref<Account> other = co_await session.get_one<Account>(second, corm::for_no_key_update);
        const corm::Ref<Account>& source = first == order.source ? one : other;
        const corm::Ref<Account>& target = first == order.source ? other : one;
        if (source->balance < order.amount)
            throw InsufficientFunds{"account " + std::to_string(order.source) + " has too little"};
        source.edit().balance -= order.amount;
        target.edit().balance += order.amount;
        session.add(order);
    });
}

corm::Task<Audit> audit(corm::Engine& engine, std::int64_t opening_balance) {
    corm::AsyncSession session{engine, {.autocommit = true}};
    co_return co_await session.one<Audit>(
        corm::raw_sql("WITH moved AS (SELECT source AS id, -amount AS delta FROM bank_journal"
                      "               UNION ALL SELECT target, amount FROM bank_journal),"
                      " expected AS (SELECT a.id, a.balance, $1 + coalesce(sum(m.delta), 0) AS by_journal"
                      "              FROM bank_accounts a LEFT JOIN moved m USING (id) GROUP BY a.id)"
                      " SELECT sum(balance)::bigint AS money, (SELECT count(*) FROM bank_journal) AS transfers,"
                      " count(*) FILTER (WHERE balance <> by_journal) AS mismatches FROM expected",
                      opening_balance));
}

} // namespace bank
