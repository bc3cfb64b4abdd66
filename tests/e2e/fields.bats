# Fields of a pod that no manifest shows, and the status as a whole: what docs/conformance.md says of it.
load helper

DOCUMENT=$BATS_TEST_DIRNAME/../../docs/conformance.md

# A seccomp profile that lets all pass but mkdir.
no_directories() {
  mkdir -p "$PODCTL_ROOT/lib/seccomp-profiles"
  cat >"$PODCTL_ROOT/lib/seccomp-profiles/no-directories.json" <<'JSON'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
JSON
}

@test "a seccomp profile of the machine, for a pod and for one container" {
  podctl get pods
  no_directories
  local script='command: [sh, -c, "mkdir /made 2>/dev/null && echo made || echo refused"]'
  local own='seccompProfile: {type: Localhost, localhostProfile: no-directories.json}'
  podctl apply -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: whole}
spec:
  restartPolicy: Never
  securityContext: {$own}
  containers:
  - {name: main, image: podctl/busybox, $script}
  - {name: other, image: podctl/busybox, $script, securityContext: {seccompProfile: {type: RuntimeDefault}}}
---
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: podctl/busybox, $script, securityContext: {$own}}
  - {name: other, image: podctl/busybox, $script}
EOF
  local pod
  for pod in whole one; do
    ended $pod Succeeded
    [ "$(podctl logs $pod -c main) $(podctl logs $pod -c other)" = "refused made" ]
  done
  rm -r "$PODCTL_ROOT/lib/seccomp-profiles"  # it is the user's, and no reset's to take away
}

@test "an ephemeral container has what it asks for" {
  podctl apply -f - <<'EOF'
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {WORD: hello}
---
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: shared, emptyDir: {}}]
  containers:
  - name: main
    image: podctl/busybox
    command: [sh, -c, "echo of main >/shared/file; exec sleep 1000"]
    volumeMounts: [{name: shared, mountPath: /shared}]
EOF
  ready one
  cat >more.json <<'JSON'
{"spec": {"ephemeralContainers": [{
  "name": "look", "image": "podctl/busybox", "workingDir": "/look",
  "command": ["sh", "-c"],
  "args": ["pwd; id -u; echo $WORD $POD $PLAIN; cat file; touch file 2>/dev/null || echo unwritable; echo last words > /tmp/last; exit 3"],
  "env": [{"name": "PLAIN", "value": "plain"}, {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
  "envFrom": [{"configMapRef": {"name": "words"}}],
  "volumeMounts": [{"name": "shared", "mountPath": "/look", "readOnly": true}],
  "terminationMessagePath": "/tmp/last", "terminationMessagePolicy": "File",
  "securityContext": {"runAsUser": 1000}}]}}
JSON
  curl -sf --unix-socket "$PODCTL_ROOT/run/podctld.sock" -X PATCH -H 'Content-Type: application/strategic-merge-patch+json' \
    --data-binary @more.json http://podctl/api/v1/namespaces/default/pods/one/ephemeralcontainers >/dev/null
  await --for=jsonpath='{.status.ephemeralContainerStatuses[0].state.terminated.exitCode}'=3 pod/one
  [ "$(podctl logs one -c look)" = $'/look\n1000\nhello one plain\nof main\nunwritable' ]
  [ "$(field one '{.status.ephemeralContainerStatuses[0].state.terminated.message}')" = "last words" ]
}

# The paths of all that stands in the status of all pods; those of init and ephemeral containers as any container's.
paths_in_status() {
  podctl get pods -o json | jq -r '.items[] | {status} | paths | map(strings) | join(".")' |
    sed -E 's/\.(init|ephemeral)ContainerStatuses/.containerStatuses/; s/(.*[rR]esources\.(limits|requests)|.*\.allocatedResources)\..*/\1/' | sort -u
}
# Those that the document calls written, and of which there is one list for three.
paths_in_document() {
  sed -n 's/^| `\(status[^`]*\)` | written .*/\1/p' "$DOCUMENT" | grep -vE '\.(init|ephemeral)ContainerStatuses'
}
as_documented() { diff <(paths_in_document | sort -u) <(paths_in_status) >differences; }

@test "the status is written as far as the document says, and no further" {
  podctl apply -f - <<'EOF'
apiVersion: v1
kind: Pod
metadata: {name: all}
spec:
  terminationGracePeriodSeconds: 0
  securityContext: {supplementalGroups: [5]}
  resources: {limits: {memory: 256Mi}}
  volumes: [{name: v, emptyDir: {}}, {name: files, image: {reference: podctl/busybox}}]
  initContainers:
  - {name: first, image: podctl/busybox, command: [sh, -c, "echo last words > /dev/termination-log"]}
  containers:
  - name: crashes
    image: podctl/busybox
    command: [sh, -c, "echo last words > /dev/termination-log; exit 1"]
  - name: main
    image: podctl/busybox
    command: [sleep, "1000"]
    volumeMounts: [{name: v, mountPath: /v, readOnly: true}, {name: files, mountPath: /files}]
    resources: {requests: {cpu: 10m}, limits: {memory: 64Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: late}
spec:
  activeDeadlineSeconds: 1
  terminationGracePeriodSeconds: 0
  containers:
  - {name: main, image: podctl/busybox, command: [sleep, "1000"]}
EOF
  podctl debug all -q --image=podctl/busybox -c look -- true
  until_true as_documented || { cat differences; false; }
}
