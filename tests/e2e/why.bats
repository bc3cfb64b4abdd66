# why: what is wrong with a pod in two sentences, and the facts that they rest on.
load helper

waiting() { await --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'="$2" "pod/$1"; }

# with_lines LINE: the manifest on stdin, its container with this line more.
with_lines() { sed "s|^    image: .*|&\n    ${1//&/\\&}|"; }

@test "a pod that is well" {
  pod well 'exec sleep 1000' | podctl apply -f -
  ready well
  run podctl why well
  [ "$status" -eq 0 ]
  [ "$output" = 'Pod "well" runs, and is ready: nothing is wrong with it.' ]
  [ "$(podctl why well -o json | grep -c '"health": "good"')" = 1 ]
  [[ $(podctl describe pod well) != *$'\nWhy:'* ]]
}

@test "an image that is not there" {
  pod lost 'true' | sed 's|image: .*|image: no/such:1|' | podctl apply -f -
  until_true eval 'podctl why lost | grep -q "has no image"'
  run podctl why lost
  says 'pod/lost: Container "main" has no image: "no/such:1" is not in the local store.'
  says 'podctl image load'
  run podctl describe pod lost
  says $'Why:\n  Container "main" has no image'
}

@test "a command that is not there, a script without its interpreter, a program for another machine" {
  pod nocommand '' | sed 's|command: .*|command: ["serve"]|' | podctl apply -f -
  ended nocommand Failed
  run podctl why nocommand
  says 'there is no program "serve" in it.'
  says 'exec: "serve": executable file not found in $PATH'

  mkdir v
  printf '#!/bin/bash\n' >v/script
  printf '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xb7\0\x01\0\0\0' >v/arm
  head -c 4096 /dev/zero >>v/arm
  chmod +x v/script v/arm
  for program in script arm; do
    cat <<YAML | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: $program}
spec:
  restartPolicy: Never
  volumes: [{name: v, hostPath: {path: $PWD/v}}]
  containers: [{name: main, image: podctl/busybox, command: [/v/$program], volumeMounts: [{name: v, mountPath: /v}]}]
YAML
    ended $program Failed
  done
  run podctl why script
  says 'is there, but not its interpreter "/bin/bash".'
  run podctl why arm
  says 'nothing that this machine can execute: a program for AArch64.'
}

@test "memory and processes are the kernel's word" {
  pod eat 'x=a; while :; do x=$x$x; done' | sed 's|image: podctl/busybox|image: podctl/busybox\n    resources: {limits: {memory: 16Mi}}|' | podctl apply -f -
  ended eat Failed
  run podctl why eat
  says 'was killed by the kernel because it came to its memory limit of 16Mi.'
  says 'killed in its cgroup for want of memory: '
  podctl delete pod eat --now
}

@test "a crash loop is told by the log's own words" {
  pod db 'echo connecting; wget -q -O - http://127.0.0.1:9/ ; exit 1' Always | podctl apply -f -
  waiting db CrashLoopBackOff
  run podctl why db
  says 'Container "main" ended with exit code 1, and its log says that nobody listens where it connects to.'
  says 'log     "wget: can'
  says 'CrashLoopBackOff: back-off'
  podctl delete pod db --now
}

@test "two containers that want one port" {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: ports}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: one, image: podctl/busybox, command: [httpd, -f, -p, "0.0.0.0:8080"], ports: [{containerPort: 8080}]}
  - {name: two, image: podctl/busybox, command: [httpd, -f, -p, "0.0.0.0:8080"], ports: [{containerPort: 8080}]}
YAML
  # While it is started once more its new log is still empty.
  taken() {
    podctl why ports >why.out
    grep -q "its log says that a port that it wants to listen on is taken" why.out && grep -q 'ddress already in use' why.out
  }
  until_true taken
}

@test "a volume that is not what it is to be" {
  cat <<YAML | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: mount}
spec:
  volumes: [{name: conf, hostPath: {path: $PWD/conf, type: Directory}}]
  containers: [{name: main, image: podctl/busybox, command: [sleep, "1000"], volumeMounts: [{name: conf, mountPath: /conf}]}]
YAML
  until_true eval 'podctl why mount | grep -q "cannot start"'
  run podctl why mount
  says "$PWD/conf is not a directory"
  says 'event'
}

@test "a file that its user may not read" {
  mkdir keys && echo secret >keys/key && chmod 0600 keys/key
  cat <<YAML | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: keys}
