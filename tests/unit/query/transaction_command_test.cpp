#include "query/transaction_command.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>
#include <vector>

using corm::query::transaction_command;

TEST_CASE("statements that control the transaction are known by their first words", "[query][unit]") {
    const std::vector<std::pair<std::string, std::string>> controlling{
        {"BEGIN", "BEGIN"},
        {"begin isolation level serializable", "BEGIN"},
        {"Start\n\tTransaction", "START TRANSACTION"},
        {"COMMIT;", "COMMIT"},
        {"commit work", "COMMIT"},
        {"END", "END"},
        {"ROLLBACK", "ROLLBACK"},
        {"rollback to savepoint s", "ROLLBACK"},
        {"abort", "ABORT"},
        {"savepoint s", "SAVEPOINT"},
        {"release s", "RELEASE SAVEPOINT"},
        {"prepare transaction 'x'", "PREPARE TRANSACTION"},
        {"set transaction read only", "SET TRANSACTION"},
        {"SET LOCAL TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION"},
        {" -- why\r\n /* a /* nested */ one */ ;; commit", "COMMIT"},
    };
    for (const auto& [sql, name] : controlling) {
        CAPTURE(sql);
        CHECK(transaction_command(sql).name == name);
        CHECK_FALSE(transaction_command(sql).instead.empty());
    }
}

TEST_CASE("no other statement is taken for one", "[query][unit]") {
    for (const char* sql : {"",
                            "select 1",
                            "beginning",
                            "begin_",
                            "commit_log",
                            "commit prepared 'x'",
                            "rollback prepared 'x'",
                            "start",
                            "prepare p as select 1",
                            "set search_path = a",
                            "set local work_mem = 1",
                            "set",
                            "set session characteristics as transaction read only",
                            "/* commit",
                            "-- commit",
                            "'commit'",
                            "\"commit\"",
                            "select 1; commit",
                            "/* a */ / commit",
                            "with commit as (select 1) select * from commit",
                            "abort\xc3\xa9"}) {
        CAPTURE(sql);
        CHECK(transaction_command(sql).name.empty());
    }
}

TEST_CASE("statements that EXPLAIN takes have a plan", "[query][unit]") {
    using corm::query::has_plan;
    for (const char* sql :
         {"select 1", "((select 1))", "-- a\nWITH a AS (select 1) select 1", "values (1)", "table t",
          "insert into t values (1)", "UPDATE t SET a = 1", "delete from t", "merge into t using s"}) {
        CAPTURE(sql);
        CHECK(has_plan(sql));
    }
    for (const char* sql :
         {"", "begin", "show all", "explain select 1", "copy t from stdin", "declare c cursor for select 1",
          "fetch 1 from c", "selection", "create table t as select 1", "call p()"}) {
        CAPTURE(sql);
        CHECK_FALSE(has_plan(sql));
    }
}
