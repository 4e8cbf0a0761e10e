// A checkpoint of tests/golden/models, changed as tests want it, in a folder of its own.
#pragma once

#include <catch2/catch.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "core/shape.hpp"
#include "io/container.hpp"
#include "support/arrays.hpp"
#include "support/program.hpp"
#include "support/safetensors_bytes.hpp"
#include "support/temp_folder.hpp"

namespace attn::test {

class ChangedCheckpoint {
  public:
    explicit ChangedCheckpoint(const std::string& family) : source_(golden("models/" + family)) {
        const io::Container file = io::open_container((source_ / "model.safetensors").string());
        for (const auto& [key, array] : file.arrays) {
            tensors_[key] = {
                code_of(array.dtype), array.shape,
                std::string(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size())};
        }
        config_ = read_file(source_ / "config.json");
    }

    ChangedCheckpoint& add(const std::string& key, const Shape& shape = {4},
                           const std::string& dtype = "F32", std::size_t width = 4) {
        tensors_[key] = {dtype, shape, std::string(element_count(shape, key) * width, '\0')};
        return *this;
    }
    const Shape& shape(const std::string& key) const { return tensors_.at(key).shape; }
    ChangedCheckpoint& copy(const std::string& key, const std::string& as) {
        tensors_[as] = tensors_.at(key);
        return *this;
    }
    ChangedCheckpoint& erase(const std::string& key) {
        tensors_.erase(key);
        return *this;
    }
    ChangedCheckpoint& rename(const std::function<std::string(const std::string&)>& change) {
        std::map<std::string, Tensor> renamed;
        for (auto& [key, tensor] : tensors_) renamed[change(key)] = std::move(tensor);
        tensors_ = std::move(renamed);
        return *this;
    }
    // Empty: no config.json at all.
    ChangedCheckpoint& config(const std::string& text) {
        config_ = text;
        return *this;
    }
    ChangedCheckpoint& set(const std::string& setting) {
        config_ = "{" + setting + ", " + config_.substr(1);
        return *this;
    }

    // Writes it, replacing what was there; returns the folder.
    std::string write() const {
        std::string header = "{";
        std::string data;
        for (const auto& [key, tensor] : tensors_) {
            std::string shape;
            for (const std::size_t extent : tensor.shape)
                shape += (shape.empty() ? "" : ",") + std::to_string(extent);
            header += (header.size() > 1 ? "," : "") + ("\"" + key + "\":") +
                      tensor_entry(tensor.dtype, "[" + shape + "]", data.size(),
                                   data.size() + tensor.bytes.size());
            data += tensor.bytes;
        }
        folder_.write("model/model.safetensors", safetensors_bytes(header + "}", data));
        std::filesystem::remove(folder_ / "model/config.json");
        if (!config_.empty()) folder_.write("model/config.json", config_);
        return folder_ / "model";
    }

    // An input that belongs to the family's golden results: "token_ids.npy".
    std::string input(const std::string& name) const { return (source_ / name).string(); }
    std::string path(const std::string& name) const { return folder_ / name; }

  private:
    struct Tensor {
        std::string dtype;
        Shape shape;
        std::string bytes;
    };

    static std::string code_of(DType dtype) {
        return dtype == DType::boolean ? "BOOL" : dtype == DType::int64 ? "I64" : "F32";
    }

    std::filesystem::path source_;
    TempFolder folder_;
    std::map<std::string, Tensor> tensors_;
    std::string config_;
};

// A run of it to its logits ends with one line that says so.
inline void check_model_refused(const ChangedCheckpoint& model, const std::string& text) {
    const auto result =
        run_program({"run", "-w", model.write(), "--token-ids", model.input("token_ids.npy"),
                     "--save", "logits", "-o", model.path("out")});
    INFO(text << "\n" << result.err);
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Catch::Contains(text));
}

}  // namespace attn::test
