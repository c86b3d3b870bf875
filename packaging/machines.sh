# machines.sh: what the tests of packages and images share; to be sourced by bash. A machine is a clean
# Debian root below $work, with a network namespace of its own where one is asked for.
program=$(basename "$0")

# With MACHINES_IN_MEMORY set, $work is a tmpfs that nobody else sees and that goes with us, however we
# end: writing some hundred thousand files, and deleting them, takes longer than the tests.
if [ -n "${MACHINES_IN_MEMORY:-}" ] && [ -z "${POSTWATCH_OWN_MOUNTS:-}" ] && unshare --mount true 2>/dev/null; then
  POSTWATCH_OWN_MOUNTS=yes exec unshare --mount "$0" "$@"
fi
work=$(mktemp -d "/tmp/postwatch-$program.XXXXXX")
if [ -n "${POSTWATCH_OWN_MOUNTS:-}" ]; then mount -t tmpfs -o mode=0700 tmpfs "$work" 2>/dev/null || true; fi

pids=()        # of what was started, ended at the end
namespaces=()  # deleted at the end
passed=0
lap=$EPOCHREALTIME

finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  for namespace in "${namespaces[@]}"; do ip netns del "$namespace" 2>/dev/null || true; done
  if [ -n "${POSTWATCH_OWN_MOUNTS:-}" ]; then umount -l "$work" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

die() {
  echo "$program: FAILED: $*" >&2
  exit 1
}
# Loud, and no failure (ctest counts it), unless POSTWATCH_REQUIRE names this test, as it does in CI.
skip() {
  echo "$program: SKIPPED: $*" >&2
  case " ${POSTWATCH_REQUIRE:-} " in *" $program "*) die "this one is required here" ;; esac
  exit 77
}
need() { # need PROGRAM...
  [ "$(id -u)" = 0 ] || skip "needs root"
  for wanted in "$@"; do
    command -v "$wanted" >/dev/null || skip "needs $wanted: scripts/setup package"
  done
}

seconds_since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN {printf "%.1f", to - from}'; }
ok() { # ok WHAT: with the seconds since the last
  passed=$((passed + 1))
  printf 'ok %6s s  %s\n' "$(seconds_since "$lap")" "$*"
  lap=$EPOCHREALTIME
}
wait_for() { # wait_for SECONDS WHAT COMMAND...
  local deadline=$((SECONDS + $1)) seconds=$1 what=$2
  shift 2
  while ((SECONDS <= deadline)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  tail -n 12 "$work"/*.log >&2
  die "$what: not within $seconds s"
}

machine() { # machine NAME ROOT.tar: a clean root, $work/NAME, with $packages and $newer in its /packages
  mkdir "$work/$1"
  tar --numeric-owner -xpf "$2" -C "$work/$1"
  cp "$packages"/postwatch*.deb "$work/$1/packages/"
  mkdir "$work/$1/packages/newer"
  cp "$newer"/postwatch*.deb "$work/$1/packages/newer/"
}
network() { # network NAME: a namespace of our own, $network, with loopback
  network=pw-$1-$$
  ip netns add "$network" 2>"$work/netns.log" || skip "no network namespace can be made: $(cat "$work/netns.log")"
  namespaces+=("$network")
  ip -n "$network" link set lo up
}

package() { # package FOLDER NAME -> its file
  local found=("$1/$2"_*.deb)
  [ -f "${found[0]}" ] || die "no package $2 in $1"
  echo "${found[0]}"
}
inside() { # inside ROOT COMMAND...
  local root=$1
  shift
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}
# As unattended upgrades do: asked about an edited conffile, dpkg keeps it.
apt_inside() { # apt_inside ROOT ARGUMENTS...
  local root=$1
  shift
  inside "$root" apt-get -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" \
    >"$work/apt.log" 2>&1 </dev/null || {
    tail -n 30 "$work/apt.log" >&2
    die "apt-get $*"
  }
}