spec:
  restartPolicy: Never
  volumes: [{name: keys, hostPath: {path: $PWD/keys}}]
  containers:
  - name: main
    image: podctl/busybox
    securityContext: {runAsUser: 1000}
    command: [cat, /keys/key]
    volumeMounts: [{name: keys, mountPath: /keys}]
YAML
  ended keys Failed
  run podctl why keys
  says 'something was not permitted'
  says 'volume "keys" is mounted at /keys'
  says 'runAsUser is 1000'
  [ "$(podctl why keys -o json | grep -c '"reason": "UnreadableMount"')" = 1 ]
}

@test "an init container holds the others up" {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: init}
spec:
  terminationGracePeriodSeconds: 0
  initContainers: [{name: setup, image: podctl/busybox, command: [sh, -c, "echo no config; exit 4"]}]
  containers: [{name: main, image: podctl/busybox, command: [sleep, "1000"]}]
YAML
  await --for=jsonpath='{.status.initContainerStatuses[0].state.waiting.reason}'=CrashLoopBackOff pod/init
  run podctl why init
  says "Init container \"setup\"'s program ended by itself with exit code 4."
  says 'log     "no config"'
}

@test "every pod of the namespace, none, and one that is not there" {
  run podctl why
  [ "$status" -eq 0 ]
  says 'No resources found in default namespace.'
  fails 1 podctl why nobody
  says 'pods "nobody" not found'
  pod bad 'exit 3' | podctl apply -f -
  ended bad Failed
  run podctl why -o json
  [ "$status" -eq 0 ]
  says '"health": "bad"'
  says '"source": "status"'
}

@test "an ephemeral container is told of beside its pod" {
  pod well 'exec sleep 1000' | podctl apply -f -
  ready well
  fails 1 podctl debug well -q -i --image=no/such:1 -c lost </dev/null
  run podctl why well
  says 'Pod "well" runs, and is ready: nothing is wrong with it.'
  says 'Beside that: Ephemeral container "lost" has no image: "no/such:1" is not in the local store.'
  [ "$(podctl why well -o json | jq -c '[.health, .causes[0].aside]')" = '["good",true]' ]
  podctl debug well -q --image=podctl/busybox -c gone -- serve
  await --for=jsonpath='{.status.ephemeralContainerStatuses[1].state.terminated.reason}'=StartError pod/well
  run podctl why well
  says 'Earlier: Ephemeral container "gone" cannot be started: there is no program "serve" in it.'
}

@test "a probe that cannot be tried, and a hook that hangs or fails" {
  pod probed 'exec sleep 1000' | with_lines 'startupProbe: {exec: {command: [/bin/curl, http://x]}, periodSeconds: 1, failureThreshold: 1}' | podctl apply -f -
  pod named 'exec sleep 1000' | with_lines 'readinessProbe: {httpGet: {port: web}, periodSeconds: 1}' | podctl apply -f -
  pod hangs 'exec sleep 1000' | with_lines 'lifecycle: {postStart: {exec: {command: [sleep, "1000"]}}}' | podctl apply -f -
  pod refused 'exec sleep 1000' | with_lines 'lifecycle: {postStart: {httpGet: {port: 81, path: /up}}}' | podctl apply -f -
  pod fails 'exec sleep 1000' Always | with_lines 'lifecycle: {postStart: {exec: {command: [sh, -c, "echo no; exit 4"]}}}' | podctl apply -f -
  until_true eval 'podctl why probed | grep -q "cannot be tried"'
  run podctl why probed
  says 'Container "main" runs, but its startup probe cannot be tried: there is no program "/bin/curl" in it.'
  [[ $output != *failureThreshold* ]]
  until_true eval 'podctl why named | grep -q "cannot be tried: find port web: container main has no port of that name."'
  until_true eval 'podctl why hangs | grep -q "waits for the postStart hook of container \"main\", which has run for"'
  ended refused Failed
  run podctl why refused
  says 'its postStart hook failed.'
  says 'connection refused'
  says 'postStart asks: port 81, path /up'
  waiting fails CrashLoopBackOff
  run podctl why fails
  says "exited with 4: no"
  [[ $output != *$'\n\n'* ]]
}

@test "who ended with its sandbox is not searched for" {
  pod shared 'exec sleep 1000' Always | sed 's|^spec:|spec:\n  shareProcessNamespace: true|' | podctl apply -f -
  ready shared
  kill -9 "$(podctl ns shared -o json | jq '.namespaces[] | select(.holder == "pause").pid')"
  until_true eval '[ "$(field shared "{.status.containerStatuses[0].restartCount}")" = 1 ]'
  run podctl why shared
  says "Earlier: Container \"main\" was ended with the pod's sandbox, which had died."
}
