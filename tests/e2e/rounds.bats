# Rounds of chaos: each makes a pod with a native sidecar, an init container, probes and hooks, kills at random
# what keeps it alive, and says after every blow what Kubernetes would say of it: phase, states, exit codes,
# restart counts, events, log lines. After each round nothing of the pod is left.
#
# CHAOS_ROUNDS says how many (6); CHAOS_SEED repeats them. Round N of a run is the first of one whose seed is
# N - 1 higher.
load helper
load chaos

# ---- the pod ----

# What each container does: it says and writes down on the volume that it has begun, and which lines it has
# said, until it is told to exit or is terminated.
life() {
  cat <<'EOF'
rm -f /v/$NAME.sick
echo >>/v/$NAME.begun
n=$(wc -l </v/$NAME.begun)
i=0
trap 'echo end $i 143; exit 143' TERM
echo begin $n
[ $NAME != prepare ] || { [ $n = 1 ] && echo end 0 $FIRST && exit $FIRST; echo end 0 0; exit 0; }
touch /tmp/up
while :; do
  echo line $i
  i=$((i + 1))
  echo $i >/v/$NAME.said.$n
  if read -r code 2>/dev/null </v/$NAME.exit; then
    rm /v/$NAME.exit
    echo end $i $code
    exit $code
  fi
  sleep 0.05
done
EOF
}

# container NAME [FIELDS]: FIRST is how the first attempt of "prepare" ends.
container() {
  cat <<EOF
  - name: $1
    image: podctl/busybox
    env: [{name: NAME, value: $1}, {name: FIRST, value: "$FIRST"}]
    volumeMounts: [{name: v, mountPath: /v}]
    command: [sh, -c]
    args:
    - |
$(life | sed 's/^/      /')
${2:-}
EOF
}

pod_of_round() {
  local side prepare
  side=$(container side '    restartPolicy: Always
    startupProbe: {exec: {command: [test, -e, /tmp/up]}, periodSeconds: 1, failureThreshold: 60}')
  prepare=$(container prepare)
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: chaos}
spec:
  restartPolicy: $POLICY
  terminationGracePeriodSeconds: 10
  volumes: [{name: v, emptyDir: {}}]
  initContainers:
$([ $SIDE_FIRST = 1 ] && printf '%s\n%s\n' "$side" "$prepare" || printf '%s\n%s\n' "$prepare" "$side")
  containers:
$(container main '    startupProbe: {exec: {command: [test, -e, /tmp/up]}, periodSeconds: 1, failureThreshold: 60}
    readinessProbe: {exec: {command: [test, "!", -e, /v/main.busy]}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1}
    livenessProbe: {exec: {command: [test, "!", -e, /v/main.sick]}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1}
    lifecycle:
      postStart: {exec: {command: [sh, -c, echo >>/v/main.started]}}
      preStop: {exec: {command: [sh, -c, echo >>/v/main.stopped]}}')
$(container other)
EOF
}

# ---- what it has to be ----

# STATE, RESTARTS and LAST of each container as the status has to tell them; UNSAID: its attempts that have not
# said that they had begun; ENDED: containers that have ended once, whose next end waits for its back-off.
declare -gA STATE RESTARTS LAST UNSAID ENDED

restarts_by_policy() {  # CONTAINER CODE
  [ "$1" != side ] || return 0
  case $POLICY in
    Always) return 0 ;;
    OnFailure) [ "$2" != 0 ] ;;
    Never) return 1 ;;
  esac
}
reason_of() { [ "$1" = 0 ] && echo Completed || echo Error; }
runs() { [ "${STATE[$1]}" = running ]; }
over() { [[ $PHASE == Succeeded || $PHASE == Failed ]]; }

# has_ended CONTAINER "CODE REASON": what follows from it.
has_ended() {
  if ! restarts_by_policy "$1" "${2%% *}"; then
    STATE[$1]="exited $2"
  elif [ -n "${ENDED[$1]:-}" ]; then
    STATE[$1]="waiting CrashLoopBackOff"
    BEFORE=${LAST[$1]} LAST[$1]=$2
  else
    LAST[$1]=$2
    RESTARTS[$1]=$((RESTARTS[$1] + 1))
  fi
  ENDED[$1]=1
  fix_phase
}

