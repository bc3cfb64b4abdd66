# podctl test: scenarios in YAML beside the manifest, in virtual time and for real.

load helper

# scenario SPEC…: test.yaml with a pod of one container `app` and a scenario with these lines as its spec.
scenario() {
  cat >test.yaml <<END
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - {name: app, image: podctl/busybox, command: [sh, -c, "trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done"]}
---
apiVersion: test.podctl.dev/v1
kind: PodTest
metadata: {name: life}
spec:
$(printf '  %s\n' "$@")
END
}

@test "a scenario that holds passes, with status 0 and without a podctld" {
  scenario 'steps: [{wait: {condition: Ready}}, {delete: {}}, {wait: {deleted: true}}]'
  run podctl test test.yaml
  [ "$status" = 0 ]
  says "ok    test.yaml: life ("
  says "1 passed"
  [ ! -e "$PODCTL_ROOT/run/podctld.sock" ]
}

@test "one that does not prints the history with the point marked, and has status 1" {
  scenario 'steps: [{wait: {condition: Ready}}, {kill: {container: app}}, {wait: {container: app, state: running, run: 2}}]' \
    'expect: [{container: app, state: terminated, never: true}]'
  fails 1 podctl test test.yaml
  says "FAIL  test.yaml: life (in order 1"
  says "test.yaml:14:12: spec.expect[0]: expected never container app terminated: it happened at 0.000s"
  says "test  kill app"
  [[ $output =~ ">>"[[:space:]]+"0.000s  app   terminated (run 1): Error, exit code 137" ]]
  says "0 passed, 1 failed"
}

@test "a race is found in one of many orders" {
  scenario 'containers: [{name: app, runs: [{for: 5s, exitCode: 1}, {}]}]' \
    'steps: [{wait: {container: app, state: running}}, {advance: 5s}, {delete: {}}, {wait: {deleted: true}}]' \
    'expect: [{container: app, state: terminated, before: {terminating: true}}]'
  fails 1 podctl test test.yaml
  says "~ the scenario's next step comes first"
}

@test "faults have a place, all are told, nothing is run, and the status is 2" {
  scenario 'stps: []' 'expect: [{container: ap, state: running}]'
  fails 2 podctl test test.yaml
  says 'test.yaml:13:3: spec.stps: unknown field "stps", did you mean "steps"?'
  scenario 'manifests: [gone.yaml]' 'expect: [{container: app, state: running}]'
  fails 2 podctl test test.yaml
  says 'spec.manifests[0]: the path "gone.yaml" does not exist'
  mkdir pipes
  mkfifo pipes/test.yaml
  fails 2 timeout 60 podctl test pipes
  fails 2 podctl test nowhere
  fails 2 podctl test --virtual --real test.yaml
  fails 2 podctl test
}

@test "JUnit tells CI the same" {
  mkdir -p suite/below
  scenario 'expect: [{phase: Failed}]'
  mv test.yaml suite/below/
  scenario 'modes: [real]' 'expect: [{phase: Running}]'
  mv test.yaml suite/
  fails 1 podctl test suite --junit out.xml
  says "skip  suite/test.yaml: life"
  grep -q '<testsuites name="podctl test" tests="2" failures="1" errors="0" skipped="1"' out.xml
  grep -q '<failure message="expected phase Failed: it never happened"' out.xml
}

@test "the same scenario runs for real, and its pods are gone afterwards" {
  scenario 'containers: [{name: app, runs: [{log: [up], stopCode: 0}]}]' \
    'steps: [{wait: {condition: Ready}}, {wait: {log: up}}, {kill: {container: app}}, {wait: {container: app, state: running, run: 2}}]' \
    'expect:' \
    '- {container: app, state: terminated, exitCode: 137, run: 1}' \
    '- {container: app, state: running, run: 2, within: 10s, after: {container: app, state: terminated}}' \
    '- {event: Killing, never: true}'
  podctl test test.yaml
  podctl test test.yaml --real
  [ -z "$(podctl get pods --no-headers -o name)" ]
}

@test "a real failure shows what the pod went through" {
  # Its first line tells that the shell heeds SIGTERM by now.
  scenario 'steps: [{wait: {log: up}}, {delete: {}}, {wait: {deleted: true}}]' \
    'expect: [{container: app, state: terminated, exitCode: 3}]'
  fails 1 podctl test test.yaml --real
  says "test.yaml:14:12: spec.expect[0]: expected container app terminated, exit code 3: it never happened"
  says "terminated (run 1): Completed, exit code 0"
}

@test "without --root it brings a podctld of its own, and leaves nothing" {
  scenario 'steps: [{wait: {condition: Ready}}]'
  mkdir own
  env -u PODCTL_ROOT TMPDIR="$PWD/own" podctl test test.yaml --real || { echo failed; false; }
  [ -z "$(ls own)" ]
}

@test "a command in a container is judged by its exit code and its output" {
  scenario 'steps:' '- wait: {condition: Ready}' \
    '- exec: {container: app, command: [sh, -c, "echo one two; exit 3"], exitCode: 3, output: one*two}'
  podctl test test.yaml --real
  scenario 'steps:' '- wait: {condition: Ready}' '- exec: {container: app, command: ["false"]}'
  podctl test test.yaml
  fails 1 podctl test test.yaml --real
  says "expected exec in app: false: it ended with exit code 1, not 0"
}

