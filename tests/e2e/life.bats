# Phases, restarts, ends and their reasons, as Kubernetes tells them.
load helper

@test "a pod that ends well is Succeeded, one that does not is Failed" {
  pod good 'exit 0' | podctl apply -f -
  pod bad 'exit 3' | podctl apply -f -
  ended good Succeeded
  ended bad Failed
  [ "$(field good '{.status.containerStatuses[0].state.terminated.reason}')" = Completed ]
  [ "$(field bad '{.status.containerStatuses[0].state.terminated.reason} {.status.containerStatuses[0].state.terminated.exitCode}')" = "Error 3" ]
  run podctl get pods --no-headers
  [[ $output =~ bad\ +0/1\ +Error ]]
  [[ $output =~ good\ +0/1\ +Completed ]]
}

@test "a crash is restarted at once, then backs off" {
  pod crash 'echo run; exit 1' Always | podctl apply -f -
  await --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=CrashLoopBackOff pod/crash
  [ "$(field crash '{.status.containerStatuses[0].restartCount}')" -ge 1 ]
  run podctl get pods --no-headers
  says CrashLoopBackOff
  [[ $(field crash '{.status.containerStatuses[0].state.waiting.message}') =~ back-off\ [0-9]+s\ restarting\ failed\ container=main\ pod=crash_default ]]
  run podctl logs -p crash
  [ "$output" = run ]
}

@test "init containers run in order before the others" {
  cat >init.yaml <<'EOF'
apiVersion: v1
kind: Pod
metadata: {name: init}
spec:
  restartPolicy: Never
  volumes: [{name: v, emptyDir: {}}]
  initContainers:
  - {name: one, image: podctl/busybox, command: [sh, -c, "echo one > /v/o"], volumeMounts: [{name: v, mountPath: /v}]}
  - {name: two, image: podctl/busybox, command: [sh, -c, "echo two >> /v/o"], volumeMounts: [{name: v, mountPath: /v}]}
  containers:
  - {name: main, image: podctl/busybox, command: [cat, /v/o], volumeMounts: [{name: v, mountPath: /v}]}
EOF
  podctl apply -f init.yaml
  ended init Succeeded
  run podctl logs init -c main
  [ "$output" = $'one\ntwo' ]
}

@test "a deletion is another generation, once, and is seen to have been observed" {
  pod going 'trap "" TERM; echo up; while :; do sleep 0.1; done' | podctl apply -f -
  logged going up
  generations() { field going '{.metadata.generation} {.status.observedGeneration} {.status.conditions[*].observedGeneration}'; }
  [ "$(generations)" = "1 1 1 1 1 1 1" ]
  podctl delete pod going --wait=false --grace-period=600
  [ "$(generations)" = "2 2 2 2 2 2 2" ]
  podctl delete pod going --wait=false --grace-period=500
  [ "$(generations)" = "2 2 2 2 2 2 2" ]
  podctl delete pod going --now
}

@test "RestartAllContainers is abrupt, and a condition tells of it" {
  cat >all.yaml <<'EOF'
apiVersion: v1
kind: Pod
metadata: {name: all}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 600
  volumes: [{name: v, emptyDir: {}}]
  initContainers:
  - {name: prepare, image: podctl/busybox, command: [sh, -c, "echo begin >>/v/log"], volumeMounts: [{name: v, mountPath: /v}]}
  containers:
  - name: main
    image: podctl/busybox
    command: [sh, -c, "trap '' TERM; touch /v/deaf; while :; do sleep 0.1; done"]
    lifecycle: {preStop: {exec: {command: [sh, -c, "echo stop >>/v/log"]}}}
    volumeMounts: [{name: v, mountPath: /v}]
  - name: trigger
    image: podctl/busybox
    command: [sh, -c, 'until [ -e /v/deaf ]; do sleep 0.1; done; [ -e /v/once ] && exec sleep 1000; touch /v/once; exit 42']
    restartPolicy: Never
    restartPolicyRules: [{action: RestartAllContainers, exitCodes: {operator: In, values: [42]}}]
    volumeMounts: [{name: v, mountPath: /v}]
EOF
  podctl apply -f all.yaml
  await --for=condition=AllContainersRestarting pod/all
  await --for=condition=AllContainersRestarting=False pod/all
  ready all
  [ "$(field all '{.status.containerStatuses[*].restartCount}')" = "1 1" ]
  [ "$(field all '{.status.containerStatuses[0].lastState.terminated.exitCode}')" = 137 ]
  [ "$(podctl exec all -c trigger -- cat /v/log)" = $'begin\nbegin' ]
  podctl delete pod all --now
}

@test "an OOM kill is told from the kernel's own counter" {
  pod eat 'x=a; while :; do x=$x$x; done' | sed 's|image: podctl/busybox|image: podctl/busybox\n    resources: {limits: {memory: 16Mi}}|' | podctl apply -f -
  ended eat Failed
  [ "$(field eat '{.status.containerStatuses[0].state.terminated.reason} {.status.containerStatuses[0].state.terminated.exitCode}')" = "OOMKilled 137" ]
}

@test "137 without the OOM killer is an Error" {
  pod killed 'kill -9 $$' | podctl apply -f -
  pod outside 'exec sleep 1000' | podctl apply -f -
  ready outside
  podctl exec outside -- true
  until_true eval '[ -n "$(field killed "{.status.containerStatuses[0].state.terminated.reason}")" ]'
  # PID 1 of a namespace cannot kill itself: the script goes on and ends by its own exit.
  run field killed '{.status.containerStatuses[0].state.terminated.reason}'
  [[ $output == Error || $output == Completed ]]
}

@test "deletion sends the stop signal, waits the grace period, then kills" {
  pod polite 'trap "echo bye > /proc/1/fd/1; exit 0" TERM; while :; do sleep 1 & wait $!; done' | podctl apply -f -
  pod deaf 'trap "" TERM; while :; do sleep 1000 & wait $!; done' | podctl apply -f -
  ready polite
  ready deaf
  run podctl delete pod polite deaf
  [ "$status" -eq 0 ]
  says 'pod "polite" deleted'
  says 'pod "deaf" deleted'
}

@test "a fork bomb stops at the pids limit" {
  pod bomb 'f() { f | f & }; f; exec sleep 1000' | podctl apply -f -
  ready bomb
  limit_met() { podctl describe pod bomb | grep 'limit met'; }
  until_true limit_met
  # The host does not feel it: another pod runs, and the bomb goes.
  pod good 'exit 0' | podctl apply -f -
  ended good Succeeded
  podctl delete pod bomb --now
}

@test "a container whose image is changed is restarted with it, another one goes on" {
  podctl image import "$PODCTL_BUILD/images/busybox.tar" one
  podctl image import "$PODCTL_BUILD/images/busybox.tar" two:2
  of() { sleepers pair a b | sed "s|name: a, image: [^,}]*|name: a, image: $1|"; }
  of one | podctl apply -f -
  ready pair
  run podctl apply -f - < <(of two:2)
  [ "$output" = "pod/pair configured" ]
  await --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod/pair
  [[ $(field pair '{.status.containerStatuses[0].image}') == *two:2 ]]
  [ "$(field pair '{.status.containerStatuses[1].restartCount}')" = 0 ]
  ready pair
}