# A pod ends with its regular containers, and its sidecars after them.
fix_phase() {
  READY=True
  runs main && runs other && runs side || READY=False
  [[ ${STATE[main]} == exited* && ${STATE[other]} == exited* ]] || return 0
  PHASE=Failed
  [[ ${STATE[main]} != "exited 0"* || ${STATE[other]} != "exited 0"* ]] || PHASE=Succeeded
  ! runs side || STATE[side]="exited 143 Error"
  # It will not be started any more: this was its end.
  [ "${STATE[side]}" != "waiting CrashLoopBackOff" ] || { STATE[side]="exited ${LAST[side]}"; LAST[side]=$BEFORE; }
}

wanted() {
  local c
  echo "$PHASE ready=$READY"
  for c in main other prepare side; do
    echo "$c ${STATE[$c]} restarts=${RESTARTS[$c]} last=${LAST[$c]}"
  done
}

told() {
  podctl get pod chaos -o json | jq -r '
    def how: "\(.exitCode) \(.reason)";
    def state: if .running then "running" elif .terminated then "exited \(.terminated | how)"
               else "waiting \(.waiting.reason)" end;
    "\(.status.phase) ready=\(.status.conditions[] | select(.type == "Ready") | .status)",
    ([.status.initContainerStatuses[], .status.containerStatuses[]] | sort_by(.name)[] |
     (.lastState.terminated | if . then how else "none" end) as $last |
     "\(.name) \(.state | state) restarts=\(.restartCount) last=\($last)")'
}

lines_in() { [ -e "$1" ] && wc -l <"$1" || echo 0; }
# The volume goes when the pod is over.
attempts() { if over; then begun "$1"; else lines_in "$V/$1.begun"; fi; }
begun() { echo $((RESTARTS[$1] + 1 - ${UNSAID[$1]:-0})); }
# Every attempt that the status counts has begun, by the containers' own word.
all_said() {
  local c
  for c in main other prepare side; do
    [ "$(attempts $c)" = "$(begun $c)" ] || return 1
  done
}
is_so() { told >told && diff wanted told >difference && all_said; }

# The pod is what it has to be; why not is said.
holds() {
  wanted >wanted
  until_true is_so && return
  cat difference
  for c in main other prepare side; do
    echo "$c has begun $(attempts $c) times of $(begun $c)"
  done
  all_events
  return 1
}

# has_lines FILE ATTEMPT LEAST END: the log of this attempt: no line is missing, or there twice, and at least so
# many are there; END is "end CODE" if the container has said why it ended, "any" if nobody knows.
has_lines() {
  awk -v attempt="$2" -v least="$3" -v end="$4" '
    function wrong(what) { print what " in line " NR ": " $0; bad = 1; exit }
    NR == 1 { if ($0 != "begin " attempt) wrong("not begin " attempt); next }
    ended { wrong("something after the end") }
    /^end / { if ($2 != NR - 2) wrong("lines are missing"); ended = "end " $3; next }
    $0 != "line " (NR - 2) { wrong("not line " (NR - 2)) }
    END { if (bad) exit 1
          if (end != "any" && ended != end) { print "ends with \"" ended "\", not with \"" end "\""; exit 1 }
          if (NR - 1 < least) { print NR - 1 " lines of " least; exit 1 } }' "$1" && return
  echo "the log of attempt $2:"
  tail -n 5 "$1"
  return 1
}

# said CONTAINER ATTEMPT: how many lines after its first; -1 if it may not even have said that.
said() { local n; n=$(cat "$V/$1.said.$2" 2>/dev/null) && echo "${n:-0}" || echo -1; }
# What a container has said at its end: nothing if it was killed, or runs.
last_words() { case $1 in *StatusUnknown) echo any ;; none | 137*) ;; *) echo "end ${1%% *}" ;; esac; }

# The logs of this attempt and of the one before it. What was in the pipe when a shim was killed is lost.
logs_hold() {
  local c n end
  [ -z "$FAILED_EARLY" ] || return 0
  for c in main other prepare side; do
    n=$(attempts $c)
    [ "$n" != 0 ] && [ "${UNSAID[$c]:-0}" -ge 0 ] || continue
    case ${STATE[$c]} in
      running) end=none ;;
      waiting*) end=${LAST[$c]} ;;
      *) end=${STATE[$c]#exited } ;;
    esac
    log_holds $c "$n" "$end" || return 1
    [ "$n" = $((RESTARTS[$c] + 1)) ] && [ "$n" -gt 1 ] && [[ ${STATE[$c]} != waiting* ]] || continue
    log_holds $c $((n - 1)) "${LAST[$c]}" --previous || return 1
  done
}
# What a running container has said may still be on its way to its log.
log_holds() {  # CONTAINER ATTEMPT END [--previous]
  local least=-1
  [[ $3 == *StatusUnknown ]] || least=$(said "$1" "$2")
  log_has() { podctl logs chaos -c "$1" ${4:-} >log && has_lines log "$2" "$least" "$(last_words "$3")" >wrong; }
  until_true log_has "$@" && return
  echo "the log of $1 is wrong: $(cat wrong)"
  return 1
}

