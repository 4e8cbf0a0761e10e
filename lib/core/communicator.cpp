#include "core/communicator.hpp"

#include <cstring>
#include <exception>
#include <new>

namespace attn {
namespace {

// In front of what goes round: whether it is what was asked for, or why it never will be.
constexpr char kBytes = 'b';
constexpr char kProblem = 'p';

// One line for all ranks, which all make of the same messages.
std::string joint_text(const std::vector<std::string>& messages) {
    std::string first;
    bool all_say_it = true;
    for (std::size_t rank = 0; rank < messages.size(); ++rank) {
        if (messages[rank].front() == kBytes) {
            all_say_it = false;
            continue;
        }
        const std::string text = messages[rank].substr(1);
        all_say_it = all_say_it && text == messages.front().substr(1);
        if (first.empty()) first = "rank " + std::to_string(rank) + ": " + text;
    }
    return all_say_it ? messages.front().substr(1) : first;
}

bool is_problem(const std::string& message) {
    return message.front() == kProblem;
}

}  // namespace

Communicator::Communicator(std::size_t rank, std::size_t size, Exchange exchange)
    : rank_(rank), size_(size), exchange_(std::move(exchange)) {}

std::vector<std::string> Communicator::meet(const std::vector<std::string>& own) const {
    std::vector<std::string> messages = exchange_(own);
    for (std::size_t from = 0; from < size_; ++from) {
        if (is_problem(messages[from])) throw JointError(joint_text(messages));
        if (from != rank_) *received_ += messages[from].size();
    }
    for (std::string& message : messages) message.erase(0, 1);
    return messages;
}

std::vector<std::string> Communicator::gather_all(const std::string& own) const {
    if (is_alone()) return {own};
    return meet({kBytes + own});
}

std::vector<std::string> Communicator::deal(std::vector<std::string> for_ranks) const {
    if (is_alone()) return for_ranks;
    std::string own = std::move(for_ranks[rank_]);
    for_ranks[rank_].clear();
    for (std::string& bytes : for_ranks) bytes.insert(0, 1, kBytes);
    std::vector<std::string> found = meet(for_ranks);
    found[rank_] = std::move(own);
    return found;
}

std::string Communicator::broadcast(const std::string& of_root) const {
    return gather_all(is_root() ? of_root : "").front();
}

double Communicator::sum(double own) const {
    std::string bytes(sizeof own, '\0');
    std::memcpy(bytes.data(), &own, sizeof own);
    double total = 0;
    for (const std::string& part : gather_all(bytes)) {
        double value = 0;
        std::memcpy(&value, part.data(), sizeof value);
        total += value;
    }
    return total;
}

void Communicator::wait_for_all() const {
    gather_all("");
}

void Communicator::give_up(const std::string& problem) const {
    meet({kProblem + problem});
    throw JointError(problem);  // not reached: there is a problem
}

void Communicator::together(const std::function<void()>& work) const {
    if (is_alone()) return work();
    std::string problem;
    try {
        work();
        return wait_for_all();
    } catch (const JointError&) {
        throw;
    } catch (const std::bad_alloc&) {
        problem = "out of memory";
    } catch (const std::exception& error) {
        problem = error.what();
    }
    give_up(problem);
}

}  // namespace attn
