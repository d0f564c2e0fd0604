#include "journal.hpp"

#include <algorithm>

namespace corm::soak {

void open_bank(Admin& admin) {
    admin.ask("CREATE ROLE corm_soak LOGIN");
    admin.ask("CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint NOT NULL, version int NOT NULL) WITH "
              "(fillfactor = 50)");
    admin.ask("CREATE TABLE ledger (token bigint PRIMARY KEY, source bigint NOT NULL, target bigint NOT NULL, amount "
              "bigint NOT NULL)");
    admin.ask("CREATE TABLE readings (id bigint PRIMARY KEY, value text NOT NULL)");
    admin.ask("INSERT INTO accounts SELECT n, " + std::to_string(opening_balance) + ", 0 FROM generate_series(1, " +
              std::to_string(accounts) + ") n");
    admin.ask("INSERT INTO ledger VALUES (" + std::to_string(taken_token) + ", 1, 2, 0)");
    admin.ask("INSERT INTO readings SELECT n, repeat('r', 40) FROM generate_series(1, 10000) n");
    admin.ask("GRANT ALL ON accounts, ledger, readings TO corm_soak");
    admin.ask("VACUUM ANALYZE");
}

std::int64_t Journal::next_token() {
    const std::lock_guard lock(mutex_);
    open_.insert(++last_token_);
    return last_token_;
}

void Journal::note(std::int64_t token, Verdict verdict, std::optional<orm::CommitOutcome> outcome) {
    const std::lock_guard lock(mutex_);
    lines_.push_back({token, verdict, outcome});
    open_.erase(token);
    totals_.acknowledged += verdict == Verdict::acknowledged;
    totals_.failed += verdict == Verdict::failed;
    totals_.unknown += verdict == Verdict::unknown;
}

void Journal::compare(const Line& line, bool present) {
    const std::string name = "transfer " + std::to_string(line.token);
    if (line.verdict == Verdict::acknowledged && !present)
        findings_.add(verdicts, name + " was acknowledged and is missing");
    if (line.verdict == Verdict::failed && present)
        findings_.add(verdicts, name + " failed for certain and is there");
    if (line.verdict != Verdict::unknown)
        return;
    totals_.unknown_committed += present;
    const orm::CommitOutcome outcome = line.outcome.value_or(orm::CommitOutcome::unknown);
    totals_.unresolved += outcome == orm::CommitOutcome::unknown;
    if (outcome != orm::CommitOutcome::unknown && (outcome == orm::CommitOutcome::committed) != present)
        findings_.add(unknowns, name + (present ? " is there, and was resolved as rolled back"
                                                : " is not there, and was resolved as committed"));
}

void Journal::audit(Admin& admin) {
    const std::lock_guard lock(mutex_);
    std::unordered_set<std::int64_t> found;
    for (const std::string& token : admin.list("SELECT token FROM ledger WHERE token > " + std::to_string(audited_)))
        found.insert(std::stoll(token));
    present_ += found.size();
    for (const Line& line : lines_) {
        const auto at = found.find(line.token);
        compare(line, at != found.end());
        if (at != found.end())
            found.erase(at);
    }
    for (const std::int64_t token : open_)
        findings_.add(surprises, "nobody has noted what became of transfer " + std::to_string(token));
    for (const std::int64_t token : found) {
        if (!open_.contains(token))
            findings_.add(verdicts, "transfer " + std::to_string(token) + " is there, and nobody has made it");
    }
    open_.clear();
    audited_ = last_token_;
    std::vector<Line>{}.swap(lines_);
    // Also what an earlier audit has seen must still be there.
    const std::string all = admin.ask("SELECT count(*) FROM ledger WHERE token > 1000");
    if (all != std::to_string(present_))
        findings_.add(verdicts, "the ledger has " + all + " transfers, and had " + std::to_string(present_));

    const std::string opening = std::to_string(opening_balance);
    const std::string sum = admin.ask("SELECT sum(balance) FROM accounts");
    if (sum != std::to_string(accounts * opening_balance))
        findings_.add(money, "all balances together are " + sum);
    const std::string wrong = admin.ask(
        "WITH moved AS (SELECT source AS id, -amount AS delta FROM ledger UNION ALL SELECT target, amount FROM ledger) "
        "SELECT count(*) FROM (SELECT a.id FROM accounts a LEFT JOIN moved m USING (id) GROUP BY a.id, a.balance "
        "HAVING a.balance <> " +
        opening + " + coalesce(sum(m.delta), 0)) wrong");
    if (wrong != "0")
        findings_.add(money, wrong + " balances differ from what the ledger says");
}

Journal::Totals Journal::totals() const {
    const std::lock_guard lock(mutex_);
    return totals_;
}

} // namespace corm::soak
