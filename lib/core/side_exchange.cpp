#include "core/side_exchange.hpp"

#include <exception>
#include <future>
#include <system_error>

#include "core/communicator.hpp"
#include "core/interrupt.hpp"

namespace attn {
namespace {

std::future<void> begin(const std::function<void()>& exchange) {
    try {
        return std::async(std::launch::async, exchange);
    } catch (const std::system_error&) {
        return std::async(std::launch::deferred, exchange);
    }
}

}  // namespace

void exchange_meanwhile(const std::function<void()>& exchange, const std::function<void()>& work,
                        const std::function<void()>& stop) {
    std::future<void> other = begin(exchange);
    try {
        work();
    } catch (const Interrupted&) {
        if (stop) stop();
        throw;  // the future waits for its thread
    } catch (...) {
        if (stop) stop();
        try {
            other.get();
        } catch (const JointError&) {
            throw;
        } catch (...) {  // the first error is told
        }
        throw;
    }
    other.get();
}

}  // namespace attn
