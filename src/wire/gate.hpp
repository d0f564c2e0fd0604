// The way to an executor whose context may end first.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

namespace corm::wire {

/// Holds objects of Asio, which must not outlive their context.
class Guarded {
public:
    virtual ~Guarded() = default;
    /// The context ends: give up every object of Asio. What it no longer needs is put into `dropped` and destroyed
    /// later, because destructors of user code may come back here. Called with the gate locked; must not call the gate.
    virtual void context_gone(std::vector<std::shared_ptr<void>>& dropped) noexcept = 0;
};

/// Posts to an executor from threads that Asio does not know, and from objects that may outlive the context.
/// Thread-safe. Once the context has ended, nothing is posted any more, and what should have been is destroyed.
class Gate : public std::enable_shared_from_this<Gate> {
public:
    [[nodiscard]] static std::shared_ptr<Gate> make(boost::asio::any_io_executor executor);
    ~Gate();

    /// False, with `function` destroyed, when the context has ended. Not with a lock held that some `context_gone`
    /// takes: that runs with the gate locked.
    template <class F>
    bool post(F function) {
        std::unique_lock lock(mutex_);
        if (!open_) {
            lock.unlock();
            return false;
        }
        boost::asio::post(executor_, std::move(function));
        return true;
    }

    /// Runs `function` unless the context has ended; it cannot end meanwhile.
    template <class F>
    bool while_open(F function) {
        const std::lock_guard lock(mutex_);
        if (open_)
            function();
        return open_;
    }

    /// Keeps the context running as long as it lives, which is until the end of the context at most: to be made inside
    /// of `while_open`, and given up in `context_gone`.
    [[nodiscard]] std::shared_ptr<boost::asio::any_io_executor> work() const {
        return std::make_shared<boost::asio::any_io_executor>(
            boost::asio::prefer(executor_, boost::asio::execution::outstanding_work.tracked));
    }

    [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] bool is_open() const noexcept {
        const std::lock_guard lock(mutex_);
        return open_;
    }

    /// From now on `guarded` hears of the end of the context. False when it has ended already.
    bool add(Guarded& guarded);
    /// `cleanup` runs under the lock if the context still lives: it may touch objects of Asio.
    template <class F>
    void remove(Guarded& guarded, F cleanup) noexcept {
        const std::lock_guard lock(mutex_);
        guarded_.erase(&guarded);
        if (open_)
            cleanup();
    }

private:
    friend class ContextEnd;

    explicit Gate(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
    void close() noexcept;

    boost::asio::any_io_executor executor_;
    mutable std::mutex mutex_;
    bool open_ = true;
    std::unordered_set<Guarded*> guarded_;
};

} // namespace corm::wire
