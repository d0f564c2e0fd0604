// A machine on a fake server, and a loop that drives it.
#pragma once

#include "support/caught.hpp"
#include "support/fake_pq.hpp"
#include "wire/pipeline_fsm.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <initializer_list>
#include <memory>
#include <string>

namespace corm::test {

inline wire::Statement statement(std::string sql, std::size_t bytes = 0) {
    wire::Statement made;
    made.sql = std::make_shared<const std::string>(std::move(sql));
    if (bytes != 0)
        made.parameters.add_encoded(25, types::Format::binary, std::string(bytes, 'x'));
    return made;
}

inline wire::Request request(std::initializer_list<std::string> texts) {
    wire::Request made;
    for (const std::string& text : texts) {
        made.statements.push_back(statement(text));
        if (text == "COMMIT") {
            made.statements.back().expected_tag = "COMMIT";
            made.commits = true;
        }
    }
    return made;
}

struct PipelineFixture {
    std::shared_ptr<FakePq> pq = std::make_shared<FakePq>();
    wire::PipelineFsm fsm;

    explicit PipelineFixture(std::size_t cached = 256) : fsm(pq->connect(pq), cached) {}
    PipelineFixture(std::shared_ptr<wire::StatementEpoch> epoch, std::shared_ptr<FakePq> server)
        : pq(std::move(server)), fsm(pq->connect(pq), 256, std::move(epoch)) {}

    wire::Reply run(wire::Request what, bool rollback_first = false, bool reset_first = false) {
        wire::Want want = fsm.begin(std::move(what), rollback_first, reset_first);
        for (int turns = 0; want != wire::Want::done; ++turns) {
            REQUIRE(turns < 10'000);
            want = want == wire::Want::read_write ? fsm.on_writable() : fsm.on_readable();
        }
        return fsm.take_reply();
    }
};

} // namespace corm::test