all_events() { podctl get events --field-selector "involvedObject.uid=$POD_UID" "$@"; }
# events REASON TEXT FIELD: how often, in a message that holds this, of what this field path names.
events() {
  all_events -o json | jq --arg reason "$1" --arg text "$2" --arg field "$3" '
    [.items[] | select(.reason == $reason and (.message | contains($text)) and
                       ($field == "" or .involvedObject.fieldPath == $field)) | .count] | add // 0'
}
# A podctld that is killed may have told of something and not have kept that it did.
counted() { [ "$1" -ge "$2" ] && { [ "$1" -eq "$2" ] || [ "$DAEMON_DIED" = 1 ]; }; }
events_hold() {
  local c field n began
  [ -z "$FAILED_EARLY" ] || return 0
  for c in main other prepare side; do
    field="spec.containers{$c}"
    [[ $c == main || $c == other ]] || field="spec.initContainers{$c}"
    began=$((RESTARTS[$c] + 1))
    [ "${STATE[$c]}" != "waiting PodInitializing" ] || began=0
    n=$(events Started "" "$field")
    counted "$n" $began || { echo "Started $c: $n times of $began"; all_events; return 1; }
  done
  [ -z "$EXPECTED_EVENT" ] || [ "$(events $EXPECTED_EVENT)" -ge 1 ] && return
  echo "no event $EXPECTED_EVENT"
  all_events
  return 1
}

# Of main, by their own word. One that was under way when the sandbox died may not have come so far.
hooks_hold() {
  ! over && [ -z "$SETTLED" ] || return 0
  local started stopped
  started=$(lines_in "$V/main.started") stopped=$(lines_in "$V/main.stopped")
  counted "$started" $((RESTARTS[main] + 1)) && counted "$stopped" $SICK && return
  echo "postStart ran $started times of $((RESTARTS[main] + 1)), preStop $stopped of $SICK"
  return 1
}

# ---- blows ----

# pick WORD…: one of them, in PICKED; none of none. (A subshell's RANDOM would not be the seed's.)
pick() { PICKED=; [ $# = 0 ] || { local n=$((RANDOM % $# + 1)); PICKED=${!n}; }; }
# A container that runs and has not ended yet.
pick_fresh() {
  local c out=()
  for c in main other side; do ! runs $c || [ -n "${ENDED[$c]:-}" ] || out+=("$c"); done
  pick "${out[@]}"
}
# One that runs again.
pick_restarted() {
  local c out=()
  for c in main other side; do ! runs $c || [ -z "${ENDED[$c]:-}" ] || out+=("$c"); done
  pick "${out[@]}"
}

crash() {
  echo "kills the process of $1"
  kill_9 "$(main_of chaos "$1")"
  has_ended "$1" "137 Error"
}

exits_itself() {
  local code=$((RANDOM % 2 * 3))
  echo "has $1 exit with $code"
  echo $code >"$V/$1.tmp"
  mv "$V/$1.tmp" "$V/$1.exit"
  has_ended "$1" "$code $(reason_of $code)"
}

# A failed liveness probe: preStop, the stop signal, and the container's restart whatever its code.
sick() {
  echo "lets main's liveness probe fail"
  touch "$V/main.sick"
  SICK=1
  has_ended main "143 Error"
}

busy() {
  echo "lets main's readiness probe fail for a while"
  touch "$V/main.busy"
  READY=False
  holds
  rm "$V/main.busy"
  fix_phase
}

kills_podctld() {
  echo "kills podctld"
  kill_9 "$(daemon_of_root)"
  DAEMON_DIED=1
}

kills_podctl() {
  local job command
  case $((RANDOM % 4)) in
    0) command=(logs -f chaos -c side) ;;
    1) command=(exec chaos -c side -- sleep 5) ;;
    2) command=(get pods -w) ;;
    3) command=(describe pod chaos) ;;
  esac
  echo "kills podctl ${command[*]}"
  "$PODCTL_BIN/podctl" "${command[@]}" >/dev/null 2>&1 &
  job=$!
  moment 100
  kill -9 $job 2>/dev/null || true
  wait $job || true
}

