# The manifests that people copy from: each becomes what the "#:" lines of its own comment say
# (manifests/README.md has their words).
load helper

MANIFESTS=$BATS_TEST_DIRNAME/../../manifests

lines_of() { sed -n 's/^#: //p' "$1"; }
name_of() { awk '/^metadata:/ {inside = 1} inside && $1 == "name:" {print $2; exit}' "$1"; }

is_field() { [ "$(field "$1" "{$2}")" = "$3" ]; }
waits_for() {
  podctl get pod "$1" -o json | jq -e --arg c "$2" --arg why "$3" '
    [.status.initContainerStatuses[]?, .status.containerStatuses[]?] | any(.name == $c and .state.waiting.reason == $why)' >/dev/null
}
has_logged() { podctl logs "$1" -c "$2" 2>/dev/null | grep -qF -- "$3"; }
why_says() { podctl why "$1" | grep -qF -- "$2"; }
has_event() {
  podctl get events -o json | jq -e --arg pod "$1" --arg reason "$2" --arg text "$3" '
    .items | any(.involvedObject.name == $pod and .reason == $reason and (.message | contains($text)))' >/dev/null
}

# becomes POD LINE: waits until it is so.
becomes() {
  local pod=$1 line=$2
  case $line in
    "phase "*) ended "$pod" "${line#phase }" ;;
    ready) ready "$pod" ;;
    "is "*" = "*) line=${line#is }; until_true is_field "$pod" "${line%% = *}" "${line#* = }" ;;
    "waiting "*) until_true waits_for "$pod" $(cut -d' ' -f2,3 <<<"$line") ;;
    "logs "*": "*) line=${line#logs }; until_true has_logged "$pod" "${line%%: *}" "${line#*: }" ;;
    "event "*": "*) line=${line#event }; until_true has_event "$pod" "${line%%: *}" "${line#*: }" ;;
    "why "*) until_true why_says "$pod" "${line#why }" ;;
    "logs-at-end "*": "*) ;;  # looked at when the pod goes
    *) echo "no such line: $line"; return 1 ;;
  esac
}

# ends POD LINES: what is logged while the pod goes.
ends() {
  local pod=$1 line container follower
  line=$(grep -m1 '^logs-at-end ' <<<"$2") || return 0
  line=${line#logs-at-end }
  container=${line%%: *}
  podctl logs -f "$pod" -c "$container" >"$pod.end" 2>&1 &
  follower=$!
  until_true grep -q up "$pod.end"
  podctl delete pod "$pod"
  wait "$follower" || true
  while read -r line; do
    grep -qF -- "${line#*: }" "$pod.end" || { echo "$pod did not log: ${line#*: }"; cat "$pod.end"; return 1; }
  done < <(grep '^logs-at-end ' <<<"$2")
}

# All of a directory are applied at once, so that they live beside each other.
documented() {
  local file pod line objects
  for objects in "$MANIFESTS/$1/objects"/*.yaml; do
    [ ! -e "$objects" ] || podctl apply -f "$objects"
  done
  podctl apply -f "$MANIFESTS/$1"
  for file in "$MANIFESTS/$1"/*.yaml; do
    pod=$(name_of "$file")
    [ -n "$(lines_of "$file")" ] || { echo "$file says nothing of what it becomes"; return 1; }
    while read -r line; do
      becomes "$pod" "$line" || { echo "$file: $line"; podctl describe pod "$pod"; podctl logs "$pod" --all-containers; return 1; }
    done < <(lines_of "$file")
    ends "$pod" "$(lines_of "$file")"
  done
}

@test "every directory of manifests is tried here" {
  local directory
  for directory in "$MANIFESTS"/*/; do
    grep -q "^@test \"manifests: $(basename "$directory")\"" "$BATS_TEST_FILENAME" || { echo "$directory is not"; false; }
  done
}

@test "manifests: start" { documented start; }
@test "manifests: life" { documented life; }
@test "manifests: init" { documented init; }
@test "manifests: env" { documented env; }
@test "manifests: volumes" { documented volumes; }
@test "manifests: security" { documented security; }
@test "manifests: resources" { documented resources; }
@test "manifests: network" { documented network; }
@test "manifests: probes" { documented probes; }
@test "manifests: placement" { documented placement; }
