// The processes ("ranks") that do one command's work together, as a value: who this one is, and how
// bytes go round. Alone by default; lib/cluster makes one from MPI. All ranks take the same steps,
// so that every call below meets the same call of the others.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace attn {

// What one rank could not do, when all ranks know it.
class JointError : public Error {
  public:
    using Error::Error;
};

class Communicator {
  public:
    // Carries what this rank has: one text for all ranks, or one for each. Gives what came from
    // all, in the order of ranks, whichever of the two each of them did.
    using Exchange = std::function<std::vector<std::string>(const std::vector<std::string>& own)>;

    Communicator() = default;
    Communicator(std::size_t rank, std::size_t size, Exchange exchange);

    std::size_t rank() const { return rank_; }
    std::size_t size() const { return size_; }
    bool is_root() const { return rank_ == 0; }
    bool is_alone() const { return size_ == 1; }

    // Bytes that came from the other ranks so far, to this object and its copies.
    std::size_t received() const { return received_->load(); }

    // The bytes of all ranks, in their order. As all members throws JointError where another rank
    // gave up.
    std::vector<std::string> gather_all(const std::string& own) const;
    // Bytes for each rank alone: what the others have at this one's place, in the order of ranks.
    // Its own stay.
    std::vector<std::string> deal(std::vector<std::string> for_ranks) const;
    // What rank 0 gives; that of the others is not looked at.
    std::string broadcast(const std::string& of_root) const;
    // The sum in the order of ranks.
    double sum(double own) const;
    // Returns when all ranks have called it.
    void wait_for_all() const;

    // Does a piece of work that all ranks do, and waits for all of them. What one of them cannot do
    // is an error of all: a JointError that names the rank, or, where all say the same, their text.
    void together(const std::function<void()>& work) const;

  private:
    [[noreturn]] void give_up(const std::string& problem) const;
    std::vector<std::string> meet(const std::vector<std::string>& own) const;

    std::size_t rank_ = 0;
    std::size_t size_ = 1;
    Exchange exchange_;
    std::shared_ptr<std::atomic<std::size_t>> received_ =
        std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace attn
