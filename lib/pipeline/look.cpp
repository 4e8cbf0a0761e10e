#include "pipeline/look.hpp"

#include <algorithm>
#include <filesystem>

#include "analysis/head_roles.hpp"
#include "core/error.hpp"
#include "core/shell_word.hpp"
#include "core/word_list.hpp"
#include "io/array_name.hpp"
#include "io/safetensors_index.hpp"
#include "io/shared_standard_input.hpp"
#include "pipeline/info.hpp"
#include "pipeline/look_results.hpp"
#include "pipeline/stats.hpp"
#include "results/manifest.hpp"
#include "source/labels_beside.hpp"
#include "source/stored_parts.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {
namespace {

namespace fs = std::filesystem;

// As a command line takes it back: not as a flag. Standard input cannot be read again, so that a
// name stands for it.
std::string path_word(const std::string& path) {
    if (path == "-" || path.rfind("-:", 0) == 0) return shell_word("FILE" + path.substr(1));
    return shell_word(path.rfind('-', 0) == 0 ? "./" + path : path);
}

// The source with the flags that were needed to read it.
std::string repeated(const source::SourceRequest& from) {
    std::string text = path_word(from.source);
    if (!from.axes.empty()) text += " --axes " + shell_word(from.axes);
    if (!from.tokens.empty()) text += " --tokens " + path_word(from.tokens);
    return text;
}

// The type of the numbers as they were saved, which may be narrower than those we compute with.
DType type_in_file(io::Inputs& inputs, const std::string& source, DType working) {
    if (results::is_run_folder(source)) return working;
    const std::vector<io::StoredArray> arrays = source::find_stored_parts(inputs, source).arrays;
    const bool alike = std::all_of(arrays.begin(), arrays.end(), [&](const io::StoredArray& array) {
        return array.dtype == arrays.front().dtype;
    });
    return alike ? arrays.front().dtype : working;
}

// "2 layers x 4 heads, 48 queries x 48 keys, causal, float32"
template <class T>
std::string describe(const source::StoredAttention<T>& attention, DType type) {
    const Shape& shape = attention.shape();  // [batch, heads, queries, keys]
    std::string text = "attention, " + counted(attention.layers.size(), "layer") + " x " +
                       counted(shape[1], "head");
    if (shape[0] > 1) text += ", " + counted(shape[0], "sequence");
    text += ", " + counted(shape[2], "query") + " x " + counted(shape[3], "key");
    return text + (attention.structure.causal ? ", causal" : "") + ", " + to_string(type);
}

bool has_failed(const CheckResult& check, const std::string& name) {
    return std::any_of(check.lines.begin(), check.lines.end(), [&](const CheckLine& line) {
        return line.name == name && line.verdict == Verdict::fail;
    });
}

// The head to draw: the strongest in what it does, uniform ones left out.
void suggest_for_attention(const LookRequest& request, LookResult& result) {
    const std::string source = repeated(request.from);
    if (result.failed()) {
        result.next.push_back("attn-inspect check " + source);
        result.next.push_back("attn-inspect heatmap " + source + " --sheet -o sheet.png");
        return;
    }
    const analysis::HeadRole* best = nullptr;
    const auto roles = analysis::find_roles(result.heads);
    for (const analysis::HeadRole& role : roles) {
        if (role.name != "uniform" && role.name != "one key" &&
            (best == nullptr || role.value > best->value))
            best = &role;
    }
    std::string head;
    if (best != nullptr)
        head = " --layer " + std::to_string(best->layer) + " --head " + std::to_string(best->head);
    if (result.batch) head += " --seq " + std::to_string(best == nullptr ? 0 : best->sequence);
    result.next.push_back("attn-inspect heatmap " + source + head + " -o head.png");
    result.next.push_back("attn-inspect stats " + source + " --sort " +
                          (best == nullptr ? "entropy" : best->measure) + " --top 10");
    result.next.push_back("attn-inspect report " + source + " -o page.html");
}

LookResult look_at_attention(const LookRequest& request, const Progress& progress,
                             const Warn& warn) {
    LookResult result;
    result.kind = LookResult::Kind::attention;
    bool square = true;
    {
        io::Inputs inputs;
        const DType type =
            source::working_type(inputs, request.from.source, request.from.precision);
        source::with_type(type, [&](auto number) {
            auto attention = source::open_stored_attention<decltype(number)>(
                inputs, {request.from.source, request.from.axes}, warn);
            source::add_labels_beside(inputs, request.from, attention, warn);
            result.what = describe(attention, type_in_file(inputs, request.from.source, type));
            result.batch = attention.shape()[0] > 1;
            square = attention.shape()[2] == attention.shape()[3];
        });
        inputs.release();
    }
    result.check = check({request.from, request.attention, {}, {}, {}}, progress, nullptr);
    if (has_failed(result.check, "not_probabilities")) {
        // A table of other numbers is no attention that went wrong.
        if (!square) {
            result.kind = LookResult::Kind::arrays;
            result.check = {};
        }
    } else if (!has_failed(result.check, "range")) {  // what is above 1 is no share of anything
        StatsRequest stats;
        stats.from = request.from;
        result.heads = measure(stats, progress, nullptr).heads;
    }
    return result;
}

// "embeddings", float32 [48, 64] and what is wrong with its numbers.
void describe_arrays(const FileInfo& info, LookResult& result) {
    const auto unused = info.model ? info.model->unused : std::vector<std::string>{};
    for (const ArrayInfo& array : info.arrays) {
        if (std::find(unused.begin(), unused.end(), array.key) != unused.end()) continue;
        const std::string name = array.key.empty() ? info.path : array.key;
        if (array.values.nans > 0)
            result.problems.push_back(name + ": " + std::to_string(array.values.nans) + " NaN");
        if (array.values.infinities > 0)
            result.problems.push_back(name + ": " + std::to_string(array.values.infinities) +
                                      " infinite");
    }
    for (const auto& [key, why] : info.unreadable)
        result.problems.push_back((key.empty() ? info.path : key) + ": " + why);
    if (info.arrays.size() == 1) {
        result.what = info.format + ", " + to_string(info.arrays[0].dtype) + " " +
                      to_string(info.arrays[0].shape);
    } else {
        result.what = info.format + ", " + counted(info.arrays.size(), "array");
    }
    std::size_t texts = 0;
    for (const auto& [key, count] : info.texts) texts += count;
    if (info.arrays.empty() && texts > 0) result.what = info.format + ", " + counted(texts, "text");
    if (!info.values) result.more = "the numbers were not read: attn-inspect info --values does";
}

LookResult look_at_checkpoint(const LookRequest& request, const FileInfo& info) {
    LookResult result;
    result.kind = LookResult::Kind::checkpoint;
    describe_arrays(info, result);
    const model::ModelSummary& model = *info.model;
    result.what = model.title + ", " + counted(model.layers, "layer");
    if (model.sizes)
        result.what += " x " + counted(model.sizes->heads, "head") + " of " +
                       counted(model.sizes->d_head, "column");
    result.what += ", d_model " + std::to_string(model.d_model);
    for (const std::string& name : model.missing) result.problems.push_back(name + ": is missing");
    const bool whole =
        std::any_of(info.arrays.begin(), info.arrays.end(),
                    [](const ArrayInfo& array) { return array.key == "embeddings"; });
    const std::string source = path_word(request.from.source);
    result.next.push_back("attn-inspect run -w " + source +
                          (whole                 ? ""
                           : model.embeds_tokens ? " --token-ids IDS.npy"
                                                 : " -x EMBEDDINGS.npy") +
                          (model.sizes ? "" : " --heads N") +
                          (model.only_first_layer.empty() ? "" : " --layers 0") + " -o out");
    if (!model.only_first_layer.empty())
        result.more += std::string(result.more.empty() ? "" : "; ") +
                       "from tokens only layer 0 is computed: " + model.only_first_layer;
    result.next.push_back("attn-inspect info " + source);
    return result;
}

// The folder of a checkpoint of several files, where the source is one of them.
std::string whole_checkpoint(const std::string& source) {
    const fs::path path(source);
    if (path.extension() != ".safetensors") return "";
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const fs::path index = folder / io::kSafetensorsIndex;
    std::error_code none;
    if (!fs::exists(index, none)) return "";
    try {
        for (const auto& [tensor, file] : io::read_weight_map(index.string()))
            if (file == path.filename().string()) return folder.string();
    } catch (const Error&) {
        // Whoever opens the folder says what is wrong.
    }
    return "";
}

LookResult look_at_arrays(const LookRequest& request, const FileInfo& info,
                          const std::string& why) {
    LookResult result;
    describe_arrays(info, result);
    const std::string whole = whole_checkpoint(request.from.source);
    if (!whole.empty()) {
        result.more = "one file of the checkpoint " + whole;
        result.next.push_back("attn-inspect " + path_word(whole));
        return result;
    }
    if (!info.unrecognised.empty())
        result.more = "not recognised as a checkpoint: " + info.unrecognised;
    else if (!info.arrays.empty())
        result.more = why;
    const auto square =
        std::find_if(info.arrays.begin(), info.arrays.end(), [](const ArrayInfo& array) {
            const std::size_t rank = array.shape.size();
            return rank >= 2 && rank <= 5 && array.shape[rank - 1] == array.shape[rank - 2];
        });
    const std::string path = request.from.source;
    if (square != info.arrays.end() && !square->key.empty())
        result.next.push_back("attn-inspect " + path_word(path + ":" + square->key));
    result.next.push_back("attn-inspect info " + path_word(path));
    return result;
}

// Why no attention can be read there; empty where it can.
std::string why_no_attention(const std::string& source) {
    try {
        io::Inputs inputs;
        const source::StoredParts parts = source::find_stored_parts(inputs, source);
        const std::size_t rank = parts.shape().size() + (parts.stacked ? 1 : 0);
        if (rank < 2 || rank > 5) return "no attention, which has 2 to 5 axes";
        if (element_count(parts.shape(), parts.name) == 0) return "holds no values";
    } catch (const Error& problem) {
        return problem.what();
    }
    return "";
}

}  // namespace

LookResult look(const LookRequest& request, const Progress& progress, const Warn& warn) {
    const std::string& source = request.from.source;
    if (io::parse_array_name(source).path == "-") io::keep_standard_input();
    if (const auto manifest = results::find_manifest(source)) {
        if (manifest->command != "run" || !holds_weights(*manifest))
            return look_at_results(source, *manifest);
        LookResult result = look_at_attention(request, progress, warn);
        suggest_for_attention(request, result);
        return result;
    }
    const FileInfo names = inspect({source, "", false});
    if (names.model) return look_at_checkpoint(request, inspect({source, "", std::nullopt}));
    const std::string why =
        names.unrecognised.empty() ? why_no_attention(source) : names.unrecognised;
    if (!why.empty()) return look_at_arrays(request, inspect({source, "", std::nullopt}), why);
    LookResult result = look_at_attention(request, progress, warn);
    if (result.kind == LookResult::Kind::arrays)
        return look_at_arrays(request, inspect({source, "", std::nullopt}), "");
    suggest_for_attention(request, result);
    return result;
}

}  // namespace attn::pipeline
