// The options of one approximation, resolved: every option of its row has a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace attn::approx {

class Options {
  public:
    void set(const std::string& name, double value) { numbers_[name] = value; }
    void set(const std::string& name, std::string value) { words_[name] = std::move(value); }

    bool has(const std::string& name) const { return numbers_.count(name) || words_.count(name); }
    double real(const std::string& name) const { return numbers_.at(name); }
    std::size_t whole(const std::string& name) const {
        return static_cast<std::size_t>(numbers_.at(name));
    }
    std::uint64_t seed() const { return static_cast<std::uint64_t>(numbers_.at("seed")); }
    bool flag(const std::string& name) const { return numbers_.at(name) != 0; }
    const std::string& word(const std::string& name) const { return words_.at(name); }

    const std::map<std::string, double>& numbers() const { return numbers_; }
    const std::map<std::string, std::string>& words() const { return words_; }

  private:
    std::map<std::string, double> numbers_;
    std::map<std::string, std::string> words_;  // kinds, files and lists ("0+17")
};

}  // namespace attn::approx
