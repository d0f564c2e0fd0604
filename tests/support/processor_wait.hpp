// What a busy machine adds to every measured time.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>

namespace corm::test {

/// How long the kernel has let this thread wait for a processor; nothing where it does not say. Of the thread that
/// makes it.
class ProcessorWait {
public:
    ProcessorWait() : file_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}
    ProcessorWait(const ProcessorWait&) = delete;
    ProcessorWait& operator=(const ProcessorWait&) = delete;
    ~ProcessorWait() {
        if (file_ >= 0)
            ::close(file_);
    }

    [[nodiscard]] std::chrono::nanoseconds operator()() const {
        std::array<char, 128> text{};
        if (file_ < 0 || ::pread(file_, text.data(), text.size() - 1, 0) <= 0)
            return std::chrono::nanoseconds{0};
        char* end = nullptr;
        std::strtoll(text.data(), &end, 10); // what it has run
        return std::chrono::nanoseconds{std::strtoll(end, nullptr, 10)};
    }

private:
    int file_;
};

} // namespace corm::test
