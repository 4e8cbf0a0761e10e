#!/usr/bin/env bash
# Keeps the house: includes run down only, no circles among headers, no file too long to read, a test
# beside every source. Quiet when all is well; else one line for each violation (file:line: rule), and exit code 1.
# usage: check_structure.sh [FOLDER]      default: this repository
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

# The rooms from top to bottom. A file includes from its own room and from those on lines below; rooms that
# stand on one line do not know each other. A room that does not exist (yet) does no harm.
rooms() {
  cat <<'LIST'
app
pipeline
source cluster
results
analysis render
model
io
attention
kernels
core
LIST
}

longest=500  # lines of a file

# Sources without a tests/x/y_test.cpp of their own, each with the reason. It shrinks; nothing new goes in
# without a reason that will still hold in a year.
untested() {
  cat <<'LIST'
lib/kernels/avx2.cpp                one table; kernels_test.cpp runs the kernels of every set
lib/kernels/avx512.cpp              the same
lib/kernels/baseline.cpp            the same
lib/render/color_map_tables.cpp     numbers only; color_map_test.cpp reads them
lib/core/memory.cpp                 a setting of the allocator; tests/app/memory_test.cpp measures what it does
lib/core/version.cpp                one constant
lib/analysis/approx_layer.cpp       by approx_sink_test.cpp, which makes every kind of method ready
lib/analysis/tile_measures.cpp      the same: it measures what was made ready
lib/analysis/exact_rows.cpp         the same: caches and floors read rows in order
lib/attention/approx/methods.cpp    one table; spec_test.cpp walks over it
lib/attention/approx/sparse_methods.cpp  rows of that table
lib/analysis/dense_attention.cpp    so far by diagnosis_test.cpp
lib/analysis/dense_heads.cpp        so far by diagnosis_test.cpp
lib/analysis/hypotheses.cpp         so far by diagnosis_test.cpp, which walks over all of them
lib/analysis/hypothesis_conditions.cpp  by diagnosis_test.cpp, too
lib/analysis/mask_hypotheses.cpp    the same: one table
lib/analysis/projection_hypotheses.cpp  the same: one table
lib/analysis/rotary_hypotheses.cpp  the same: one table
lib/analysis/score_hypotheses.cpp   the same: one table
lib/analysis/softmax_hypotheses.cpp the same: one table
lib/analysis/dense_mask.cpp         by dense_block_test.cpp, which makes every mistake, and diagnosis_test.cpp
lib/analysis/dense_output.cpp       the same
lib/analysis/dense_rotary.cpp       the same
lib/analysis/head_gradients.cpp     so far by tests/app/grad_command_test.cpp and the reference cases
lib/attention/blas_threads.cpp      so far by tests/app/signals_test.cpp
lib/attention/project_heads.cpp     by layer_test.cpp: every layer projects
lib/attention/product_memory.cpp    by tests/app/memory_test.cpp, at every limit of memory
lib/attention/tile_backward.cpp     so far by backward_test.cpp and layer_backward_test.cpp
lib/attention/tile_computation.cpp  so far by engine_test.cpp and properties_test.cpp
lib/io/file_bytes.cpp               so far by tests/app/files_test.cpp
lib/io/pack_npz.cpp                 so far by packing_test.cpp
lib/io/pack_safetensors.cpp         so far by packing_test.cpp
lib/io/zip_archive.cpp              so far by npz_test.cpp
lib/model/logit_gradient.cpp        by tests/app/grad_command_test.cpp, through every family
lib/model/native_weights.cpp        so far by weight_bundle_test.cpp
lib/source/attention_options.cpp  so far by tests/app/run_flags_test.cpp
lib/pipeline/check.cpp              so far by check_judge_heads_test.cpp
lib/pipeline/checkpoint_steps.cpp   by tests/app/monitor_command_test.cpp
lib/pipeline/monitor.cpp            by tests/app/monitor_command_test.cpp
lib/pipeline/step_collector.cpp     by tests/app/monitor_command_test.cpp
lib/results/training_pictures.cpp   by tests/app/monitor_command_test.cpp, which decodes them
lib/pipeline/check_judge.cpp        so far by check_judge_heads_test.cpp and check_judge_zeros_test.cpp
lib/pipeline/compare.cpp            so far by tests/app/compare_command_test.cpp
lib/pipeline/diagnose.cpp           so far by tests/app/diagnose_command_test.cpp
lib/results/gradient_array_sink.cpp so far by tests/app/grad_command_test.cpp
lib/results/gradient_picture.cpp    so far by tests/app/grad_command_test.cpp
lib/results/layer_array_sink.cpp    so far by computed_source_test.cpp and run_test.cpp
lib/results/received_sink.cpp       so far by tests/app/run_command_test.cpp
lib/results/heatmap_drawer.cpp     so far by draw_test.cpp
lib/pipeline/grad.cpp               so far by tests/app/grad_command_test.cpp
lib/pipeline/gradient_check.cpp     so far by tests/app/grad_command_test.cpp
lib/source/gradient_pass.cpp        by tests/app/grad_command_test.cpp, against central differences
lib/pipeline/report.cpp             by tests/app/report_command_test.cpp, which reads every number again
lib/pipeline/report_page.cpp        the same
lib/pipeline/report_projections.cpp the same
lib/pipeline/report_side.cpp        the same
lib/results/report_chunks.cpp       the same
lib/results/report_difference.cpp   the same
lib/results/report_embedding.cpp    the same
lib/results/report_meta.cpp         the same
lib/pipeline/rollout.cpp            by tests/app/rollout_command_test.cpp, against reference values
lib/pipeline/rollout_product.cpp    the same
lib/pipeline/rollout_stack.cpp      the same
lib/pipeline/rollout_writer.cpp     the same
lib/pipeline/rollout_streamed.cpp   by tests/app/rollout_computed_test.cpp
lib/analysis/rollout_sink.cpp       the same
lib/pipeline/look_results.cpp       by tests/app/look_results_test.cpp
lib/pipeline/rollout_photo.cpp      by tests/app/photo_overlay_test.cpp
lib/pipeline/photo_panels.cpp       the same
lib/pipeline/gradient_steps.cpp     by tests/app/monitor_gradients_test.cpp
lib/pipeline/rollout_computed.cpp   by tests/app/contributions_command_test.cpp, against saved attention
lib/results/contribution_sink.cpp   by tests/app/contributions_command_test.cpp
lib/pipeline/info.cpp               so far by tests/app/info_command_test.cpp
lib/pipeline/run_options.cpp        so far by run_test.cpp
lib/pipeline/stats.cpp              so far by tests/app/stats_command_test.cpp
lib/source/weights_inputs.cpp     so far by run_inputs_test.cpp
lib/render/terminal.cpp             so far by tests/app/heatmap_command_test.cpp
LIST
}

