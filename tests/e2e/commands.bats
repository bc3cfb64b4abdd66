# What the commands that look at pods print, and what they refuse, as kubectl does.
load helper

all_written() { podctl logs one | grep -qx 5; }

@test "logs -f shows at once what is written already, and ends at --limit-bytes" {
  pod one 'seq 1 5; exec sleep 1000' | podctl apply -f -
  ready one
  until_true all_written
  for _ in 1 2 3 4 5; do
    run timeout "$(patience 20)" podctl logs -f one --limit-bytes=10
    [ "$output" = $'1\n2\n3\n4\n5' ]
  done
  [ "$(timeout "$(patience 20)" podctl logs -f one --limit-bytes=3)" = $'1\n2' ]
  [ "$(podctl logs one --limit-bytes=0 --since=0)" = $'1\n2\n3\n4\n5' ]
  run podctl logs -l app=none
  [ "$status" -eq 0 ]
  [ "$output" = "No resources found in default namespace." ]
  fails 2 podctl logs one main -c main
  says "only one of -c or an inline [CONTAINER] arg is allowed"
  fails 2 podctl logs one --all-containers -c main
  says "--all-containers=true should not be specified with container name main"
}

@test "rotated logs are compressed but for the newest, and logs reads them all" {
  # Some 35 MB: three files are full.
  pod chatty 'seq -w 1 300000 | sed "s/$/ a line that is long enough to fill a file in a moment or so/"; echo end; exec sleep 1000' | podctl apply -f -
  ready chatty
  until_true eval '[ "$(podctl logs chatty --tail=1)" = end ]'
  local directory
  directory=$(echo "$PODCTL_ROOT"/log/pods/default_chatty_*/main)
  plain() { [ "$(ls "$directory" | grep -cE '^0\.log\.[0-9]+-[0-9]+$')" = "$1" ]; }
  plain 3
  until_true plain 1
  gzip -t "$directory"/0.log.*.gz
  podctl logs chatty >all
  [ "$(wc -l <all)" = 300001 ]
  [ "$(tail -n 1 all)" = end ]
  podctl logs chatty --tail=290000 | cmp - <(tail -n 290000 all)
}

@test "get -w of what is not there ends, and custom columns have one heading" {
  fails 1 timeout "$(patience 20)" podctl get pod nope -w
  [ "$output" = 'Error from server (NotFound): pods "nope" not found' ]
  pod one 'exec sleep 1000' | podctl apply -f -
  podctl get Pods -w -o custom-columns=NAME:.metadata.name,PHASE:.status.phase >seen &
  local watch=$!
  until_true grep -Eq '^one +Running$' seen
  kill "$watch"
  wait "$watch" || true
  [ "$(grep -c NAME seen)" -eq 1 ]
  podctl get Pod one
}

@test "an empty name is no name, and is not every name" {
  local command
  for command in "get pod" "describe pod" "delete pod" logs "exec -it" why trace ns "top pod"; do
    run podctl $command "" $([[ $command != exec* ]] || echo -- true)
    [ "$status" != 0 ]
    says "resource name may not be empty"
  done
}

@test "get -w -o yaml parts its documents" {
  pod one 'exec sleep 1000' | podctl apply -f -
  podctl get pods -w -o yaml >seen &
  local watch=$!
  until_true grep -q 'phase: Running' seen
  podctl apply -f - < <(pod one 'exec sleep 1000' | sed 's/^metadata:/metadata:\n  labels: {a: b}/')
  until_true grep -q 'a: b' seen
  kill "$watch"
  wait "$watch" || true
  [ "$(head -n 1 seen)" = 'apiVersion: v1' ]
  [ "$(grep -c '^---$' seen)" -eq "$(($(grep -c '^kind: Pod$' seen) - 1))" ]
  [ "$(grep -A1 '^---$' seen | grep -c '^apiVersion: v1$')" -eq "$(grep -c '^---$' seen)" ]
}

