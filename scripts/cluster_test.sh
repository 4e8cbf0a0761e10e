#!/usr/bin/env bash
# Runs commands on several ranks, with Open MPI and with MPICH, and compares what they write with what one
# process writes, byte for byte. Builds the second executable with both: a few objects beside those of a build
# that is there.
# usage: cluster_test.sh [PRESET] [--quick] [--mpi NAME]   default: release, with openmpi and mpich
#   --quick: three ranks, Open MPI alone, no golden and reference cases; --mpi: with this one alone
set -euo pipefail
cd "$(dirname "$0")/.."
preset=release
quick=
wanted=
while [ $# -gt 0 ]; do
  case $1 in
  --quick) quick=1 ;;
  --mpi)
    wanted=${2:?--mpi needs a name}
    shift
    ;;
  *) preset=$1 ;;
  esac
  shift
done
build=build/$preset
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Shared memory of containers is small, and processes may not read each other's.
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none
# MPI libraries keep memory to the end; what we leak ourselves every other test of that build finds.
if [ "$preset" = asan ]; then export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"; fi
work=$(mktemp -d)
nodes=()
trap 'kill "${nodes[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
failed=0

complain() {
  echo "FAILED: $*" >&2
  failed=1
}

mpis=()
if [ -z "$wanted" ] && [ -n "$quick" ]; then wanted=openmpi; fi
for mpi in openmpi mpich; do
  if [ -n "$wanted" ] && [ "$mpi" != "$wanted" ]; then continue; fi
  if ./scripts/setup.sh "lib$mpi-dev" >/dev/null 2>&1; then mpis+=("$mpi"); else
    echo "skipped: lib$mpi-dev cannot be installed" >&2
  fi
