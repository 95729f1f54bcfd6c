#!/usr/bin/env bash
# Sets up everything that a terminal and the demo need; with `tests` also the browser and the servers of the tests.
# Safe to run again: seconds when done.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[36m[set-up]\033[0m %s\n' "$*"; }
fail() { printf '\033[31m[set-up]\033[0m %s\n' "$*" >&2; exit 1; }

packages=(
  python3-venv python3-dev gcc                      # pyscard comes as source
  libmtdev1 libgl1 libgl1-mesa-dri libegl1 libgles2 # Kivy
  pcscd libpcsclite-dev                             # PC/SC readers
  libcups2-dev                                      # pycups comes as source
  fonts-noto-cjk fonts-hanazono                     # screens and slips, rare characters
  espeak-ng                                         # reading aloud
  librime1 rime-data-luna-pinyin rime-essay rime-prelude # Chinese input
  npm                                               # brings the second face model
)
# For the demo and the tests only, never on a terminal: vpcd listens on all interfaces.
demo_packages=(xvfb xauth xdotool x11-utils imagemagick vsmartcard-vpcd cups cups-ipp-utils dbus)
if [[ "${1:-}" == tests ]]; then demo_packages+=(chromium chromium-driver softhsm2 postgresql nginx-light); fi

missing=()
for package in "${packages[@]}" "${demo_packages[@]}"; do
  case "$package" in
    npm) command -v npm >/dev/null && continue ;;
    librime1) python3 -c 'import ctypes; ctypes.CDLL("librime.so.1")' 2>/dev/null && continue ;; # its package has other names elsewhere
    chromium|chromium-driver) # on Ubuntu only a snap; the browser's tests say what is missing
      command -v "${package/chromium-driver/chromedriver}" >/dev/null && continue
      grep -q '^ID=ubuntu' /etc/os-release && continue ;;
    gcc) command -v gcc >/dev/null && continue ;;
    python3-venv|python3-dev) python3 -c 'import ensurepip, sysconfig, os, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' 2>/dev/null && continue ;;
  esac
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
  say "1/5 system packages: ${missing[*]}"
  if [[ $EUID -eq 0 ]]; then as_root=(); elif sudo -n true 2>/dev/null; then as_root=(sudo -n); else
    fail "these packages are missing and need an administrator: sudo apt-get install ${missing[*]}"
  fi
  "${as_root[@]}" apt-get update -qq
  # The tests start PostgreSQL and nginx themselves, privately; Debian would start one of each for the machine.
  servers=(); for package in "${missing[@]}"; do case "$package" in postgresql) servers+=(postgresql) ;; nginx-light) servers+=(nginx) ;; esac; done
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  for server in "${servers[@]}"; do
    if [[ -d /run/systemd/system ]]; then "${as_root[@]}" systemctl disable --now --quiet "$server"; else "${as_root[@]}" service "$server" stop >/dev/null || true; fi
  done
fi

lock_sum=$(sha256sum requirements.lock | cut -d' ' -f1)
if [[ "$(cat .venv/.lock-sum 2>/dev/null)" != "$lock_sum" ]]; then
  say "2/5 Python packages from requirements.lock (about a minute)"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed"
  [[ -x .venv/bin/python ]] || python3 -m venv .venv
  build_lock=$(mktemp)
  awk '/^[a-z]/ {keep = ($1 ~ /^(swig|setuptools)==/)} keep' requirements.lock > "$build_lock"
  export PATH="$PWD/.venv/bin:$PATH"
  pip_install=(.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes)
  "${pip_install[@]}" -r "$build_lock"
  "${pip_install[@]}" -r requirements.lock
  rm -f "$build_lock"
  echo "$lock_sum" > .venv/.lock-sum
fi
.venv/bin/python deploy/without_68_points.py # not for commercial use, and not used

mkdir -p .setup
[[ -t 1 ]] || export NO_COLOR=1
say "3/5 fonts, face models, demo faces"
.venv/bin/python deploy/assets.py --into .setup
say "4/5 demo keys and certificates"
.venv/bin/python deploy/demo_trust.py --into .setup/trust
say "5/5 signatures of the service definitions and the face calibration"
.venv/bin/python main.py demo-sign
say "ready"
