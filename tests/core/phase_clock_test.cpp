#include "core/phase_clock.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "core/parallel.hpp"

using namespace attn;

namespace {

void pass(std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
}

double of(const PhaseClock::Times& times, Phase phase) {
    return times.phases[static_cast<std::size_t>(phase)];
}

}  // namespace

TEST_CASE("a phase inside another pauses the outer one") {
    const PhaseClock clock;
    {
        const InPhase outer(Phase::attend);
        pass(std::chrono::milliseconds(2));
        {
            const InPhase inner(Phase::write);
            pass(std::chrono::milliseconds(20));
        }
        pass(std::chrono::milliseconds(2));
    }
    const PhaseClock::Times times = clock.times(1);
    CHECK(of(times, Phase::write) >= 0.020);
    CHECK(of(times, Phase::attend) >= 0.004);
    CHECK(of(times, Phase::attend) <= times.seconds - of(times, Phase::write));
    CHECK(of(times, Phase::draw) == 0);
}

TEST_CASE("the threads of a loop count for the phase of whoever started it") {
    const PhaseClock clock;
    {
        const InPhase phase(Phase::project);
        parallel_for(4, [](std::size_t) { pass(std::chrono::milliseconds(5)); });
    }
    pass(std::chrono::milliseconds(5));
    const PhaseClock::Times times = clock.times(available_threads());
    CHECK(of(times, Phase::project) >= 0.020);
    CHECK(times.waiting >= 0.005);
}

TEST_CASE("time that no phase names is waiting, on every thread that could have worked") {
    const PhaseClock clock;
    pass(std::chrono::milliseconds(5));
    const PhaseClock::Times times = clock.times(3);
    CHECK(times.waiting == Approx(3 * times.seconds));
}

TEST_CASE("without a clock phases count for nobody") {
    const InPhase before(Phase::open);
    const PhaseClock clock;
    CHECK(of(clock.times(1), Phase::open) == 0);
    CHECK(name_of(Phase::commit) == std::string("commit"));
}
