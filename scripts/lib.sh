# Shared by the scripts of this folder (sourced, bash). Sets `top` to the project's root and goes there.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top" || exit 70
PATH="$PATH:/usr/sbin:/sbin"

say() { printf '%s: %s\n' "${script_name:-recto}" "$*"; }
warn() { printf '%s: %s\n' "${script_name:-recto}" "$*" >&2; }
die() { # die EXIT_CODE MESSAGE
  local code=$1
  shift
  warn "$*"
  exit "$code"
}

# What is kept between runs and clones: downloads, passes of clang-tidy.
cache=${RECTO_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/recto}
# Objects in ccache serve any clone of the project, wherever it lies.
export CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1

# Runs a command as root: itself when we are, through sudo when not.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    warn "need root or sudo for: $*"
    return 69
  fi
}

# The Python of Debian: the modules that the sample generator uses are packages of Debian, and a newer
# python3 that comes first in PATH would not see them.
python=/usr/bin/python3
[ -x "$python" ] || python=python3

jobs() {
  # Compilers of this code take up to 1.5 GiB each; too many at once would swap.
  local cores mem
  cores=$(nproc)
  mem=$(awk '/MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  [ "$mem" -lt 1 ] && mem=1
  echo $((cores < mem ? cores : mem))
}

stage_names=()
stage_seconds=()
stage_results=()

# stage NAME COMMAND...: runs it, keeps its time and result for stage_summary; returns its exit code.
stage() {
  local name=$1 start=$SECONDS code=0
  shift
  say "--- $name"
  "$@" || code=$?
  stage_names+=("$name")
  stage_seconds+=($((SECONDS - start)))
  stage_results+=("$code")
  [ "$code" = 0 ] || warn "--- $name: ended with exit code $code"
  return "$code"
}

stage_summary() {
  local i
  for i in "${!stage_names[@]}"; do
    printf '  %-44s %5d s  %s\n' "${stage_names[$i]}" "${stage_seconds[$i]}" \
      "$([ "${stage_results[$i]}" = 0 ] && echo ok || echo "exit ${stage_results[$i]}")"
  done
}

# ON when setup could unpack OpenVINO and the models, OFF otherwise.
ppocr_state() { cat build/deps/ppocr.state 2>/dev/null || echo OFF; }

# Configures and builds one preset of CMakePresets.json (only $build_target where that is set).
# build_preset NAME [CMAKE_ARGUMENT...]
build_preset() {
  local preset=$1
  shift
  say "configuring the preset $preset"
  cmake --preset "$preset" "$@" >"build/configure-$preset.log" 2>&1 || {
    cat "build/configure-$preset.log" >&2
    return 1
  }
  cmake --build --preset "$preset" --parallel "$(jobs)" ${build_target:+--target "$build_target"}
}
