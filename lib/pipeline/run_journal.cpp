#include "pipeline/run_journal.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <sstream>

#include "core/byte_text.hpp"
#include "core/error.hpp"
#include "core/text_of.hpp"
#include "io/file_bytes.hpp"
#include "io/xxh3.hpp"

namespace attn::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFacts = "facts";

std::string layer_name(std::size_t layer) {
    return "layer-" + std::to_string(layer);
}

std::string input_name(std::size_t layer) {
    return "behind-" + std::to_string(layer);
}

std::string read_all_of(const std::string& path) {
    const io::FileBytes file = io::map_file(path);
    return std::string(text_of(file.bytes));
}

void put_chosen(const Chosen& chosen, ByteWriter& to) {
    to.put(chosen.has_value());
    to.put(chosen.value_or(std::vector<std::size_t>()));
}

Chosen take_chosen(ByteReader& from) {
    bool some = false;
    std::vector<std::size_t> places;
    from.take(some);
    from.take(places);
    return some ? Chosen(places) : std::nullopt;
}

std::size_t LayerShape::*const kCounts[] = {
    &LayerShape::layer, &LayerShape::sequences, &LayerShape::heads,     &LayerShape::queries,
    &LayerShape::keys,  &LayerShape::d_value,   &LayerShape::block_rows};

void put_shape(const LayerShape& shape, ByteWriter& to) {
    for (const auto count : kCounts) to.put(shape.*count);
    put_chosen(shape.chosen_sequences, to);
    put_chosen(shape.chosen_heads, to);
    to.put(shape.head_numbers);
}

LayerShape take_shape(ByteReader& from) {
    LayerShape shape;
    for (const auto count : kCounts) from.take(shape.*count);
    shape.chosen_sequences = take_chosen(from);
    shape.chosen_heads = take_chosen(from);
    from.take(shape.head_numbers);
    return shape;
}

template <class Visit>
void for_streamed_heads(const LayerShape& shape, const Visit& visit) {
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
        for (std::size_t head = 0; head < shape.heads; ++head)
            if (shape.streams(sequence, head)) visit(sequence, head);
    }
}

template <class T>
std::vector<JoiningSink<T>*> remembering(const Sinks<T>& sinks) {
    std::vector<JoiningSink<T>*> some;
    for (Sink<T>* sink : sinks) {
        auto* const joining = dynamic_cast<JoiningSink<T>*>(sink);
        if (joining != nullptr && joining->remembers()) some.push_back(joining);
    }
    return some;
}

void require_same_facts(const std::string& output, const RunFacts& before, const RunFacts& now) {
    const std::map<std::string, std::string> old(before.begin(), before.end());
    const std::map<std::string, std::string> own(now.begin(), now.end());
    const auto value = [](const std::map<std::string, std::string>& facts,
                          const std::string& name) -> std::string {
        const auto found = facts.find(name);
        if (found == facts.end()) return "not given";
        return found->second.empty() ? "given" : found->second;
    };
    std::map<std::string, std::string> all = old;
    all.insert(own.begin(), own.end());
    for (const auto& [name, any] : all) {
        const std::string earlier = value(old, name), mine = value(own, name);
        if (earlier == mine) continue;
        if (name.rfind("file ", 0) == 0)
            fail(name.substr(5), ": is not what it was for the run that stopped in ", output,
                 "; leave out --resume to begin anew");
        fail(output, ": ", name, ": was ", earlier, " in the run that stopped there, is ", mine,
             "; --resume goes on with the same flags alone; leave it out to begin anew");
    }
}

}  // namespace

std::string mark_of_file(const std::string& path) {
    constexpr std::uintmax_t kRead = std::uintmax_t{64} << 20;
    std::error_code problem;
    if (!fs::is_regular_file(path, problem)) return "";
    const std::uintmax_t size = fs::file_size(path, problem);
    if (size == 0) return "empty";
    if (size <= kRead) return io::xxh3(io::map_file(path).bytes);
    const auto changed = fs::last_write_time(path, problem).time_since_epoch().count();
    return std::to_string(size) + " bytes, changed at " + std::to_string(changed);
}

RunFacts facts_of_command(const std::string& line) {
    RunFacts facts;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
        if (word.rfind("--", 0) == 0)
            facts.emplace_back(word, "");
        else if (!facts.empty())
            facts.back().second += (facts.back().second.empty() ? "" : " ") + word;
    }
    return facts;
}