@test "a container's words reach no terminal as orders, in columns of one's own" {
  pod one "printf 'a\\033[2Jb\\007' >/dev/termination-log" | podctl apply -f -
  ended one Succeeded
  local path=.status.containerStatuses[0].state.terminated.message
  run podctl get pod one --no-headers -o custom-columns=M:$path
  [ "$output" = 'a^[[2Jb^G' ]
  [ "$(podctl get pod one -o jsonpath="{$path}")" = $'a\033[2Jb\007' ]
}

@test "a grace period below 0 is the pod's own, and 0 kills at once only with --force" {
  local period end
  for period in 0 -5; do
    pod one 'trap "exit 7" TERM; echo up; while :; do sleep 0.1; done' |
      sed 's/PeriodSeconds: 1/PeriodSeconds: 60/' | podctl apply -f -
    ready one
    logged one up
    podctl get pods -w -o jsonpath='{.metadata.deletionGracePeriodSeconds} {.status.containerStatuses[0].state.terminated.exitCode}{"\n"}' >"seen$period" &
    local watch=$!
    until_true test -s "seen$period"
    podctl delete pod one --grace-period=$period
    # Within one second a busy machine may not have come to heed the signal.
    end='60 7'
    [ $period != 0 ] || end='1 (7|137)'
    until_true grep -Eqx "$end" "seen$period"
    kill "$watch"
    wait "$watch" || true
  done
  fails 2 podctl delete pod one --grace-period=soon
  says 'invalid value "soon" for --grace-period'
}

@test "what cannot be asked for together is refused, in kubectl's words" {
  pod one 'exec sleep 1000' | sed 's/^metadata:/metadata:\n  labels: {app: one}/' >one.yaml
  podctl apply -f one.yaml
  fails 2 podctl delete pod other -f one.yaml
  says "you may not specify resource arguments as well"
  fails 2 podctl get pods one -l app=one
  says "name cannot be provided when a selector is specified"
  fails 2 podctl get pods one -A
  says "a resource cannot be retrieved by name across all namespaces"
  fails 2 podctl events --types=Foo
  says "valid --types are Normal or Warning"
  run podctl delete -f one.yaml -l app=other
  says "No resources found"
  run podctl get -f one.yaml -l app=one -o name
  [ "$output" = pod/one ]
}

@test "a pod that is named twice is waited for once" {
  # It ends only once both have been asked for.
  pod one 'trap "until [ -e /go ]; do sleep 0.1; done; exit" TERM; echo up; while :; do sleep 0.1; done' |
    sed 's/PeriodSeconds: 1/PeriodSeconds: 600/' | podctl apply -f -
  logged one up
  timeout "$(patience 30)" podctl delete pod one one >out 2>&1 &
  local deleting=$!
  told_twice() { [ "$(cat out)" = $'pod "one" deleted\npod "one" deleted' ]; }
  until_true told_twice
  let_go one /go
  wait "$deleting"
  told_twice
}

@test "a root that podctl did not make is left alone" {
  fails 2 podctl --root '' get pods
  says "--root needs a directory"
  podctl --root fresh get pods  # one that does not exist yet
  [ -S fresh/run/podctld.sock ]
  podctl --root fresh system reset --yes
  local dir
  for dir in lib/pods run/pods; do
    mkdir -p "project/$dir/mine"
    echo precious >"project/$dir/mine/file"
    fails 1 podctl --root project get pods
    says "give --root a directory of its own"
    fails 1 podctl --root project system reset --yes
    [ "$(cat "project/$dir/mine/file")" = precious ]
    rm -r project
  done
}

@test "a trial that the API does not know is not carried out" {
  pod one 'exec sleep 1000' | podctl apply -f -
  local api="curl -s --unix-socket $PODCTL_ROOT/run/podctld.sock http://podctl/api/v1/namespaces/default/pods"
  run $api/one?dryRun=foo -X DELETE
  says 'DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"foo\": supported values: \"All\"'
  run $api/one -X DELETE -d '{"dryRun":["Some"]}'
  says 'Unsupported value: \"Some\"'
  [ -z "$(field one '{.metadata.deletionTimestamp}')" ]
}

