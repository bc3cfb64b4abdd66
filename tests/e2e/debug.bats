# debug: one more container beside those of a pod, or a changed copy.
load helper

ephemeral_ended() { await --for=jsonpath='{.status.ephemeralContainerStatuses[0].state.terminated.exitCode}'="$2" "pod/$1"; }

@test "an ephemeral container shares the pod's network, and its target's processes" {
  sleepers web one two | podctl apply -f -
  ready web
  run podctl debug web --image=podctl/busybox --target=one -c probe -- sh -c 'hostname; ps; exit 3'
  [ "$status" -eq 0 ]
  says 'Targeting container "one".'
  ephemeral_ended web 3
  run podctl logs web -c probe
  [ "${lines[0]}" = web ]
  [ "$(grep -c 'sleep 1000' <<<"$output")" = 1 ]
  # The pod is as it was: nothing is restarted, and it is ready.
  [ "$(field web '{.status.containerStatuses[*].restartCount}')" = '0 0' ]
  [ "$(field web '{.status.conditions[?(@.type=="Ready")].status}')" = True ]
  run podctl describe pod web
  says 'Ephemeral Containers:'
  run podctl debug web --image=podctl/busybox -q -i -- head -n 1 < <(echo typed)
  [ "$status" -eq 0 ]
  says typed
}

@test "who talks to an ephemeral container hears it from its first word on, and once" {
  sleepers web one two | podctl apply -f -
  ready web
  local n
  for n in 1 2 3 4 5; do
    run podctl debug web --image=podctl/busybox -c "talks$n" -q -i -- sh -c 'echo one; echo two; read -r; echo three' <<<go
    [ "$status" -eq 0 ]
    [ "$output" = $'one\ntwo\nthree' ]
  done
}

@test "what an ephemeral container may not be" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  fails 1 podctl debug one --image=podctl/busybox --target=none
  says 'spec.ephemeralContainers[0].targetContainerName: Not found: "none"'
  fails 1 podctl debug one --image=podctl/busybox -c main
  says 'Duplicate value: "main"'
  fails 2 podctl debug one
  says 'you must specify --image when not using --copy-to.'
  fails 1 podctl debug one -i --image=no/such:1 -q </dev/null
  [[ $output =~ "does not start: "(ErrImagePull|ImagePullBackOff) ]]
  # It stays what it is: neither changed nor taken away.
  podctl get pod one -o json | sed 's/"podctl\/busybox"/"other"/; s/no\/such:1/other/' >changed.json
  fails 1 podctl apply -f changed.json
}

@test "profiles" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  podctl debug one -q --image=podctl/busybox --profile=restricted -c strict -- id
  podctl debug one -q --image=podctl/busybox --profile=sysadmin -c admin -- true
  [ "$(field one '{.spec.ephemeralContainers[0].securityContext.capabilities.drop[0]}')" = ALL ]
  [ "$(field one '{.spec.ephemeralContainers[1].securityContext.privileged}')" = true ]
  # An image whose user is root cannot be run so.
  await --for=jsonpath='{.status.ephemeralContainerStatuses[0].state.waiting.reason}'=CreateContainerConfigError pod/one
}

@test "it goes with the pod, also where the pod still initializes" {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: init}
spec:
  terminationGracePeriodSeconds: 0
  initContainers: [{name: setup, image: podctl/busybox, command: [sleep, "1000"]}]
  containers: [{name: main, image: podctl/busybox, command: [sleep, "1000"]}]
YAML
  await --for=jsonpath='{.status.initContainerStatuses[0].started}'=true pod/init
  podctl debug init -q --image=podctl/busybox --target=setup -c look -- sleep 1000
  await --for=jsonpath='{.status.ephemeralContainerStatuses[0].started}'=true pod/init
  podctl delete pod init --now
}

@test "a copy with another command, and one with a debugger" {
  pod crash 'exit 1' | podctl apply -f -
  ended crash Failed
  podctl debug crash --copy-to=held -c main -- sleep 1000
  ready held
  [ "$(podctl exec held -- cat /proc/1/comm)" != sh ]
  run podctl debug held --copy-to=both --image=podctl/busybox -c dbg -- sh -c 'until ps | grep -q "sleep 1000"; do sleep 0.1; done; exec sleep 999'
  [ "$status" -eq 0 ]
  ready both
  podctl exec both -c dbg -- sh -c 'ps | grep -q "sleep 1000"'
  [ "$(field crash '{.status.phase}')" = Failed ]
}

@test "a copy in the place of the original, with a profile of one's own" {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}, annotations: {note: kept}}
spec:
  securityContext: {runAsUser: 1000}
  terminationGracePeriodSeconds: 30
  containers:
  - name: main
    image: podctl/busybox
    command: [sleep, "1000"]
    livenessProbe: {exec: {command: ["true"]}}
    readinessProbe: {exec: {command: ["true"]}}
YAML
  ready web
  printf 'env: [{name: SEEN, value: "yes"}]\nresources: {limits: {memory: 32Mi}}\n' >custom.yaml
  run podctl debug web --copy-to=copy --replace --same-node --keep-labels --keep-readiness --custom=custom.yaml \
    --image=podctl/busybox --env=A=1,B=2 -c dbg -- sh -c 'env; exec sleep 999'
  [ "$status" -eq 0 ]
  says 'Warning: Non-root user is configured for the entire target Pod'
  ready copy
  variables() { [ "$(podctl logs copy -c dbg | grep -E '^(A|B|SEEN)=' | sort | tr '\n' ' ')" = 'A=1 B=2 SEEN=yes ' ]; }
  until_true variables
  [ "$(field copy '{.metadata.labels.app}{.metadata.annotations.note}')" = web ]
  [ "$(field copy '{.spec.containers[1].resources.limits.memory}')" = 32Mi ]
  [ -n "$(field copy '{.spec.containers[0].readinessProbe}')" ]
  [ -z "$(field copy '{.spec.containers[0].livenessProbe}')" ]
  await --for=delete pod/web
  fails 2 podctl debug copy --image=podctl/busybox --same-node
  says '--same-node may only be used with --copy-to.'
  echo 'command: [sh]' >custom.yaml
  fails 2 podctl debug copy --image=podctl/busybox --custom=custom.yaml -q
  says 'are not modifiable via custom profile'
}