# Without its sandbox a pod begins anew, in its volumes, or has failed if it never restarts.
sandbox_dies() {
  echo "kills $1"
  local c end="137 Error"
  [ "$1" != shim ] || end="137 ContainerStatusUnknown"
  if [ "$1" = shim ]; then kill_9 "$(shim_of chaos)"; else kill_9 "$(pause_of chaos)"; fi
  EXPECTED_EVENT=
  if [ $POLICY = Never ]; then
    for c in main other side; do ! runs $c || STATE[$c]="exited $end"; done
    fix_phase
    return
  fi
  EXPECTED_EVENT="SandboxChanged sandbox"
  LAST[prepare]="0 Completed" RESTARTS[prepare]=$((RESTARTS[prepare] + 1))
  for c in main other side; do has_ended $c "$end"; done
}

# One of what is possible now; not after LAST_BLOW, which leaves a container to its back-off.
blow() {
  local done=
  while [ -z "$done" ]; do
    done=1
    case $((RANDOM % 12)) in
      0 | 1) pick_fresh; if [ -n "$PICKED" ]; then crash "$PICKED"; else done=; fi ;;
      2 | 3) pick_fresh; if [ -n "$PICKED" ]; then exits_itself "$PICKED"; else done=; fi ;;
      4) if runs main && [ -z "${ENDED[main]:-}" ]; then sick; else done=; fi ;;
      5) if runs main; then busy; else done=; fi ;;
      6) kills_podctld ;;
      7) kills_podctl ;;
      8 | 9) if [ ${#ENDED[@]} = 0 ]; then sandbox_dies shim; else done=; fi ;;
      10) if [ ${#ENDED[@]} = 0 ]; then sandbox_dies pause; else done=; fi ;;
      11) pick_restarted; if [ -n "$PICKED" ]; then LAST_BLOW=1; crash "$PICKED"; else done=; fi ;;
    esac
  done
  # Whoever would notice dies with it.
  [ $((RANDOM % 6)) != 0 ] || { moment 20; kills_podctld; }
}

# ---- a round ----

begin_round() {
  pick Always OnFailure Never
  POLICY=$PICKED
  FIRST=$((RANDOM % 3 / 2 * 3)) SIDE_FIRST=$((RANDOM % 2))
  STATE=([main]=running [other]=running [side]=running [prepare]="exited 0 Completed")
  RESTARTS=([main]=0 [other]=0 [side]=0 [prepare]=0)
  LAST=([main]=none [other]=none [side]=none [prepare]=none)
  UNSAID=() ENDED=()
  PHASE=Running READY=True DAEMON_DIED=0 EXPECTED_EVENT= LAST_BLOW= FAILED_EARLY= SETTLED= SICK=0
  if [ $FIRST != 0 ]; then init_fails; fi
  pod_of_round >chaos.yaml
}

# It is tried again, or the pod has failed before its regular containers began.
init_fails() {
  if [ $POLICY != Never ]; then
    RESTARTS[prepare]=1 LAST[prepare]="$FIRST Error"
    return
  fi
  PHASE=Failed READY=False
  STATE=([main]="waiting PodInitializing" [other]="waiting PodInitializing" [prepare]="exited $FIRST Error")
  STATE[side]="exited 143 Error" UNSAID=([main]=1 [other]=1)
  [ $SIDE_FIRST = 1 ] || { STATE[side]="waiting PodInitializing"; UNSAID[side]=1; }
}

# Blows amid the start. Where they hit the sandbox what came of it is read from the status, which has to agree
# with the containers.
disturb_start() {
  local job victim shims hit=
  pick nobody podctl podctld podctld shim pause
  victim=$PICKED
  echo "starts a pod of policy $POLICY, whose first container ends with $FIRST first, and kills $victim meanwhile"
  "$PODCTL_BIN/podctl" apply -f chaos.yaml >apply.out 2>&1 &
  job=$!
  if [ $victim != nobody ]; then moment 400; fi
  shims=$(shims | paste -sd,)
  case $victim in
    podctl) kill_9 $job ;;
    podctld) kill_9 "$(daemon_of_root)"; DAEMON_DIED=1 ;;
    shim) hit=${shims//,/ } ;;
    pause) [ -z "$shims" ] || hit=$(pgrep -P "$shims" -f ^podctl-pause || true) ;;
  esac
  kill_9 "$hit"
  wait $job || true
  podctl apply -f chaos.yaml
  POD_UID=$(uid_of chaos)
  V=$PODCTL_ROOT/lib/pods/$POD_UID/volumes/v
  [ -z "$hit" ] || settle $victim $hit
}