@test "a watch tells where the present ends, to whom that asks for it" {
  pod one 'exec sleep 1000' | podctl apply -f -
  local api="curl -s --unix-socket $PODCTL_ROOT/run/podctld.sock http://podctl/api/v1/pods?watch=1&timeoutSeconds=1&sendInitialEvents=true"
  run $api
  says "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
  run $api"&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
  [[ ${lines[0]} == '{"type":"ADDED"'* ]]
  [[ ${lines[1]} == '{"type":"BOOKMARK"'*'"k8s.io/initial-events-end":"true"'* ]]
}

@test "wait compares no list, and knows when there is one" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  fails 1 podctl wait --for=jsonpath='{.status.podIPs}'=3 pod/one
  [ "$output" = 'error: jsonpath leads to a nested object or list which is not supported' ]
  fails 1 podctl wait --for=jsonpath='{.status.conditions[*].type}'=Ready pod/one
  [ "$output" = 'error: given jsonpath expression matches more than one value' ]
  run podctl wait --for=jsonpath='{.status.podIPs}' pod/one
  [ "$output" = 'pod/one condition met' ]
}

@test "logs of a container that never came to be say what it waits for" {
  pod one true | sed 's/image: .*/&\n    workingDir: relative/' | podctl apply -f -
  until_true eval '[ "$(field one "{.status.containerStatuses[0].state.waiting.reason}")" = CreateContainerError ]'
  fails 1 podctl logs one
  says 'container "main" in pod "one" is waiting to start: CreateContainerError'
}

@test "events -w lays the headings out with the rows" {
  pod one true | podctl apply -f -
  ended one Succeeded
  podctl events -w >seen &
  local watch=$!
  until_true grep -q Started seen
  kill "$watch"
  wait "$watch" || true
  column() { awk -v word="$1" '{ print index($0, word) }'; }
  [ "$(head -n 1 seen | column REASON)" = "$(grep Started seen | column Started)" ]
  [ "$(head -n 1 seen | column OBJECT)" = "$(grep Started seen | column Pod/one)" ]
}

@test "label and annotate set, keep and remove, and get shows it" {
  sleepers one a b | podctl apply -f -
  sleepers two a b | podctl apply -f -
  [ "$(podctl label pod one two tier=front)" = $'pod/one labeled\npod/two labeled' ]
  [ "$(podctl label pod/one tier=front)" = "pod/one not labeled" ]
  fails 1 podctl label pods -l tier=front tier=back
  [ "${lines[0]}" = "error: 'tier' already has a value (front), and --overwrite is false" ]
  podctl label pods --all --field-selector metadata.name=two tier=back --overwrite
  run podctl get pods --no-headers -L tier --sort-by=.metadata.labels.tier
  [[ ${lines[0]} == two*back && ${lines[1]} == one*front ]]
  run podctl get pods --no-headers --show-labels -l tier=back
  [[ $output == two*tier=back ]]
  [ "$(podctl label pod two --list)" = "tier=back" ]
  run podctl label pod/two tier- none-
  [ "$output" = $'label "none" not found.\npod/two unlabeled' ]
  fails 1 podctl label pod one bad='a b'
  says 'metadata.labels'
  [ "$(podctl annotate pod one note=a=b --dry-run)" = "pod/one annotated (dry run)" ]
  podctl annotate pod one note=a=b
  [ "$(field one '{.metadata.annotations.note}')" = a=b ]
  fails 1 podctl annotate pod one note=c
  podctl annotate pod one note-
  [ -z "$(field one '{.metadata.annotations.note}')" ]
  fails 1 podctl label pod one late=yes --resource-version=1
  says "Conflict"
  fails 2 podctl label pod one
  says "at least one label update is required"
  fails 2 podctl label pod tier=front
  says "no name was specified"
}

@test "labels that say what the machine is stay, and a trial says so too" {
  local node
  node=$(podctl get nodes -o jsonpath='{.items[0].metadata.name}')
  for trial in "" --dry-run=server; do
    fails 1 podctl label node "$node" kubernetes.io/os=bsd --overwrite $trial
    says "metadata.labels[kubernetes.io/os]: Forbidden: it says what the machine is, and cannot be changed"
    fails 1 podctl label node "$node" kubernetes.io/hostname- $trial
    says "metadata.labels[kubernetes.io/hostname]"
  done
  podctl label node "$node" disk=ssd kubernetes.io/os=linux --overwrite
  [ "$(podctl get nodes -o jsonpath='{.items[0].metadata.labels.disk}')" = ssd ]
}