done
[ ${#mpis[@]} -gt 0 ] || exit 0

# A program for each of them; the build is left as it was found.
for mpi in "${mpis[@]}"; do
  cmake -B "$build" -DATTN_MPI=ON -U 'MPI_*' -DMPI_CXX_COMPILER="mpicxx.$mpi" >/dev/null
  cmake --build "$build" --target attn-inspect attn-inspect-mpi attn-mpi-tests >/dev/null
  cp "$build/bin/attn-inspect-mpi" "$work/attn-inspect-$mpi"
  for launch in "" "mpirun.$mpi -n 3"; do
    # shellcheck disable=SC2086 # words
    timeout 60 $launch "$build/bin/attn-mpi-tests" >"$work/tests.txt" 2>&1 ||
      complain "tests of mpi_ranks, $mpi${launch:+, }$launch: $(cat "$work/tests.txt")"
  done
done
cmake -B "$build" -DATTN_MPI=OFF -U 'MPI_*' >/dev/null
one=$PWD/$build/bin/attn-inspect
if ldd "$one" | grep -qi 'libmpi'; then complain "attn-inspect itself is linked with MPI"; fi

# on MPI RANKS ARGUMENTS…: the program on so many ranks; "nodes": three ranks on two nodes.
on() {
  local mpi=$1 ranks=$2
  shift 2
  if [ "$ranks" = nodes ]; then
    timeout 120 nsenter -t "${nodes[0]}" -n -u "$work/launch-$mpi" "$work/attn-inspect-$mpi" "$@"
    return
  fi
  timeout 120 "mpirun.$mpi" -n "$ranks" "$work/attn-inspect-$mpi" "$@"
}

root=$PWD
data=$PWD/data/induction
training=$PWD/data/training
small=$PWD/tests/golden/attention/single_head/expected/weights.npy
sample=(-x "$data/batch_embeddings.npy" -w "$data/weights" --tokens "$data/batch_tokens.json" --causal)
arrays=scores,weights,context,logsumexp,output,q,k,v,heatmaps,stats,received,check
cd "$work"

# The commands, each under a name, and what ranks are told besides. What they write goes to "out" and what they
# print is compared too.
commands=(
  "run with everything|run ${sample[*]} --save $arrays -o out"
  "run of some heads|run ${sample[*]} --layers 1 --head 0,3 --save weights,heatmaps,context --format npz --verify -o out"
  "run in float64|run -x $data/embeddings.npy -w $data/weights --causal --precision f64 --save weights,output -o out"
  "run of heads from files|run -q saved/layer00/q.npy -k saved/layer00/k.npy -v saved/layer00/v.npy --window 20,0 --save weights,stats,heatmaps --shared-scale -o out"
  "run of one head, whose rows are shared|run -q saved/layer00/q.npy -k saved/layer00/k.npy -v saved/layer00/v.npy --head 1 --save scores,weights,logsumexp,stats,received,check -o out"
  "run through MPI-IO|run ${sample[*]} --save $arrays -o out|--io mpi"
  "approx through MPI-IO|approx saved --method local:window=8,topk:k=4 --save weights,context,keep --no-pictures -o out|--io mpi"
  "gradients through MPI-IO|grad ${sample[*]} --save all -o out|--io mpi"
  "stats of one head|stats saved --layer 0 --head 1 --seq 0 --json"
  "check of one head|check saved --head 2 --seq 1 --json"
  "stats|stats saved --similarity --json"
  "stats of two sources|stats saved saved --csv"
  "check|check saved --json"
  "check for people|check saved"
  "stats for people|stats saved --sort entropy"
  "heatmap|heatmap saved -o out"
  "heatmap on one sheet|heatmap saved --seq 1 --layer 0 --sheet -o out/sheet.png"
  "compare|compare saved saved --json"
  "compare with pictures|compare saved saved -o out"
  "compare with what is computed|compare saved ${sample[*]} --scale 0.3 --all"
  "monitor|monitor $training --strict -o out"
  "approx|approx -x $data/batch_embeddings.npy -w $data/weights --causal --method local:window=8,topk:k=4,kmeans,svd:rank=4,lowrank-values:rank=3,lowrank-scores:rank=5,int8,prune-heads:share=0.5 --needs --growth 16,32 --per-head -o out"
  "what approx implies|approx ${sample[*]} --method local:window=8:sinks=4,topk --save weights,context,keep -o out"
  "what approx implies of one head|approx ${sample[*]} --head 1 --method topk --save keep --no-pictures -o out"
  "approx of saved attention|approx saved --method topk,local --needs --json"
  "rollout|rollout saved -o out"
  "rollout of what is computed|rollout ${sample[*]} --targets 3,8 --json"
  "rollout of all layers, on rank 0|rollout saved --save layers -o out"
  "gradients|grad ${sample[*]} --save all --verify 2 -o out"
  "gradients of some heads|grad ${sample[*]} --layers 1 --head 0,3 --upstream energy --save scores,weights,q -o out"
  "gradients for people|grad ${sample[*]} --upstream token:5"
  "approx by gradients|approx ${sample[*]} --upstream energy --method prune-heads:by=grad:keep=2 --json"
  "help|--help"
)
"$one" run "${sample[@]}" --save scores,weights,q,k,v -o saved >/dev/null
counts="1 2 3 4 7"
[ -z "$quick" ] || counts=3

# require_same COUNTS ENTRY: so many ranks do as one process does.
require_same() {
  local name line besides words more mpi ranks code expected_code=0
  IFS='|' read -r name line besides <<<"$2"
  read -ra words <<<"$line"
  read -ra more <<<"$besides"
  rm -rf out expected
  "$one" "${words[@]}" >expected.txt 2>expected.err || expected_code=$?
  if [ -e out ]; then mv out expected; fi
  for mpi in "${mpis[@]}"; do
    for ranks in $1; do
      code=0
      on "$mpi" "$ranks" "${words[@]}" "${more[@]}" >found.txt 2>found.err || code=$?
      [ "$code" -eq "$expected_code" ] || complain "$name, $ranks ranks, $mpi: exit code $code: $(cat found.err)"
      cmp -s expected.txt found.txt || complain "$name, $ranks ranks, $mpi: prints something else"
      if [ -e expected ]; then
        diff -r expected out >/dev/null || complain "$name, $ranks ranks, $mpi: writes something else"
      fi
      rm -rf out
    done
  done
}

for entry in "${commands[@]}"; do require_same "$counts" "$entry"; done

# Of the contexts of a layer a rank receives what others computed, n * d_model * e * (p - 1) / p bytes, and little
# besides. 12 heads of 1,024 tokens, so that each rank has as many.
{
  printf '\223NUMPY\1\0\166\0%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 1024, 64), }"
  head -c $((12 * 1024 * 64 * 4)) /dev/zero
} >zeros.npy
for mpi in "${mpis[@]}"; do
  for ranks in $counts; do
    case $ranks in 1 | 7) continue ;; esac
    on "$mpi" "$ranks" run -q zeros.npy -k zeros.npy -v zeros.npy --causal --save output --timing --json -o out \
      >found.txt 2>found.err || complain "contexts of $ranks ranks, $mpi: $(cat found.err)"
    received=$(sed -n 's/.*"received": *\([0-9]*\).*/\1/p' found.txt)
    expected_bytes=$((12 * 1024 * 64 * 4 * (ranks - 1) / ranks))
    [ "${received:-0}" -ge "$expected_bytes" ] && [ "$received" -le $((expected_bytes * 101 / 100)) ] ||
      complain "contexts of $ranks ranks, $mpi: $received bytes came, expected $expected_bytes"
  done
done
rm -rf out

# near EXPECTED FOUND: whether two .npy files of float32 hold numbers within 1e-6 of the largest one.
near() {
  local file
  for file in "$@"; do od -An -v -w4 -t f4 -j 128 "$file" >"$work/${file//\//_}.txt"; done
  paste "$work/${1//\//_}.txt" "$work/${2//\//_}.txt" | awk '
    function size(x) { return x < 0 ? -x : x }
    { if (NF != 2) bad = 1
      if (size($1 - $2) > apart) apart = size($1 - $2)
      if (size($1) > largest) largest = size($1) }
    END { exit bad || NR == 0 || apart > 1e-6 * (largest > 1 ? largest : 1) }'
}

# Keys and values that go round give what one process gives, but for rounding.
heads="-q saved/layer00/q.npy -k saved/layer00/k.npy -v saved/layer00/v.npy"
for flags in "$heads --causal" "$heads --window 20,3 --head 1,2" "${sample[*]} --layers 1 --head 0,3" "${sample[*]}"; do
  rm -rf expected
  # shellcheck disable=SC2086
  "$one" run $flags --save context,logsumexp,output -o expected >/dev/null
  for mpi in "${mpis[@]}"; do
    for ranks in $counts; do
      [ "$ranks" -gt 1 ] || continue
      rm -rf out
      # shellcheck disable=SC2086
      on "$mpi" "$ranks" run $flags --save context,logsumexp,output --ring -o out >/dev/null 2>found.err ||
        complain "a ring of $ranks ranks, $mpi: $(cat found.err)"
      for array in expected/layer*/*.npy; do
        near "$array" "out/${array#expected/}" || complain "a ring of $ranks ranks, $mpi: another ${array#expected/}"
      done
    done
  done
done
rm -rf out expected

# All golden cases, and the reference cases of other projects where they are, through three ranks.
if [ -z "$quick" ] && command -v python3 >/dev/null; then
  "$root/scripts/cluster_cases.py" "$root/tests/golden" "${ATTN_CASES_DIR:-$root/../shared/cases}" >cases.txt
  # Not from standard input, which launchers read.
  mapfile -t cases <cases.txt
  for entry in "${cases[@]}"; do require_same 3 "$entry"; done
  echo "${#cases[@]} golden and reference cases through 3 ranks"
elif [ -z "$quick" ]; then
  echo "skipped: golden and reference cases, without python3" >&2
fi

# Two nodes: each a process with a network, a name and a folder "$work/own" of its own, and a cable between
# them. Launchers reach the second one through "enter" as they would through ssh.
make_nodes() {
  local node number=0
  command -v ip nsenter unshare >/dev/null || return
  mkdir -p own
  for node in a b; do
    unshare -n -u -m sh -c "hostname attn-node-$node && mount -t tmpfs none '$work/own' && exec sleep 3600" 2>/dev/null &
    nodes+=($!)
  done
  for node in "${nodes[@]}"; do
    for _ in $(seq 50); do
      if [[ $(nsenter -t "$node" -u hostname 2>/dev/null) = attn-node-* ]]; then break; fi
      sleep 0.1
    done
  done
  nsenter -t "${nodes[0]}" -n ip link add veth0 type veth peer name veth0 netns "${nodes[1]}" 2>/dev/null || return
  for node in "${nodes[@]}"; do
    number=$((number + 1))
    nsenter -t "$node" -n ip link set lo up || return
    nsenter -t "$node" -n ip addr add "10.77.0.$number/24" dev veth0 || return
    nsenter -t "$node" -n ip link set veth0 up || return
  done
  printf '%s\n' '#!/bin/sh' 'while [ "$1" = -x ]; do shift; done' 'shift' \
    "exec nsenter -t ${nodes[1]} -n -u -m sh -c \"\$*\"" >enter
  printf '%s\n' '#!/bin/sh' "exec mpirun.openmpi --mca plm_rsh_agent $work/enter --mca oob_tcp_if_include veth0 \\" \
    "  --mca btl_tcp_if_include veth0 -H 10.77.0.1:1,10.77.0.2:2 -n 3 \"\$@\"" >launch-openmpi
  printf '%s\n' '#!/bin/sh' "exec mpirun.mpich -launcher ssh -launcher-exec $work/enter -iface veth0 \\" \
    "  -hosts 10.77.0.1:1,10.77.0.2:2 -n 3 \"\$@\"" >launch-mpich
  chmod +x enter launch-openmpi launch-mpich
}

if make_nodes; then
  for entry in "${commands[@]}"; do
    case $entry in
    "run with everything|"* | "gradients|"* | "stats|"*) require_same nodes "$entry" ;;
    esac
  done
  for mpi in "${mpis[@]}"; do
    names=$(nsenter -t "${nodes[0]}" -n -u "$work/launch-$mpi" hostname | sort -u | tr '\n' ' ')
    [ "$names" = "attn-node-a attn-node-b " ] || complain "two nodes, $mpi: ranks are on $names"
    code=0
    on "$mpi" nodes run "${sample[@]}" --save weights -o own/out >/dev/null 2>found.err || code=$?
    [ "$code" -eq 2 ] || complain "a folder of each node, $mpi: exit code $code"
    grep -q 'is not the folder that rank 0 writes into' found.err || complain "a folder of each node, $mpi: $(cat found.err)"
  done
else
  echo "skipped: two nodes, which take the right to make network namespaces" >&2
fi

# What is wrong is said once, with exit code 2, and nothing is left.
for mpi in "${mpis[@]}"; do
  code=0
  on "$mpi" 3 run -x nothing.npy -w "$data/weights" -o out >found.txt 2>found.err || code=$?
  [ "$code" -eq 2 ] || complain "a missing file, $mpi: exit code $code"
  [ "$(grep -c '^attn-inspect: error: ' found.err)" -eq 1 ] || complain "a missing file, $mpi: $(cat found.err)"
  [ ! -e out ] || complain "a missing file, $mpi: leaves a folder"
  # Without a launcher there is one rank.
  "./attn-inspect-$mpi" run "${sample[@]}" --save weights -o out >/dev/null || complain "without a launcher, $mpi"
  rm -rf out
  # Launchers give standard input to rank 0, MPICH's no more than a pipe holds; all ranks read it.
  "$one" check - <"$small" >expected.txt 2>/dev/null || true
  on "$mpi" 3 check - <"$small" >found.txt 2>found.err || true
  cmp -s expected.txt found.txt || complain "standard input, $mpi: $(cat found.err)"
done

# Each rank would do all of the work under the launcher of another MPI, which does not tell it of the others.
if [ ${#mpis[@]} -eq 2 ]; then
  for pair in "openmpi mpich" "mpich openmpi"; do
    read -r launcher program <<<"$pair"
    code=0
    timeout 120 "mpirun.$launcher" -n 2 "$work/attn-inspect-$program" run "${sample[@]}" -o out >found.txt 2>found.err ||
      code=$?
    [ "$code" -eq 2 ] || complain "$program under the launcher of $launcher: exit code $code"
    [ "$(grep -c '^attn-inspect: error: the launcher started 2 ranks' found.err)" -eq 1 ] ||
      complain "$program under the launcher of $launcher: $(cat found.err)"
    [ ! -e out ] || complain "$program under the launcher of $launcher leaves a folder"
  done
fi

# A rank that is killed ends all with one line that names it and exit code 2, whatever the launcher says
# beside it, and what was there stays: the folder is the earlier result, or none, or the new one. The next
# run finds nothing in its way. Each rank works as the child of a process that keeps it; either is killed.
moments="0.1 0.3 0.5 0.7 0.9 1.1 1.3 1.5 1.8 2.2"
[ -z "$quick" ] || moments="0.4 0.9"
for mpi in "${mpis[@]}"; do
  rm -rf out new before
  "$one" run "${sample[@]}" --save weights -o before >/dev/null
  "$one" run "${sample[@]}" --save "$arrays" -o new >/dev/null
  turn=0
  for moment in $moments; do
    turn=$((turn + 1))
    rm -rf out
    if [ $((turn % 2)) -eq 0 ]; then cp -r before out; fi
    on "$mpi" 3 run "${sample[@]}" --save "$arrays" -o out >/dev/null 2>found.err &
    launcher=$!
    sleep "$moment"
    ranks=()
    for process in $(pgrep -f "^$work/attn-inspect-$mpi "); do
      parent=$(awk '{print $4}' "/proc/$process/stat" 2>/dev/null || true)
      if grep -qs "attn-inspect-$mpi" "/proc/$parent/cmdline" && ! grep -qs mpirun "/proc/$parent/cmdline"; then
        ranks+=("$process")
      fi
    done
    killed=
    if [ ${#ranks[@]} -eq 3 ] && kill -9 "${ranks[$((turn % 3))]}" 2>/dev/null; then killed=1; fi
    code=0
    wait "$launcher" || code=$?
    lines=$(grep -c '^attn-inspect: error: rank [0-2] was killed by signal 9' found.err || true)
    case $code$lines in
    00) ;;
    21) [ -n "$killed" ] || complain "$mpi: a rank was killed that was not" ;;
    *) complain "$mpi: a rank killed after $moment s: exit code $code, $(cat found.err)" ;;
    esac
    if [ -e out ]; then
      "$one" info out >/dev/null 2>&1 || true
      diff -r -x '.attn-inspect-*' before out >/dev/null || diff -r new out >/dev/null ||
        { [ $((turn % 2)) -eq 1 ] && [ -z "$(find out -mindepth 1 -not -path '*/.attn-inspect-*')" ]; } ||
        complain "$mpi: a rank killed after $moment s leaves something else"
    fi
  done
  on "$mpi" 3 run "${sample[@]}" --save "$arrays" -o out >/dev/null 2>found.err ||
    complain "$mpi: after kills the next run fails: $(cat found.err)"
  diff -r new out >/dev/null || complain "$mpi: after kills the next run writes something else"
done

[ "$failed" -eq 0 ] || exit 1
echo "ranks of ${mpis[*]} write what one process writes"