sources() { find "$@" -name '*.cpp' -o -name '*.hpp' | LC_ALL=C sort; }

# Includes of ours, as "file:line:what"; those of app have no room in front.
includes() { sources app lib | xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' /dev/null || true; }

check_arrows() {
  { rooms | sed 's/^/room /'; includes; } | awk '
    /^room / { for (i = 2; i <= NF; ++i) level[$i] = NR; next }
    {
      split($0, place, ":")
      from = place[1]; sub(/^lib\//, "", from)
      inside = match(from, "/") ? substr(from, 1, RSTART - 1) : from
      what = $0; sub(/^[^"]*"/, "", what); sub(/".*/, "", what)
      to = match(what, "/") ? substr(what, 1, RSTART - 1) : inside
      where = place[1] ":" place[2] ": "
      if (!(inside in level)) { if (!told[inside]++) print where "room " inside " is not in the list of rooms" }
      else if (!(to in level)) print where "\"" what "\" is in no room of the list"
      else if (to != inside && level[to] <= level[inside])
        print where "arrows run down only: " inside " must not include " to " (\"" what "\")"
    }'
}

# A depth-first walk over the headers; an include that leads back to a file on the way closes a circle.
check_circles() {
  includes | awk '
    {
      split($0, place, ":")
      if (place[1] !~ /\.hpp$/) next
      what = $0; sub(/^[^"]*"/, "", what); sub(/".*/, "", what)
      to = (place[1] ~ /^app\// && what !~ /\//) ? "app/" what : "lib/" what
      ++count[place[1]]
      target[place[1], count[place[1]]] = to
      line[place[1], count[place[1]]] = place[2]
      order[++files] = place[1]
    }
    function walk(file, way,    i, to, all) {
      state[file] = "on the way"
      for (i = 1; i <= count[file]; ++i) {
        to = target[file, i]
        if (state[to] == "on the way") {
          all = way file
          print file ":" line[file, i] ": headers include each other in a circle: " \
                substr(all, index(all, to)) " -> " to
        } else if (state[to] == "") walk(to, way file " -> ")
      }
      state[file] = "done"
    }
    END { for (i = 1; i <= files; ++i) if (state[order[i]] == "") walk(order[i], "") }'
}

# Many machines are one room's business.
check_mpi() {
  sources app lib tests | { grep -v '^lib/cluster/' || true; } |
    xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+[<"]mpi[.]h' /dev/null |
    sed -E 's/^([^:]*:[0-9]*):.*/\1: only lib\/cluster includes mpi.h/' || true
}

check_lengths() {
  sources app lib tests | xargs awk -v longest="$longest" '
    FNR == longest + 1 { print FILENAME ":" FNR ": a file has at most " longest " lines" }'
}

check_tests() {
  { untested | sed 's/^/listed /'; sources lib tests | sed 's/^/file /'; } | awk '
    $1 == "listed" { listed[$2]; order[++count] = $2; next }
    { exists[$2]; if ($2 ~ /^lib\/.*\.cpp$/) found[++files] = $2 }
    END {
      for (i = 1; i <= count; ++i)
        if (!(order[i] in exists))
          print order[i] ":1: is listed as untested in scripts/check_structure.sh, but does not exist"
      for (i = 1; i <= files; ++i) {
        test = found[i]; sub(/^lib\//, "tests/", test); sub(/\.cpp$/, "_test.cpp", test)
        if (found[i] in listed) {
          if (test in exists)
            print found[i] ":1: has a test; take it off the list in scripts/check_structure.sh"
        } else if (!(test in exists)) {
          print found[i] ":1: every source has a test of its own: " test " is missing"
        }
      }
    }'
}

violations=$(check_arrows; check_circles; check_mpi; check_lengths; check_tests)
[ -z "$violations" ] && exit 0
echo "$violations" >&2
exit 1