@test "changes that many make at once are all kept, and a deletion amid them" {
  changing 'a: "1"' | podctl apply -f -
  local i jobs=()
  for i in $(seq 12); do
    podctl label pod one "l$i=x" 3>&- &
    jobs+=($!)
  done
  for i in "${jobs[@]}"; do wait "$i"; done
  [ "$(podctl label pod one --list | grep -c '^l[0-9]*=x$')" = 12 ]
  pod ending 'trap "" TERM; while :; do sleep 1; done' | sed 's/PeriodSeconds: 1/PeriodSeconds: 600/' | podctl apply -f -
  ready ending
  jobs=()
  for i in $(seq 10); do
    podctl label pod ending "l$i=x" 3>&- &
    jobs+=($!)
    [ "$i" != 5 ] || podctl delete pod ending --wait=false
  done
  for i in "${jobs[@]}"; do wait "$i"; done
  [ "$(podctl label pod ending --list | wc -l)" = 10 ]
  [ -n "$(field ending '{.metadata.deletionTimestamp}')" ]
}

@test "custom columns may stand in a file" {
  sleepers one a b | podctl apply -f -
  printf 'NAME  FIRST\n.metadata.name  .spec.containers[0].name\n' >columns
  [ "$(podctl get pods -o custom-columns-file=columns)" = $'NAME   FIRST\none    a' ]
  printf "NAMES\n{.metadata['name','namespace']}\n" >columns
  [ "$(podctl get pods -o custom-columns-file=columns)" = $'NAMES\none,default' ]
  echo NAME >columns
  fails 2 podctl get pods -o custom-columns-file=columns
  says "it must have two lines"
}

# A pod that sleeps, with these labels and this image: two manifests of it differ in what may change.
changing() {
  pod one 'exec sleep 1000' | sed "s/^metadata:/metadata:\n  labels: {$1}/; s#image: podctl.busybox#image: ${2:-podctl/busybox}#"
}

@test "apply keeps what others have set, and takes away what it said before" {
  changing 'a: "1", b: "1"' | podctl apply -f -
  podctl label pod one c=3
  [ "$(changing 'a: "2"' | podctl apply -f -)" = "pod/one configured" ]
  [ "$(podctl label pod one --list)" = $'a=2\nc=3' ]
  # What nobody's manifest speaks of is not to be taken back.
  curl -s --unix-socket "$PODCTL_ROOT/run/podctld.sock" -X PATCH -H 'Content-Type: application/merge-patch+json' \
    -d '{"spec": {"activeDeadlineSeconds": 5000}}' http://podctl/api/v1/namespaces/default/pods/one >/dev/null
  [ "$(changing 'a: "2"' | podctl apply -f -)" = "pod/one unchanged" ]
  [ "$(field one '{.spec.activeDeadlineSeconds}')" = 5000 ]
  fails 1 podctl apply -f - < <(changing 'a: "2"' | sed 's/sleep 1000/sleep 2000/')
  says "spec.containers[0].args"
}

@test "diff shows what apply would change, and changes nothing" {
  changing 'a: "1"' >one.yaml
  fails 1 podctl diff -f one.yaml
  says "+kind: Pod"
  podctl apply -f one.yaml
  fails 0 podctl diff -f one.yaml
  [ -z "$output" ]
  changing 'a: "2"' >two.yaml
  fails 1 podctl diff -f two.yaml
  [ "${lines[0]}" = "--- LIVE/v1.Pod.default.one" ]
  says '-    a: "1"'
  says '+    a: "2"'
  fails 2 podctl diff -f - < <(changing 'a: "1"' | sed 's/sleep 1000/sleep 2000/')
  says "pod updates may not change fields"
  [ "$(podctl label pod one --list)" = a=1 ]
}