@test "ConfigMaps and Secrets stand among a scenario's manifests, in virtual time and for real" {
  scenario 'manifests: [pod.yaml]' 'steps: [{wait: {container: app, state: terminated, exitCode: 0}}]' \
    'containers: [{name: app, runs: [{for: 1s}]}]'
  sed -i '/^apiVersion: v1/,/^---/d' test.yaml
  cat >pod.yaml <<'END'
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  restartPolicy: Never
  containers:
  - name: app
    image: podctl/busybox
    command: [sh, -c, '[ "$MODE" = test ] && [ "$(cat /key/k)" = v ]']
    envFrom: [{configMapRef: {name: conf}}]
    volumeMounts: [{name: key, mountPath: /key}]
  volumes: [{name: key, secret: {secretName: key}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {MODE: test}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {k: v}
END
  run podctl test test.yaml
  [ "$status" = 0 ]
  says "1 passed"
  run podctl test test.yaml --real
  [ "$status" = 0 ] || { echo "$output"; false; }
  says "1 passed"
}

# interruptible NAME…: test.yaml with scenarios of these names; the first one passes, the others wait for what
# never comes.
interruptible() {
  scenario 'modes: [real]' 'steps: [{wait: {condition: Ready}}]'
  sed -i "s/{name: life}/{name: $1}/" test.yaml
  local name
  for name in "${@:2}"; do
    cat >>test.yaml <<END
---
apiVersion: test.podctl.dev/v1
kind: PodTest
metadata: {name: $name}
spec:
  steps: [{wait: {condition: Ready}}, {exec: {container: app, command: [touch, /begun]}}, {wait: {log: never, timeout: 1h}}]
END
  done
}

# begun ROOT: the pod of a scenario that waits has come so far.
begun() { [ -S "$1/run/podctld.sock" ] && podctl --root "$1" exec web -- test -e /begun 2>/dev/null; }
own_root() { echo own/podctl-test.*; }
begun_in_own_root() { begun "$(own_root)"; }

# What bash starts in the background ignores SIGINT; a terminal's programs do not.
in_background() {
  env --default-signal=INT,HUP "$@" >out 2>&1 3>&- &
  tested=$!
}

# ends CODE: the program in the background ends with it.
ends() {
  local code=0
  wait "$tested" || code=$?
  [ "$code" = "$1" ] || { echo "expected exit $1, got $code: $(cat out)"; return 1; }
}

@test "a signal ends the scenario, takes away what was made, and JUnit has what ran" {
  interruptible one two three
  local signal
  for signal in INT=130 TERM=143 HUP=129; do
    mkdir own
    in_background env -u PODCTL_ROOT TMPDIR="$PWD/own" podctl test test.yaml --real --junit out.xml
    until_true begun_in_own_root
    kill -s "${signal%=*}" "$tested"
    ends "${signal#*=}"
    run cat out
    says "ok    test.yaml: one ("
    says "interrupted: the pods and their podctld are taken away"
    says "stop  test.yaml: two (interrupted by SIG${signal%=*}"
    says "1 passed, 2 skipped"
    [ -z "$(ls own)" ]
    [ -z "$(pgrep -f "podctl.*$PWD/own")" ]
    grep -q 'tests="3" failures="0" errors="0" skipped="2"' out.xml
    grep -q 'name="two (real)".*<skipped message="interrupted by ' out.xml
    grep -q 'name="three (real)".*<skipped message="not run: interrupted by ' out.xml
    rm -r own out.xml
  done
}

@test "in a root that stays a signal leaves no pod" {
  interruptible one two
  in_background podctl test test.yaml --real
  until_true begun "$PODCTL_ROOT"
  kill -s TERM "$tested"
  ends 143
  [ -z "$(podctl get pods --no-headers -o name)" ]
}

@test "a second signal gives up, and says what it leaves" {
  interruptible one two
  mkdir own
  in_background env -u PODCTL_ROOT TMPDIR="$PWD/own" podctl test test.yaml --real
  until_true begun_in_own_root
  local root daemon
  root=$(own_root)
  daemon=$(pgrep -o -f "podctld --root $PWD/$root")
  kill -s STOP "$daemon"  # which does not answer
  kill -s INT "$tested"
  until_true grep -q "^interrupted: " out
  kill -s INT "$tested"
  ends 130
  kill -s CONT "$daemon"
  run cat out
  says "given up: a podctld and its pods are left in $PWD/$root: 'podctl --root $PWD/$root system reset --yes'"
  podctl --root "$PWD/$root" system reset --yes
}

@test "who reads the output may go away, and nothing is left all the same" {
  interruptible one two
  mkdir own
  env -u PODCTL_ROOT TMPDIR="$PWD/own" podctl test test.yaml --real | head -n 0 || :
  [ -z "$(ls own)" ]
}

@test "a signal ends the orders of virtual time too, and JUnit has what ran" {
  sleepers web one two >pod.yaml
  cat >test.yaml <<'END'
apiVersion: test.podctl.dev/v1
kind: PodTest
metadata: {name: short}
spec:
  manifests: [pod.yaml]
  steps: [{wait: {condition: Ready}}]
---
apiVersion: test.podctl.dev/v1
kind: PodTest
metadata: {name: long}
spec:
  manifests: [pod.yaml]
  orders: 1000000
  containers: [{name: one, runs: [{for: 5s, exitCode: 1}]}, {name: two, runs: [{for: 5s, exitCode: 1}]}]
  steps: [{advance: 10h}, {delete: {}}, {wait: {deleted: true}}]
END
  in_background podctl test test.yaml --junit out.xml
  until_true grep -q "^ok " out
  kill -s INT "$tested"
  ends 130
  grep -q 'tests="2" failures="0" errors="0" skipped="1"' out.xml
  grep -q "^stop  test.yaml: long (interrupted by SIGINT" out
}
