# Variables from a file that an init container wrote.
load helper

# env_file SCRIPT OPTIONAL [MEDIUM]: a pod whose init container runs the script in the volume.
env_file() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  restartPolicy: Never
  volumes: [{name: v, emptyDir: {medium: "${3-}"}}]
  initContainers:
  - {name: writes, image: podctl/busybox, command: [sh, -c, "cd /v; $1"], volumeMounts: [{name: v, mountPath: /v}]}
  containers:
  - name: main
    image: podctl/busybox
    command: [sh, -c, 'echo "[\${A-unset}]"']
    env: [{name: A, valueFrom: {fileKeyRef: {volumeName: v, path: env, key: KEY, optional: $2}}}]
EOF
}

@test "a key of a file becomes a variable, and one that is not there is left out or waited for" {
  env_file "echo KEY=\\\\'a b\\\\' >env" false | podctl apply -f -
  ended one Succeeded
  [ "$(podctl logs one)" = "[a b]" ]
  podctl delete pod one
  env_file "echo KEY=\\\\'kept from disks\\\\' >env" false Memory | podctl apply -f -
  ended one Succeeded
  [ "$(podctl logs one)" = "[kept from disks]" ]
  podctl delete pod one
  env_file "true" true | podctl apply -f -
  ended one Succeeded
  [ "$(podctl logs one)" = "[unset]" ]
  podctl delete pod one
  # Nothing of the machine is read by a link that the container has left.
  env_file "ln -s /etc/passwd env" false | podctl apply -f -
  fails_to_start() { podctl get events -o json | jq -e '.items | any(.message | contains("couldn'"'"'t read env file env"))' >/dev/null; }
  until_true fails_to_start
}
