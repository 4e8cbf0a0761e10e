// Where the time of a command goes, by our own clock. Each thread says what it is doing (InPhase)
// and the clock adds up, over all threads. Without a clock this costs nothing that can be measured.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace attn {

enum class Phase {
    open,     // finding the arrays of the input and checking them against each other
    convert,  // reading, checking and digesting numbers
    project,  // products with the weights of a layer
    attend,   // attention, and what is measured of it
    write,    // files
    draw,     // pictures
    commit,   // moving the files to their places
};

constexpr std::size_t kPhases = 7;
const char* name_of(Phase phase);

class PhaseClock {
  public:
    struct Times {
        double seconds = 0;                    // that have passed
        std::array<double, kPhases> phases{};  // of all threads together
        double waiting = 0;  // of threads that had nothing to do, or nothing named
    };

    // Counts what this thread does from now on, and the loops that it starts (core/parallel).
    PhaseClock();
    ~PhaseClock();
    PhaseClock(const PhaseClock&) = delete;
    PhaseClock& operator=(const PhaseClock&) = delete;

    // `threads`: how many could have worked.
    Times times(std::size_t threads) const;

  private:
    friend class PhaseOfThread;
    using Clock = std::chrono::steady_clock;

    Clock::time_point start_ = Clock::now();
    std::array<std::atomic<std::int64_t>, kPhases> nanoseconds_{};
};

// What a thread does, and whose clock counts it: to be handed on to the threads of a loop.
class PhaseOfThread {
  public:
    static PhaseOfThread current();

    // The same clock, and nothing that is counted.
    PhaseOfThread idle() const;

  private:
    friend class PhaseClock;
    friend class InPhase;
    static constexpr std::size_t kNone = kPhases;

    void stop_counting() const;
    static void replace(PhaseOfThread next);

    PhaseClock* clock_ = nullptr;
    std::size_t phase_ = kNone;
    PhaseClock::Clock::time_point since_{};
};

// What this thread does while the object lives; what it did before pauses.
class InPhase {
  public:
    explicit InPhase(Phase phase);
    explicit InPhase(const PhaseOfThread& other);
    ~InPhase();
    InPhase(const InPhase&) = delete;
    InPhase& operator=(const InPhase&) = delete;

  private:
    PhaseOfThread before_;
};

}  // namespace attn
