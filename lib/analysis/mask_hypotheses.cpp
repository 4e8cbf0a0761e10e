// Mistakes in which keys a query may attend.
#include "analysis/hypotheses.hpp"
#include "analysis/hypothesis_conditions.hpp"
#include "analysis/reading.hpp"

namespace attn::analysis {

namespace {

constexpr const char* kFiniteMask =
    "What masks must be -inf, or torch.finfo(dtype).min: a smaller number leaves masked keys a "
    "share, and lets rows attend that have no key.";

}  // namespace

std::vector<Hypothesis> mask_hypotheses() {
    using namespace given;
    using In = const DenseInputs&;
    using Do = Mistakes&;
    return {
        {"causal mask missing", Part::mask, is_causal, [](In, Do m) { m.causal = false; },
         "Keys after the query must be masked before softmax: is_causal=True, or "
         "masked_fill(triu(1), -inf).",
         reading::kCausal},
        {"a causal mask that was not asked for", Part::mask, is_not_causal,
         [](In, Do m) { m.causal = true; },
         "The other side masks keys after the query; give --causal if that is right.",
         reading::kIsCausal},
        {"mask off by one: the query cannot see itself", Part::mask, is_causal,
         [](In, Do m) { m.shift = -1; }, "The diagonal belongs to the query: tril(0), triu(1).",
         reading::kTriangles},
        {"mask off by one: the query sees the next key", Part::mask, is_causal,
         [](In, Do m) { m.shift = 1; },
         "The first masked diagonal is 1, not 2: triu(1), not triu(2).", reading::kTriangles},
        {"causal alignment at the other end", Part::mask, aligns,
         [](In, Do m) { m.other_alignment = true; },
         "PyTorch and ONNX align query 0 with key 0, flash-attention and MLX the last query with "
         "the last key (--query-offset end).",
         reading::kAlignment},
        {"padding ignored", Part::mask, pads, [](In, Do m) { m.ignored_padding = true; },
         "Mask the keys behind the length of each sequence: attn_mask=arange(n) < lengths[:, None, "
         "None, None], not attn_mask=None.",
         reading::kPadding},
        {"padding one key short", Part::mask, pads, [](In, Do m) { m.padding_step = -1; },
         "The last token of each sequence is no padding: arange(n) < length, not length - 1.",
         reading::kPadding},
        {"padding one key long", Part::mask, pads, [](In, Do m) { m.padding_step = 1; },
         "Mask from the length on: arange(n) < length, not <= length.", reading::kPadding},
        {"padding of another sequence", Part::mask, has_several_lengths,
         [](In, Do m) { m.padding_of_next = true; },
         "Each sequence has its own length: lengths[:, None, None, None], and in the batch's "
         "order.",
         reading::kPadding},
        {"padding on the other side", Part::mask, pads, [](In, Do m) { m.padding = Padding::left; },
         "Padding is behind the tokens here (padding_side='right'), and what was masked lies in "
         "front of them.",
         reading::kPaddingSide},
        {"padding polarity", Part::mask, pads, [](In, Do m) { m.padding = Padding::inverted; },
         "key_padding_mask is True where a key is ignored, attention_mask 1 where it is read: "
         "mask with ~.",
         reading::kPaddingMask},
        {"padding on the axis of the queries", Part::mask, pads,
         [](In, Do m) { m.padding = Padding::queries; },
         "Padding masks keys: mask[:, None, None, :], not mask[:, None, :, None].",
         reading::kPaddingMask},
        {"one key masked for all queries", Part::mask, has_several_keys, [](In, Do) {},
         "A key that no query reads is one that a mask takes for padding: mask by length, "
         "arange(n) < lengths[:, None], not by input_ids != pad_token_id where that is a real "
         "token, too.",
         reading::kPadding, Fit::masked_key},
        {"window ignored", Part::mask, has_window, [](In, Do m) { m.ignored_window = true; },
         "Mask the keys outside of the sliding window: key > query - W beside key <= query, not "
         "key <= query alone.",
         reading::kWindow},
        {"window measured from the end", Part::mask, has_window_before_end,
         [](In, Do m) { m.window_from_end = true; },
         "A window goes with its query: key > query - W; k[:, :, -W:] keeps the last keys for all "
         "queries, and is right for the last one only.",
         reading::kWindow},
        {"window to both sides", Part::mask, has_causal_window,
         [](In, Do m) { m.window_to_both_sides = true; },
         "Keys behind the query are masked in a window, too: window_size=(W, 0), not (W, W); "
         "(i - j).abs() < W is to stand beside j <= i.",
         reading::kWindow},
        {"window in chunks", Part::mask, has_causal_window,
         [](In, Do m) { m.window_in_chunks = true; },
         "A window goes with its query, i - j < W; chunks that all queries share, i // W == j // "
         "W, "
         "are Llama 4's.",
         reading::kWindow},
        {"window one key too long", Part::mask, has_window_behind,
         [](In, Do m) { m.window_shift = 1; },
         "A window of W keys holds the query itself and W - 1 before it (--window W-1,0).",
         reading::kWindow},
        {"window one key too short", Part::mask, has_window_behind,
         [](In, Do m) { m.window_shift = -1; },
         "Compare the window with --window, which counts the keys before the query.",
         reading::kWindow},
        {"window one key too long on the right", Part::mask, has_window_right,
         [](In, Do m) { m.window_right_shift = 1; },
         "Compare the window with --window, which counts the keys behind the query.",
         reading::kWindow},
        {"window one key too short on the right", Part::mask, has_window_right_of,
         [](In, Do m) { m.window_right_shift = -1; },
         "Compare the window with --window, which counts the keys behind the query.",
         reading::kWindow},
        {"mask array ignored", Part::mask, has_array, [](In, Do m) { m.ignored_mask = true; },
         "The mask does not reach the scores: scaled_dot_product_attention(q, k, v, "
         "attn_mask=mask), not (q, k, v).",
         reading::kMask},
        {"mask polarity", Part::mask, has_array, [](In, Do m) { m.inverted_mask_array = true; },
         "True means 'may attend' in scaled_dot_product_attention, 'ignore' in "
         "nn.MultiheadAttention.",
         reading::kMask},
        {"mask inverted", Part::mask, masks, [](In, Do m) { m.inverted_mask = true; },
         "What should be masked is kept and the rest is masked: masked_fill(~allowed, -inf), not "
         "masked_fill(allowed, -inf).",
         reading::kMask},
        {"mask transposed", Part::mask, [](In in) { return masks(in) && is_square(in); },
         [](In, Do m) { m.transposed_mask = true; },
         "Rows of the mask are queries and columns are keys: keep tril, mask triu.",
         reading::kTriangles},
        {"masked scores are 0", Part::mask, masks, [](In, Do m) { m.zeros_for_masked = true; },
         "Fill them with -inf: scores that are multiplied with the mask, or filled with 1e-9 for "
         "-1e9, stay in softmax as zeros.",
         reading::kFill},
        {"a finite number added for the mask", Part::mask, masks, [](In, Do) {}, kFiniteMask,
         reading::kFill, Fit::mask_value},
        {"masked scores filled with a finite number", Part::mask, masks,
         [](In, Do m) { m.fills_mask = true; }, kFiniteMask, reading::kFill, Fit::mask_value},
        {"mask of 0 and 1 added", Part::mask, masks, [](In, Do m) { m.ones_for_allowed = true; },
         "What is added to the scores must be 0 and -inf; use masked_fill with a mask of "
         "booleans.",
         reading::kMask},
        {"mask after softmax", Part::mask, masks, [](In, Do m) { m.mask_after_softmax = true; },
         "Mask the scores with -inf before softmax; zeros afterwards leave rows below 1.",
         reading::kMask},
    };
}

}  // namespace attn::analysis