settled() {
  told >told
  [[ $(head -n 1 told) != Failed* ]] || return 0
  [ "$(head -n 1 told)" = "Running ready=True" ] &&
    for c in main other side; do podctl logs chaos -c $c | grep -q begin || return 1; done
}
# What was hit is noticed: the pod has another, or is over.
replaced() {
  local kind=$1 now
  shift
  if [ $kind = shim ]; then now=$(shim_of chaos 2>/dev/null); else now=$(pause_of chaos); fi
  [[ -n $now && " ${*//$'\n'/ } " != *" $now "* ]] || [ "$(field chaos '{.status.phase}')" = Failed ]
}
# settle shim|pause PID…: containers that had begun have restarted, others not.
settle() {
  SETTLED=1
  until_true replaced "$@"
  until_true settled || { cat told; all_events; return 1; }
  local name state c
  while read -r name state; do
    [[ $state =~ ^(.*)\ restarts=([0-9]+)\ last=(.*)$ ]]
    STATE[$name]=${BASH_REMATCH[1]} RESTARTS[$name]=${BASH_REMATCH[2]} LAST[$name]=${BASH_REMATCH[3]}
    [ "${RESTARTS[$name]}" = 0 ] || ENDED[$name]=1
    # One that was killed before it could say that it had begun; one that had begun before its start was told of.
    UNSAID[$name]=$((RESTARTS[$name] + 1 - $(lines_in "$V/$name.begun")))
    [ "${RESTARTS[$name]}" -le $((1 + FIRST / 3)) ] || { echo "$name has restarted too often"; cat told; return 1; }
  done < <(tail -n +2 told)
  PHASE=Running READY=True
  [[ $(head -n 1 told) == Failed* ]] || return 0
  # Some containers have run, and which of them had said so by then is gone with the volume.
  PHASE=Failed READY=False FAILED_EARLY=1
  [ $POLICY = Never ] && grep -q exited told || { cat told; return 1; }
}

# The last blow's back-off is over by now, and the pod another: so slow was everything since.
overtaken() { [ -n "$LAST_BLOW" ] && told >told && ! cmp -s wanted told; }

finish() {
  echo "deletes the pod"
  local job shim
  case $((RANDOM % 5)) in
    0)
      if runs main && runs other && [ $POLICY != Always ] && [ -z "$LAST_BLOW" ]; then complete; fi
      podctl delete pod chaos
      ;;
    1) podctl delete pod chaos --now ;;
    2) podctl delete pod chaos --grace-period=0 --force ;;
    3)
      podctl delete pod chaos >/dev/null 2>&1 &
      job=$!
      moment 100
      kill_9 "$(daemon_of_root)"
      wait $job || true
      podctl delete pod chaos --ignore-not-found
      ;;
    4)
      podctl delete pod chaos --wait=false
      shim=$(shim_of chaos 2>/dev/null || true)
      moment 50
      kill_9 "$shim"
      await --for=delete pod/chaos
      ;;
  esac
  [ -z "$(podctl get pods --no-headers 2>/dev/null)" ]
  until_only_pods
}

complete() {
  echo "has all containers end"
  local c code
  for c in main other; do
    code=0
    [ $POLICY = OnFailure ] || code=$((RANDOM % 2 * 4))
    echo $code >"$V/$c.tmp"
    mv "$V/$c.tmp" "$V/$c.exit"
    has_ended $c "$code $(reason_of $code)"
  done
  holds
  logs_hold
  events_hold
}

round() {
  begin_round
  disturb_start
  holds
  logs_hold
  local blows=$((RANDOM % 3 + 1))
  while [ $blows -gt 0 ] && ! over && [ -z "$LAST_BLOW" ]; do
    blow
    holds
    logs_hold || overtaken
    blows=$((blows - 1))
  done
  events_hold || overtaken
  hooks_hold || overtaken
  finish
}

@test "rounds: whatever is killed, the pod is what Kubernetes would make of it, and nothing is lost or left" {
  seed
  podctl version >/dev/null
  local first=$CHAOS_SEED n
  for ((n = 0; n < ${CHAOS_ROUNDS:-6}; n++)); do
    RANDOM=$(((first + n) % 32768))
    echo "round $((n + 1)), CHAOS_SEED=$(((first + n) % 32768))"
    round
    [ -z "${CHAOS_ROUNDS:-}" ] || echo "# round $((n + 1)) of $CHAOS_ROUNDS held" >&3
  done
}
