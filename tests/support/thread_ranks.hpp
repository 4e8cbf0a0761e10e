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
                const Communicator ranks(rank, given_.size(), [this, rank](const std::string& own) {
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
    std::vector<std::string> exchange(std::size_t rank, const std::string& own) {
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
        for (std::size_t from = 0; from < all_.size(); ++from)
            received[rank] += from == rank ? 0 : all_[from].size();
        return all_;  // the next turn ends only when all have it
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> given_, all_;
    std::size_t there_ = 0;
    std::size_t turn_ = 0;
};

}  // namespace attn::test
