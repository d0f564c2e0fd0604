#include "letters.hpp"

#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <utility>

namespace job_queue {

Job letter_job(const Letter& letter, std::int32_t max_attempts) {
    return {.kind = "letter", .payload = boost::json::value_from(letter), .max_attempts = max_attempts};
}

Handlers letter_handlers(PostOffice& post) {
    Handlers handlers;
    handlers["letter"] = [&post](const Job& job) -> corm::Task<Conclusion> {
        const Letter letter = boost::json::value_to<Letter>(job.payload);
        Consignment consignment{
            .job = job.id, .attempt = job.attempts, .worker = job.worker.value_or(""), .recipient = letter.recipient};
        co_await post.send(std::move(consignment));
        // From here on until the transaction below is committed, the letter is sent and nobody knows: a worker that
        // dies now makes another one send it again.
        Delivery delivery{.job_id = job.id, .attempt = job.attempts, .recipient = letter.recipient};
        co_return [delivery = std::move(delivery)](corm::AsyncSession& session) -> corm::Task<> {
            session.add(delivery);
            co_return;
        };
    };
    return handlers;
}

} // namespace job_queue