@test "edit merges what was changed, and opens what is refused again" {
  changing 'a: "1"' | podctl apply -f -
  [ "$(KUBE_EDITOR='sed -i s/a:.*1.$/a:\ two/' podctl edit pod one)" = "pod/one edited" ]
  [ "$(podctl label pod one --list)" = a=two ]
  run env EDITOR=true podctl edit pod/one
  [ "$status $output" = "0 Edit cancelled, no changes made." ]
  cat >editor <<'END'
#!/bin/sh
cat "$1" >>seen
sed -i 's/sleep 1000/sleep 2000/' "$1"
END
  chmod +x editor
  fails 1 env EDITOR=./editor podctl edit pod one
  says "Edit cancelled, no valid changes were saved."
  says "A copy of your changes has been stored to"
  grep -q '^# \* .*pod updates may not change fields' seen
  rm -f "$(sed -n 's/^A copy .* stored to "\(.*\)"$/\1/p' <<<"$output")"
  [ "$(field one '{.spec.containers[0].args[0]}')" = "exec sleep 1000" ]
  # What is no map any more takes no label away.
  fails 1 env EDITOR='sed -i s/a:.two/a:two/' podctl edit pod one
  says "metadata.labels: must be a map"
  rm -f "$(sed -n 's/^A copy .* stored to "\(.*\)"$/\1/p' <<<"$output")"
  [ "$(podctl label pod one --list)" = a=two ]
  # What has no end is not read.
  cat >editor <<'END'
#!/bin/sh
rm "$1"; mkfifo "$1"
END
  fails 1 timeout 60 env EDITOR=./editor podctl edit pod one
  says "it is no file"
  rm -f "$(sed -n 's/^A copy .* stored to "\(.*\)"$/\1/p' <<<"$output")"
  cat >editor <<'END'
#!/bin/sh
truncate -s 9M "$1"
END
  fails 1 timeout 60 env EDITOR=./editor podctl edit pod one
  says "larger than 8 MiB"
  rm -f "$(sed -n 's/^A copy .* stored to "\(.*\)"$/\1/p' <<<"$output")"
}

@test "Ctrl-C ends the editor, and the draft goes with it" {
  changing 'a: "1"' | podctl apply -f -
  mkdir drafts
  # The keys of a terminal reach its whole foreground.
  TMPDIR=$PWD/drafts EDITOR='kill -INT 0; sleep 1000 #' run setsid -w podctl edit pod one
  [ "$status" -eq 1 ]
  says 'there was a problem with the editor'
  [ -z "$(ls drafts)" ]
}

@test "what is out of the range of a log's options is refused" {
  changing 'a: "1"' | podctl apply -f -
  ready one
  local api="curl -s --unix-socket $PODCTL_ROOT/run/podctld.sock http://podctl/api/v1/namespaces/default/pods/one/log"
  run $api?sinceSeconds=0
  says 'PodLogOptions \"one\" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0'
  run $api?limitBytes=0
  says 'limitBytes: Invalid value: 0: must be greater than 0'
  run $api?sinceSeconds=1\&sinceTime=2026-01-01T00:00:00Z
  says 'at most one of `sinceTime` or `sinceSeconds` may be specified'
}

@test "an object that comes in another form than JSON or YAML is refused as such" {
  podctl get pods
  api() {
    curl -s --unix-socket "$PODCTL_ROOT/run/podctld.sock" -H "Content-Type: application/$1" -d k8s \
      "http://podctl/api/v1/namespaces/default/$2"
  }
  run api vnd.kubernetes.protobuf pods
  says '"reason":"UnsupportedMediaType"'
  run api cbor configmaps
  says '"reason":"UnsupportedMediaType"'
  run api vnd.kubernetes.protobuf configmaps
  says 'it does not begin as Kubernetes'"'"' objects do'
}

