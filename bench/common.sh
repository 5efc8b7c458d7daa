# Shared by the scripts of this folder (sourced, bash).
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

bench_dir=build/bench

need_packages() { # need_packages PACKAGE...: installs what is missing when root, else says what to install
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    die 69 "missing Debian packages; as root: apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "installing Debian packages: ${missing[*]}"
  mkdir -p "$bench_dir"
  { apt-get -q update || true; } >"$bench_dir/apt.log" 2>&1
  DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >>"$bench_dir/apt.log" 2>&1 ||
    die 69 "could not install ${missing[*]} (see $bench_dir/apt.log)"
}

need_recto() { # sets `recto`
  recto=${RECTO_BINARY:-build/release/recto}
  [ -x "$recto" ] || die 69 "no $recto: build it by scripts/run, or name another one in RECTO_BINARY"
}

build_bench() { # build_bench TARGET: builds it in build/bench/build; sets `program`
  local build=$bench_dir/build
  mkdir -p "$bench_dir"
  cmake --preset release -B "$build" -DRECTO_BENCH=ON -DRECTO_TESTS=OFF "-DRECTO_PPOCR=$(ppocr_state)" >"$bench_dir/configure.log" 2>&1 ||
    { cat "$bench_dir/configure.log" >&2; exit 69; }
  cmake --build "$build" --target "$1" --parallel "$(jobs)"
  program=$build/bench/$1
}

help_or_unknown() { # help_or_unknown WORD: the comment at the script's top for -h and --help, else an error
  case $1 in
    -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | grep -v '^set '; exit 0 ;;
    *) die 64 "unknown argument '$1' (see --help)" ;;
  esac
}

# make_pages KIND COUNT SEED NOISE: sets `pages` to a folder with generated pages, made once.
make_pages() {
  pages=$bench_dir/pages/$1-$2-$3-$4
  if [ ! -f "$pages/truth.json" ]; then
    need_packages python3-numpy python3-pil python3-qrcode fonts-noto-cjk fonts-arphic-gbsn00lp fonts-arphic-gkai00mp
    say "making $2 pages ($1, seed $3) in $pages"
    "$python" samples/generate.py --out "$pages" --kind "$1" --pages "$2" --seed "$3" --noise "$4" --jobs "$(nproc)"
  fi
}

# need_pinned NAME LIST: sets `venv` to build/bench/NAME with the wheels that LIST pins with their digests, from PyPI.
need_pinned() {
  venv=$bench_dir/$1
  ! cmp -s "$2" "$venv/installed.txt" || return 0
  need_packages python3-venv
  say "installing what $2 names from PyPI into $venv"
  "$python" -m venv --clear "$venv"
  "$venv/bin/pip" install -q --require-hashes --only-binary :all: -r "$2" || die 69 "could not install what $2 names from PyPI"
  cp "$2" "$venv/installed.txt"
}

# need_training: sets `venv` to one with PyTorch, and `fonts` to a folder with the typefaces that training draws print in.
need_training() {
  if [ -z "${FONT_ROOT:-}" ]; then
    need_packages fonts-noto-cjk fonts-noto-cjk-extra fonts-arphic-gbsn00lp fonts-arphic-gkai00mp fonts-arphic-bsmi00lp \
      fonts-arphic-bkai00mp fonts-cwtex-ming fonts-cwtex-kai fonts-cwtex-heib fonts-cns11643-kai fonts-wqy-zenhei fonts-hanazono \
      fonts-liberation fonts-gnutypewriter
  fi
  need_pinned torch bench/train.txt
  # shellcheck disable=SC2034
  fonts=${FONT_ROOT:-}/usr/share/fonts
}

ocrmypdf_version=17.13.0

need_ocrmypdf() { # sets `venv` to one with ocrmypdf from PyPI
  local img2pdf_version=0.6.3
  venv=$bench_dir/venv
  [ "$(cat "$venv/versions" 2>/dev/null)" != "$ocrmypdf_version $img2pdf_version" ] || return 0
  say "installing ocrmypdf $ocrmypdf_version from PyPI into $venv"
  "$python" -m venv --clear "$venv"
  "$venv/bin/pip" install -q "ocrmypdf==$ocrmypdf_version" "img2pdf==$img2pdf_version" ||
    die 69 "could not install ocrmypdf $ocrmypdf_version from PyPI"
  echo "$ocrmypdf_version $img2pdf_version" >"$venv/versions"
}
