# Shared by the .bats files that kill things: victims, random moments, and what there is of the root.

# Nothing here takes long: what hangs is a fault, and its line is to be seen.
podctl() { timeout 60 "$PODCTL_BIN/podctl" "$@"; }

pause_of() { podctl ns "$1" -o json | jq -r '.namespaces[] | select(.holder == "pause") | .pid'; }
main_of() { podctl ns "$1" -o json | jq -r --arg c "container/$2" '.namespaces[] | select(.holder == $c) | .pid'; }

seed() {
  RANDOM=${CHAOS_SEED:=$((SRANDOM % 32768))}
  echo "CHAOS_SEED=$CHAOS_SEED"
}
# Waits a random moment of at most this many milliseconds.
moment() { read -rt "$(printf '0.%03d' $((RANDOM % $1 + 1)))" <> <(:) || :; }

# Of the root. Inits that wait for a container share their shim's memory, and so its command line.
shims() { pgrep -ax podctl-shim | awk -v root="$PODCTL_ROOT" '$NF == root { print $1 }'; }
waiting_inits() { pgrep -ax podctl-init | awk -v root="$PODCTL_ROOT" '$NF == root { print $1 }'; }

kill_9() { [ -z "$1" ] || kill -9 $1 2>/dev/null || true; }

# What there is of the root, a line a kind: the run directories, shims, addresses and cgroups by the uids that
# they are of, the links by their names.
there_is() {
  local address
  echo directories $(ls "$PODCTL_ROOT/run/pods")
  echo shims $(pgrep -ax podctl-shim | awk -v root="$PODCTL_ROOT" '$NF == root { print $3 }' | sort)
  echo addresses $(for address in "$PODCTL_ROOT"/run/addresses/*.*.*.*; do
    [ ! -e "$address" ] || echo "$(<"$address")"; done 2>/dev/null | sort)
  echo cgroups $(find /sys/fs/cgroup -path "*podctl-$ROOT_ID/*" -type d -name 'pod?*-*' -printf '%f\n' 2>/dev/null |
    sed s/^pod// | sort -u)
  echo links $(ip -o link show master "podctl$ROOT_ID" | cut -d' ' -f2)
}

# What there is of the root belongs to the pods of these uids, and to at most one sandbox that waits for
# a pod: each has a run directory, a shim, an address, a cgroup and a link.
only_pods() {
  there_is >there_is
  local kind uids uid directories
  read -r kind directories <there_is
  for uid in "$@"; do [[ $directories == *"$uid"* ]] || return 1; done
  [ "$(wc -w <<<"$directories")" -le $(($# + 1)) ] || return 1
  while read -r kind uids; do
    if [ "$kind" = links ]; then
      [ "$(wc -w <<<"$uids")" -eq "$(wc -w <<<"$directories")" ] || return 1
    else
      [ "$uids" = "$directories" ] || return 1
    fi
  done <there_is
}

until_only_pods() {
  until_true only_pods "$@" && return
  cat there_is
  return 1
}
