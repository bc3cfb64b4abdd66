# cp: files into and out of containers, whose images need nothing for it.
load helper

sleeper() { pod "$1" 'exec sleep 1000' | podctl apply -f - && ready "$1"; }

@test "a file goes in and comes out" {
  sleeper box
  head -c 300000 /dev/urandom >data
  run podctl cp data box:/tmp/copy
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  podctl cp box:/tmp/copy back
  cmp data back
  # Into a directory it keeps its name, from a path of the working directory too.
  podctl cp data default/box:/tmp
  [ "$(podctl exec box -- ls /tmp/data)" = /tmp/data ]
  mkdir here && podctl cp box:tmp/data here
  cmp data here/data
}

@test "a file that does not say how large it is comes out whole" {
  sleeper box
  podctl cp box:/proc/1/status status
  grep -q "^Name:" status
  grep -q "^nonvoluntary_ctxt_switches:" status
}

@test "a directory goes in and comes out, with modes and symlinks" {
  sleeper box
  mkdir -p tree/sub
  echo one >tree/one
  echo '#!/bin/sh' >tree/sub/run && chmod 0755 tree/sub/run
  ln -s one tree/link
  podctl cp tree box:/opt/tree || { podctl exec box -- mkdir -p /opt; podctl cp tree box:/opt/tree; }
  run podctl exec box -- sh -c 'cat /opt/tree/link; test -x /opt/tree/sub/run && echo runs'
  [ "$output" = $'one\nruns' ]
  run podctl cp box:/opt/tree out
  [ "$status" -eq 0 ]
  says 'warning: skipping symlink: "link" -> "one"'
  [ "$(cat out/one)" = one ]
  [ -x out/sub/run ]
  [ ! -e out/link ]
}

@test "a directory that stands where a file was asked for overwrites nothing" {
  sleeper box
  podctl exec box -- sh -c 'mkdir -p /app.log/.ssh; echo evil | tee /app.log/.bashrc >/app.log/.ssh/authorized_keys'
  mkdir -p home/.ssh && echo mine | tee home/.bashrc >home/.ssh/authorized_keys
  podctl cp box:/app.log home
  [ "$(cat home/.bashrc home/.ssh/authorized_keys)" = $'mine\nmine' ]
  [ "$(cat home/app.log/.bashrc)" = evil ]
  (cd home && podctl cp box:/app.log .)
  [ "$(cat home/.bashrc)" = mine ]
  podctl cp box:/app.log/. home
  [ "$(cat home/.bashrc)" = evil ]
}

@test "an image with one program and nothing else" {
  mkdir rootfs && cp "$PODCTL_PROBE" rootfs/probe
  tar -C rootfs -cf rootfs.tar .
  podctl image import rootfs.tar bare
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: bare}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: bare, command: [/probe, sleep, "1000"]}]
YAML
  ready bare
  echo text >f
  podctl cp f bare:/f
  podctl cp bare:/f g
  cmp f g
}

@test "it is the container's user who reads and writes" {
  pod user 'exec sleep 1000' | sed 's|image: podctl/busybox|image: podctl/busybox\n    securityContext: {runAsUser: 1000}|' | podctl apply -f -
  ready user
  echo text >f
  podctl cp f user:/tmp/f
  [ "$(podctl exec user -- stat -c %u /tmp/f)" = 1000 ]
  fails 1 podctl cp f user:/etc/f
  says 'Permission denied'
  fails 1 podctl cp user:/etc/shadow-not-there x
  says 'No such file or directory'
  [ ! -e x ]
}

@test "what leads out of the container's root leads into it" {
  sleeper box
  podctl exec box -- sh -c 'ln -s / /tmp/up; echo mine >/tmp/mine; ln -s ../../../../../../etc/hostname /tmp/name'
  echo theirs >f
  podctl cp f box:/tmp/up/tmp/mine
  [ "$(podctl exec box -- cat /tmp/mine)" = theirs ]
  podctl cp box:/tmp/name name
  [ "$(cat name)" = box ]
}

@test "an open directory of the host is not written through" {
  sleeper box
  mkdir target outside
  ln -s ../outside target/sub
  podctl exec box -- sh -c 'mkdir -p /d/sub; echo evil >/d/sub/file'
  fails 1 podctl cp box:/d/. target
  [ -z "$(ls outside)" ]
}

@test "one container of several, and what is asked wrongly" {
  sleepers two a b | podctl apply -f -
  ready two
  echo text >f
  run podctl cp f two:/tmp/f
  says 'Defaulted container "a" out of: a, b'
  podctl cp f two:/tmp/g -c b
  [ "$(podctl exec two -c b -- cat /tmp/g)" = text ]
  fails 1 podctl exec two -c a -- cat /tmp/g
  fails 2 podctl cp f g
  says 'one of src or dest must be a remote file specification'
  fails 2 podctl cp two:/a two:/b
  says 'one of src or dest must be a local file specification'
  fails 1 podctl cp nothing two:/tmp/x -c a
  says "nothing doesn't exist in local filesystem"
  fails 1 podctl cp f nobody:/tmp/f
  says 'pods "nobody" not found'
}

@test "a container with a read-only root refuses, a volume in it does not" {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: ro}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: v, emptyDir: {}}]
  containers:
  - name: main
    image: podctl/busybox
    command: [sleep, "1000"]
    securityContext: {readOnlyRootFilesystem: true}
    volumeMounts: [{name: v, mountPath: /v}]
YAML
  ready ro
  echo text >f
  fails 1 podctl cp f ro:/f
  says 'Read-only file system'
  podctl cp f ro:/v/
  [ "$(podctl exec ro -- cat /v/f)" = text ]
}

@test "a copy that breaks off begins again as often as it may" {
  # So little time that the copy takes a while.
  pod slow 'mkdir /d; dd if=/dev/zero of=/d/f bs=1 count=1 seek=199999999; exec sleep 1000' |
    sed 's|image: podctl/busybox|image: podctl/busybox\n    resources: {limits: {cpu: 50m}}|' | podctl apply -f -
  ready slow
  until_true podctl exec slow -- test -s /d/f
  mkdir here
  podctl cp --retries=1 slow:/d here 2>err 3>&- &
  local copying=$!
  until_true test -s here/d/f
  kill -KILL "$(daemon_of_root)"
  wait "$copying"
  grep -q 'the copy begins again' err
  [ "$(stat -c %s here/d/f)" = 200000000 ]
  [ "$(ls here here/d)" = $'here:\nd\n\nhere/d:\nf' ]
  podctl cp slow:/d there 2>err 3>&- &
  copying=$!
  until_true test -s there/f
  kill -KILL "$(daemon_of_root)"
  local code=0
  wait "$copying" || code=$?
  [ "$code" = 1 ]
  fails 2 podctl cp --retries=often slow:/d there
  says 'invalid argument "often" for --retries'
}