template <class T>
RunJournal<T>::RunJournal(io::OutputFolder& folder, const std::string& output,
                          const RunFacts& facts, const Communicator& ranks)
    : folder_(folder), ranks_(ranks) {
    ByteWriter found;
    ranks.together([&] {
        if (!ranks.is_root()) return;
        if (!folder.is_taken_over() || !fs::exists(path(kFacts))) {
            ByteWriter own;
            for (const auto& [name, value] : facts) own.put(name), own.put(value);
            fs::create_directories(path(""));
            write(kFacts, own.bytes());
            return;
        }
        const std::string bytes = read_all_of(path(kFacts));
        RunFacts before;
        for (ByteReader from(bytes); !from.at_end();) {
            before.emplace_back();
            from.take(before.back().first);
            from.take(before.back().second);
        }
        require_same_facts(output, before, facts);
        std::vector<std::size_t> layers;
        for (const auto& entry : fs::directory_iterator(path(""))) {
            const std::string name = entry.path().filename().string();
            if (name.rfind("layer-", 0) == 0 && name.find('.') == std::string::npos)
                layers.push_back(std::stoul(name.substr(6)));
        }
        std::sort(layers.begin(), layers.end());
        found.put(layers);
    });
    const std::string layers = ranks.broadcast(found.bytes());
    if (layers.empty()) return;
    ByteReader from(layers);
    from.take(layers_);
}

template <class T>
std::optional<std::size_t> RunJournal<T>::last_layer() const {
    if (layers_.empty()) return std::nullopt;
    return layers_.back();
}

template <class T>
std::string RunJournal<T>::path(const std::string& name) const {
    return folder_.staged(std::string(io::kResumeName) + "/" + name).path.string();
}

// Whole or not at all.
template <class T>
void RunJournal<T>::write(const std::string& name, const std::string& bytes) const {
    const std::string part = path(name + ".part");
    std::FILE* const file = std::fopen(part.c_str(), "wbe");
    if (file == nullptr) fail(part, ": cannot create");
    const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    if (std::fclose(file) != 0 || !written) fail(part, ": cannot write; is the disk full?");
    fs::rename(part, path(name));
}

template <class T>
Array<T> RunJournal<T>::replay(const Sinks<T>& sinks) const {
    const std::vector<JoiningSink<T>*> some = remembering(sinks);
    for (const std::size_t layer : layers_) {
        const std::string bytes = read_all_of(path(layer_name(layer)));
        ByteReader from(bytes);
        const LayerShape shape = take_shape(from);
        LayerOutputs<T> outputs;
        outputs.layer = layer;
        const auto each = [&](const auto& visit) {
            for (JoiningSink<T>* sink : some) visit(dynamic_cast<Sink<T>&>(*sink));
        };
        each([&](Sink<T>& sink) { sink.begin_layer(shape); });
        for_streamed_heads(shape, [&](std::size_t sequence, std::size_t head) {
            for (JoiningSink<T>* sink : some) sink->restore_head(sequence, head, from);
        });
        each([&](Sink<T>& sink) { sink.end_layer(outputs); });
    }
    if (layers_.empty()) return {};
    const std::string bytes = read_all_of(path(input_name(layers_.back())));
    ByteReader from(bytes);
    Shape shape;
    from.take(shape);
    if (shape.empty()) return {};
    std::vector<T> values(element_count(shape, "what a layer gave"));
    from.take_values(values.data(), values.size());
    return Array<T>(shape, std::move(values));
}

template <class T>
void RunJournal<T>::remember(const Sinks<T>& sinks, std::function<void()> settle) {
    sinks_ = sinks;
    settle_ = std::move(settle);
}

template <class T>
void RunJournal<T>::note_layer() {
    if (!ranks_.is_root()) return;
    ByteWriter to;
    put_shape(shape_, to);
    const std::vector<JoiningSink<T>*> some = remembering(sinks_);
    for_streamed_heads(shape_, [&](std::size_t sequence, std::size_t head) {
        for (const JoiningSink<T>* sink : some) sink->save_head(sequence, head, to);
    });
    note_ = to.bytes();
}

template <class T>
void RunJournal<T>::end_layer(const LayerOutputs<T>& outputs) {
    settle_();
    // Files of other ranks are there, too.
    ranks_.wait_for_all();
    if (!ranks_.is_root()) return;
    ByteWriter behind;
    behind.put(outputs.hidden != nullptr ? outputs.hidden->shape() : Shape());
    if (outputs.hidden != nullptr)
        behind.put_values(outputs.hidden->data(), outputs.hidden->size());
    write(input_name(outputs.layer), behind.bytes());
    write(layer_name(outputs.layer), note_);
    folder_.keep_staged();
    if (!layers_.empty()) fs::remove(path(input_name(layers_.back())));
    layers_.push_back(outputs.layer);
}

template class RunJournal<float>;
template class RunJournal<double>;

}  // namespace attn::pipeline
