// What the queue is for in this program: letters that are sent in the background.
#pragma once

#include "post_office.hpp"
#include "worker.hpp"

#include <corm/corm.hpp>

#include <boost/describe.hpp>

#include <cstdint>
#include <string>

namespace job_queue {

/// The payload of jobs of the kind "letter".
struct Letter {
    std::string recipient{};
    std::string text{};
};
BOOST_DESCRIBE_STRUCT(Letter, (), (recipient, text))

/// A letter that was sent: a line of the program's own books, written in the transaction that ends the job.
struct Delivery {
    std::int64_t id = 0;
    std::int64_t job_id = 0; // not UNIQUE: that there is one for each job is the work of the queue
    std::int32_t attempt = 0;
    std::string recipient{};
    corm::One<Job> job{};
};
BOOST_DESCRIBE_STRUCT(Delivery, (), (id, job_id, attempt, recipient, job))

constexpr auto corm_mapping(corm::type<Delivery>) {
    return corm::table<Delivery>("deliveries")
        .schema("job_queue")
        .primary_key<&Delivery::id>()
        .many_to_one<&Delivery::job, &Delivery::job_id>();
}

[[nodiscard]] Job letter_job(const Letter& letter, std::int32_t max_attempts);

/// Sends letters by `post`, which has to outlive the handlers.
[[nodiscard]] Handlers letter_handlers(PostOffice& post);

} // namespace job_queue