@test "patch changes fields by each kind of patch" {
  changing 'a: "1"' | podctl apply -f -
  ready one
  [ "$(podctl patch pod one -p '{"metadata":{"labels":{"b":"2"}}}')" = 'pod/one patched' ]
  [ "$(podctl patch pod/one -p 'metadata: {labels: {b: "2"}}')" = 'pod/one patched (no change)' ]
  podctl patch pod one --type=merge -p '{"metadata":{"labels":{"a":null}}}'
  [ "$(podctl label pod one --list)" = b=2 ]
  echo '[{"op":"replace","path":"/metadata/labels/b","value":"3"}]' >patch.json
  [ "$(podctl patch pod one --type=json --patch-file=patch.json --dry-run=server)" = 'pod/one patched (server dry run)' ]
  [ "$(podctl label pod one --list)" = b=2 ]
  podctl patch pod one --type=json --patch-file=patch.json -o json | jq -e '.metadata.labels.b == "3"'
  fails 1 podctl patch pod one -p '{"spec":{"hostname":"other"}}'
  says 'pod updates may not change fields other than'
  fails 1 podctl patch pod none -p '{}'
  says 'pods "none" not found'
  fails 2 podctl patch pod one
  says 'must specify --patch or --patch-file containing the contents of the patch'
  fails 2 podctl patch pod one -p '{' --type=merge
  says 'unable to parse "{"'
}

@test "a condition that a readiness gate asks for is set from outside" {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: gated}
spec:
  readinessGates: [{conditionType: example.com/lb}]
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: podctl/busybox, command: [sleep, "1000"]}]
YAML
  await --for=condition=ContainersReady pod/gated
  fails 1 podctl wait --for=condition=Ready pod/gated --timeout=0
  [ "$(field gated '{.status.conditions[?(@.type=="Ready")].message}')" = \
    'corresponding condition of pod readiness gate "example.com/lb" does not exist.' ]
  set_lb() {
    podctl patch pod gated --subresource=status \
      -p "{\"status\":{\"conditions\":[{\"type\":\"example.com/lb\",\"status\":\"$1\"},{\"type\":\"ContainersReady\",\"status\":\"False\"}]}}"
  }
  [ "$(set_lb False)" = 'pod/gated patched' ]
  await --for=jsonpath='{.status.conditions[?(@.type=="Ready")].message}'='the status of pod readiness gate "example.com/lb" is not "True", but False' pod/gated
  set_lb True
  ready gated
  podctl wait --for=condition=example.com/lb pod/gated
  # What follows from the containers is nobody's to set, and the rest of the status neither.
  [ "$(field gated '{.status.conditions[?(@.type=="ContainersReady")].status}')" = True ]
  podctl patch pod gated --subresource=status --type=merge -p '{"status":{"phase":"Failed"}}'
  [ "$(field gated '{.status.phase}')" = Running ]
  # It lasts, and goes back.
  kill -9 "$(podctl version -o json | jq -r .server.pid)"
  podctl wait --for=condition=example.com/lb pod/gated
  set_lb Unknown
  await --for=condition=Ready=false pod/gated
  fails 1 podctl patch pod gated --subresource=status -p '{"status":{"conditions":[{"type":"a b","status":"True"}]}}'
  says '.type: Invalid value: "a b": name part must consist of'
}

@test "a client deletes a collection of pods by their labels" {
  pod goes 'exec sleep 1000' | sed 's/^metadata:/metadata:\n  labels: {tier: front}/' | podctl apply -f -
  changing 'tier: back' | podctl apply -f -
  ready goes
  curl -s --unix-socket "$PODCTL_ROOT/run/podctld.sock" -X DELETE \
    'http://podctl/api/v1/namespaces/default/pods?labelSelector=tier=front&gracePeriodSeconds=0' >gone.json
  [ "$(jq -c '[.kind, .items[].metadata.name]' gone.json)" = '["PodList","goes"]' ]
  await --for=delete pod/goes
  ready one
}

@test "delete -A takes what it selects from every namespace, and nobody waits for what is not there" {
  local ns
  for ns in default other; do
    podctl apply -n $ns -f - <<<'{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, labels: {app: web}}}'
  done
  run podctl delete configmap settings -A
  [ "$status" = 2 ]
  [[ $output == *"a resource cannot be retrieved by name across all namespaces"* ]]
  run podctl delete configmaps -A -l app=web
  [ "$output" = "$(printf 'configmap "settings" deleted\nconfigmap "settings" deleted')" ]
  [ -z "$(podctl get configmaps -A -o name -l app=web)" ]
  local what
  for what in pod/nobody "pod -l app=nobody"; do
    run podctl wait --for=delete $what
    [ "$status" = 0 ]
    [ "$output" = "" ]
  done
}
