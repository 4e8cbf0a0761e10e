// Ranks for tests: threads of this process, whose bytes go round in memory.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/communicator.hpp"

namespace attn::test {

class ThreadRanks {
  public:
    explicit ThreadRanks(std::size_t size) : received(size), given_(size) {}

    // Calls work(communicator) on all ranks at once; the texts of the errors that came out of it,
    // by rank, empty for none.
    std::vector<std::string> run(const std::function<void(const Communicator&)>& work) {
        std::vector<std::string> errors(given_.size());
        std::vector<std::thread> threads;
        for (std::size_t rank = 0; rank < given_.size(); ++rank) {
            threads.emplace_back([&, rank] {
                const Communicator ranks(rank, given_.size(), [this, rank](const Texts& own) {
                    return exchange(rank, own);
                });
                try {
                    work(ranks);
                } catch (const std::exception& error) {
                    errors[rank] = error.what();
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        return errors;
    }

    std::vector<std::size_t> received;  // bytes of others, by rank

  private:
    using Texts = std::vector<std::string>;

    Texts exchange(std::size_t rank, const Texts& own) {
        std::unique_lock<std::mutex> lock(mutex_);
        const std::size_t turn = turn_;
        given_[rank] = own;
        if (++there_ == given_.size()) {
            all_ = given_;
            there_ = 0;
            ++turn_;
            changed_.notify_all();
        }
        changed_.wait(lock, [&] { return turn_ != turn; });
        Texts came;  // the next turn ends only when all have it
        for (std::size_t from = 0; from < all_.size(); ++from) {
            came.push_back(all_[from].size() == 1 ? all_[from].front() : all_[from][rank]);
            received[rank] += from == rank ? 0 : came.back().size();
        }
        return came;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Texts> given_, all_;
    std::size_t there_ = 0;
    std::size_t turn_ = 0;
};

}  // namespace attn::test
