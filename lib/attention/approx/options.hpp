// The options of one approximation, resolved: every option of its row has a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/matrix.hpp"

namespace attn::approx {

class Options {
  public:
    void set(const std::string& name, double value) { numbers_[name] = value; }
    void set(const std::string& name, std::string value) { words_[name] = std::move(value); }

    void set(const std::string& name, std::shared_ptr<const Matrix<double>> matrix) {
        matrices_[name] = std::move(matrix);
    }

    bool has(const std::string& name) const { return numbers_.count(name) || words_.count(name); }
    double real(const std::string& name) const { return numbers_.at(name); }
    std::size_t whole(const std::string& name) const {
        return static_cast<std::size_t>(numbers_.at(name));
    }
    std::uint64_t seed() const { return static_cast<std::uint64_t>(numbers_.at("seed")); }
    bool flag(const std::string& name) const { return numbers_.at(name) != 0; }
    const std::string& word(const std::string& name) const { return words_.at(name); }

    // What a file gave: not part of what is written on a line.
    const Matrix<double>& matrix(const std::string& name) const { return *matrices_.at(name); }

    const std::map<std::string, double>& numbers() const { return numbers_; }
    const std::map<std::string, std::string>& words() const { return words_; }

  private:
    std::map<std::string, double> numbers_;
    std::map<std::string, std::string> words_;  // kinds, files and lists ("0+17")
    std::map<std::string, std::shared_ptr<const Matrix<double>>> matrices_;
};

}  // namespace attn::approx
