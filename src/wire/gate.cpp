#include "wire/gate.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>

namespace corm::wire {

/// Hears of the end of a context, before its other services are gone.
class ContextEnd final : public boost::asio::execution_context::service {
public:
    using key_type = ContextEnd;
    static boost::asio::execution_context::id id;

    explicit ContextEnd(boost::asio::execution_context& context) : service(context) {}

    void add(const std::shared_ptr<Gate>& gate) {
        const std::lock_guard lock(mutex_);
        std::erase_if(gates_, [](const std::weak_ptr<Gate>& each) { return each.expired(); });
        gates_.push_back(gate);
    }

private:
    void shutdown() override {
        std::vector<std::weak_ptr<Gate>> gates;
        {
            const std::lock_guard lock(mutex_);
            gates.swap(gates_);
        }
        for (const std::weak_ptr<Gate>& each : gates) {
            if (const std::shared_ptr<Gate> gate = each.lock())
                gate->close();
        }
    }

    std::mutex mutex_;
    std::vector<std::weak_ptr<Gate>> gates_;
};

boost::asio::execution_context::id ContextEnd::id;

std::shared_ptr<Gate> Gate::make(boost::asio::any_io_executor executor) {
    const std::shared_ptr<Gate> gate{new Gate(std::move(executor))};
    boost::asio::execution_context& context = boost::asio::query(gate->executor_, boost::asio::execution::context);
    boost::asio::use_service<ContextEnd>(context).add(gate);
    return gate;
}

Gate::~Gate() = default;

bool Gate::add(Guarded& guarded) {
    const std::lock_guard lock(mutex_);
    if (open_)
        guarded_.insert(&guarded);
    return open_;
}

void Gate::close() noexcept {
    std::vector<std::shared_ptr<void>> dropped;
    const std::lock_guard lock(mutex_);
    open_ = false;
    for (Guarded* guarded : std::exchange(guarded_, {}))
        guarded->context_gone(dropped);
    // Destroyed after the lock is released: declared first.
}

} // namespace corm::wire
