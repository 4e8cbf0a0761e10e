#include "core/phase_clock.hpp"

#include <algorithm>

namespace attn {
namespace {

PhaseOfThread& here() {
    thread_local PhaseOfThread state;
    return state;
}

}  // namespace

const char* name_of(Phase phase) {
    constexpr std::array<const char*, kPhases> kNames{"open",  "convert", "project", "attend",
                                                      "write", "draw",    "commit"};
    return kNames[static_cast<std::size_t>(phase)];
}

PhaseClock::PhaseClock() {
    here().clock_ = this;
}

PhaseClock::~PhaseClock() {
    here() = {};
}

PhaseClock::Times PhaseClock::times(std::size_t threads) const {
    Times times;
    times.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    times.waiting = times.seconds * static_cast<double>(threads);
    for (std::size_t phase = 0; phase < kPhases; ++phase) {
        times.phases[phase] = 1e-9 * static_cast<double>(nanoseconds_[phase].load());
        times.waiting -= times.phases[phase];
    }
    times.waiting = std::max(0.0, times.waiting);
    return times;
}

PhaseOfThread PhaseOfThread::current() {
    return here();
}

PhaseOfThread PhaseOfThread::idle() const {
    PhaseOfThread other;
    other.clock_ = clock_;
    return other;
}

void PhaseOfThread::stop_counting() const {
    if (clock_ == nullptr || phase_ == kNone) return;
    const auto passed = PhaseClock::Clock::now() - since_;
    clock_->nanoseconds_[phase_] +=
        std::chrono::duration_cast<std::chrono::nanoseconds>(passed).count();
}

void PhaseOfThread::replace(PhaseOfThread next) {
    here().stop_counting();
    if (next.clock_ != nullptr) next.since_ = PhaseClock::Clock::now();
    here() = next;
}

InPhase::InPhase(Phase phase) : before_(PhaseOfThread::current()) {
    if (before_.clock_ == nullptr) return;
    PhaseOfThread next = before_;
    next.phase_ = static_cast<std::size_t>(phase);
    PhaseOfThread::replace(next);
}

InPhase::InPhase(const PhaseOfThread& other) : before_(PhaseOfThread::current()) {
    if (other.clock_ != nullptr) PhaseOfThread::replace(other);
}

InPhase::~InPhase() {
    if (PhaseOfThread::current().clock_ != nullptr) PhaseOfThread::replace(before_);
}

}  // namespace attn
