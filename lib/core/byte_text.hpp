// Values as bytes for another process of the same program, one behind the other, and back.
#pragma once

#include <algorithm>
#include <cassert>
#include <string>
#include <type_traits>
#include <vector>

namespace attn {

class ByteWriter {
  public:
    template <class Value>
    void put(const Value& value) {
        static_assert(std::is_trivially_copyable_v<Value>, "has bytes of its own elsewhere");
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    template <class Value>
    void put(const std::vector<Value>& values) {
        put(values.size());
        for (const Value& value : values) put(value);
    }
    template <class Value>
    void put_values(const Value* values, std::size_t count) {
        static_assert(std::is_trivially_copyable_v<Value>, "has bytes of its own elsewhere");
        bytes_.append(reinterpret_cast<const char*>(values), count * sizeof(Value));
    }
    void put(const std::string& text) {
        put(text.size());
        bytes_ += text;
    }

    const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
};

// Reads in the order of writing. The bytes must outlive it.
class ByteReader {
  public:
    explicit ByteReader(const std::string& bytes) : bytes_(bytes) {}

    template <class Value>
    void take(Value& value) {
        take_values(&value, 1);
    }
    template <class Value>
    void take(std::vector<Value>& values) {
        std::size_t count = 0;
        take(count);
        values.resize(count);
        for (Value& value : values) take(value);
    }
    template <class Value>
    void take_values(Value* values, std::size_t count) {
        static_assert(std::is_trivially_copyable_v<Value>, "has bytes of its own elsewhere");
        assert(count * sizeof(Value) <= bytes_.size() - at_);
        // Not memcpy, which refuses the address of no values.
        std::copy_n(bytes_.data() + at_, count * sizeof(Value), reinterpret_cast<char*>(values));
        at_ += count * sizeof(Value);
    }
    void take(std::string& text) {
        std::size_t size = 0;
        take(size);
        assert(size <= bytes_.size() - at_);
        text = bytes_.substr(at_, size);
        at_ += size;
    }
    bool at_end() const { return at_ == bytes_.size(); }

  private:
    const std::string& bytes_;
    std::size_t at_ = 0;
};

}  // namespace attn
