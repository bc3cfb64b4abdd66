# The sandbox seen from inside and out: shared and own namespaces, network, host namespaces, files.
load helper

pair() { sleepers pair a b; }

ns_of() { podctl exec pair -c "$1" -- readlink "/proc/self/ns/$2"; }

@test "containers share net, ipc and uts and have their own pid and mnt" {
  pair | podctl apply -f -
  ready pair
  for t in net ipc uts; do
    [ "$(ns_of a $t)" = "$(ns_of b $t)" ]
    [ "$(ns_of a $t)" != "$(readlink /proc/self/ns/$t)" ]
  done
  for t in pid mnt cgroup; do [ "$(ns_of a $t)" != "$(ns_of b $t)" ]; done
  run podctl ns pair -o json
  [ "$status" -eq 0 ]
  inode=$(ns_of a net); inode=${inode//[^0-9]/}
  says "$inode"
}

@test "a container that writes nothing has an empty writable layer, and its files in /etc" {
  pair | podctl apply -f -
  ready pair
  run podctl exec pair -c a -- cat /etc/hostname
  [ "$output" = pair ]
  [ -d "$PODCTL_ROOT/lib/pods/$(uid_of pair)/containers/a/0/upper" ]
  [ -z "$(find "$PODCTL_ROOT/lib/pods/$(uid_of pair)/containers" -mindepth 4 -path '*/upper/*')" ]
}

@test "other users of the machine reach nothing that containers wrote (CVE-2021-41103)" {
  chmod 755 "$PODCTL_ROOT"  # as /var/lib is
  pair | sed 's/^spec:/spec:\n  volumes: [{name: v, emptyDir: {}}]/; s/\(name: a,\)/\1 volumeMounts: [{name: v, mountPath: \/v}],/' | podctl apply -f -
  ready pair
  podctl exec pair -c a -- sh -c 'cp /bin/busybox /v/su; cp /bin/busybox /su; chmod 4755 /su /v/su; ls -l /v/su' | grep -q '^-rwsr-xr-x'
  local pod=lib/pods/$(uid_of pair) path
  for path in "$pod/containers/a/0/upper/su" "$pod/volumes/v/su" "run/pods/$(uid_of pair)/termination" lib/images; do
    [ -e "$PODCTL_ROOT/$path" ]
    fails 1 setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "ls -d $PODCTL_ROOT/$path || exit 1"
    says "Permission denied"
  done
  # Members of the group "podctl" speak to podctld through here.
  setpriv --reuid 65534 --regid 65534 --clear-groups test -S "$PODCTL_ROOT/run/podctld.sock"
}

@test "shareProcessNamespace makes pause PID 1 and shows the others" {
  pair | sed 's/^spec:/spec:\n  shareProcessNamespace: true/' | podctl apply -f -
  ready pair
  [ "$(ns_of a pid)" = "$(ns_of b pid)" ]
  run podctl exec pair -c a -- sh -c 'cat /proc/1/comm; ps'
  says "podctl-pause"
  says "sleep 1000"
  [ "$(podctl exec pair -c a -- sh -c "tr '\\0' ' ' </proc/1/cmdline" | sed 's/ *$//')" = "podctl-pause $(uid_of pair)" ]
}

@test "hostNetwork, hostPID and hostIPC are the host's" {
  pair | sed 's/^spec:/spec:\n  hostNetwork: true\n  hostPID: true\n  hostIPC: true/' | podctl apply -f -
  ready pair
  for t in net pid ipc; do [ "$(ns_of a $t)" = "$(readlink /proc/self/ns/$t)" ]; done
}

@test "pods reach each other, the host reaches pods, pods reach the host" {
  pod server 'mkdir /w; echo it works > /w/index.html; exec httpd -f -p 8080 -h /w' | podctl apply -f -
  pod client 'exec sleep 1000' | podctl apply -f -
  ready server
  ready client
  ip=$(field server '{.status.podIP}')
  run podctl exec client -- sh -c "until wget -q -O - http://$ip:8080/ 2>/dev/null; do :; done"
  [ "$output" = "it works" ]
  run curl -s --max-time 10 "http://$ip:8080/"
  [ "$output" = "it works" ]
  gateway=$(podctl exec client -- sh -c "ip route | sed -n 's/default via \([^ ]*\).*/\1/p'")
  run podctl exec client -- ping -c 1 -W 5 "$gateway"
  [ "$status" -eq 0 ]
  # The second address is IPv6.
  ip6=$(field server '{.status.podIPs[1].ip}')
  run podctl exec client -- ping -c 1 -W 5 "$ip6"
  [ "$status" -eq 0 ]
}

@test "a hostPath that is not of its type keeps the pod from starting until it is" {
  : > "$BATS_TEST_TMPDIR/data"
  sed "s/^spec:/spec:\n  volumes: [{name: data, hostPath: {path: '${BATS_TEST_TMPDIR//\//\\/}\/data', type: Directory}}]/" <(pod waits 'sleep 1000') | podctl apply -f -
  mounted() { podctl get events -o jsonpath='{.items[*].message}' | grep -qF "$1"; }
  until_true mounted "MountVolume.SetUp failed for volume \"data\" : hostPath type check failed: $BATS_TEST_TMPDIR/data is not a directory"
  run podctl get pod waits
  says "ContainerCreating"
  rm "$BATS_TEST_TMPDIR/data"
  mkdir "$BATS_TEST_TMPDIR/data"
  ready waits
}

@test "the kubelet's files are there" {
  pair | podctl apply -f -
  ready pair
  ip=$(field pair '{.status.podIP}')
  run podctl exec pair -c a -- cat /etc/hosts
  says "# Kubernetes-managed hosts file."
  says "$ip"
  run podctl exec pair -c a -- cat /etc/hostname
  [ "$output" = pair ]
  run podctl exec pair -c a -- sh -c 'test -s /etc/resolv.conf && df /dev/shm | tail -n 1'
  says "shm"
  podctl exec pair -c a -- sh -c 'echo shared > /dev/shm/x'
  run podctl exec pair -c b -- cat /dev/shm/x
  [ "$output" = shared ]
}

@test "one directory is one root, however it is written" {
  ln -s "$PODCTL_ROOT" link
  pod one 'exec sleep 1000' | podctl --root link/. apply -f -
  ready one
  says_of() { podctl --root "$1" describe pod one | grep -q "podctl-$ROOT_ID"; }
  says_of link
  kill -9 "$(daemon_of_root)"
  pod two 'exec sleep 1000' >two.yaml
  (cd "$PODCTL_ROOT" && podctl --root ../"${PODCTL_ROOT##*/}" apply -f "$BATS_TEST_TMPDIR/two.yaml")
  ready two
}

@test "two roots never meet" {
  pair | podctl apply -f -
  ready pair
  first=$PODCTL_ROOT
  second=$(mktemp -d "${first%/*}/podctl-e2e.XXXXXX")
  pair | PODCTL_ROOT=$second podctl apply -f -
  PODCTL_ROOT=$second await --for=condition=Ready pod/pair
  [ "$(field pair '{.status.podIP}')" != "$(PODCTL_ROOT=$second podctl get pod pair -o jsonpath='{.status.podIP}')" ]
  # The host forwards between its links, but a pod reaches only the pods of its own root.
  pod server 'mkdir /w; echo it works > /w/index.html; exec httpd -f -p 8080 -h /w' | podctl apply -f -
  ready server
  for ip in "$(field server '{.status.podIP}')" "[$(field server '{.status.podIPs[1].ip}')]"; do
    run podctl exec pair -c a -- sh -c "until wget -q -O - http://$ip:8080/ 2>/dev/null; do :; done" 2>/dev/null
    [ "$output" = "it works" ]
    # Ended by the timeout: nobody answers.
    PODCTL_ROOT=$second fails 143 podctl exec pair -c a -- timeout 1 wget -q -O - "http://$ip:8080/"
  done
  PODCTL_ROOT=$second podctl system reset --yes
  rm -rf "$second"
  run podctl get pods --no-headers
  [[ $output =~ pair\ +2/2\ +Running ]]
}

@test "describe counts the memory of a pod without a limit" {
  pod one 'exec sleep 1000' >one.yaml
  podctl apply -f one.yaml
  ready one
  run podctl describe pod one
  local memory
  memory=$(sed -n '/^Cgroups:/,/main:/s/^ *Memory: *//p' <<<"$output")
  [ -n "$memory" ] && [[ $memory != "0 B"* ]] || { echo "$output"; return 1; }
}

@test "subPath, the pod's fields as environment and the pod's own sysctls reach the container" {
  cat >fields.yaml <<'END'
apiVersion: v1
kind: Pod
metadata: {name: fields}
spec:
  restartPolicy: Never
  hostnameOverride: over.ride
  securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: "0"}]}
  volumes: [{name: v, emptyDir: {mode: 0711}}]
  containers:
  - name: c
    image: podctl/busybox
    command: ["sh", "-c", "touch /sub/here; ls /v/a/b; stat -c %a /v; hostname; echo $NAME; cat /proc/sys/net/ipv4/tcp_syncookies"]
    env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
    volumeMounts: [{name: v, mountPath: /v}, {name: v, mountPath: /sub, subPath: a/b}]
END
  run podctl apply -f fields.yaml
  [ "$output" = "pod/fields created" ]
  ended fields Succeeded
  run podctl logs fields
  [ "$output" = "$(printf 'here\n711\nover.ride\nfields\n0')" ]
}

@test "a missing subPath is made with the volume's mode, for whoever may write the volume" {
  cat >sub.yaml <<'END'
apiVersion: v1
kind: Pod
metadata: {name: sub}
spec:
  restartPolicy: Never
  securityContext: {runAsUser: 1000, runAsGroup: 1000, fsGroup: 3000}
  volumes: [{name: v, emptyDir: {}}, {name: m, emptyDir: {medium: Memory}}]
  containers:
  - name: c
    image: podctl/busybox
    command: ["sh", "-c", "stat -c '%a %g' /disk /memory /disk/.; touch /disk/f /memory/f && echo written"]
    volumeMounts: [{name: v, mountPath: /disk, subPath: a/b}, {name: m, mountPath: /memory, subPath: c}]
END
  podctl apply -f sub.yaml
  ended sub Succeeded
  run podctl logs sub
  [ "$output" = "$(printf '2777 3000\n2777 3000\n2777 3000\nwritten')" ]
}

@test "a mount that a container has left in a volume goes with its pod, and what is mounted stays" {
  [ "$(findmnt -no PROPAGATION -T "$PODCTL_ROOT")" = shared ] || skip "no mount spreads from here"
  mkdir "$BATS_TEST_TMPDIR/others"
  touch "$BATS_TEST_TMPDIR/others/precious"
  podctl apply -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: mounts}
spec:
  terminationGracePeriodSeconds: 0
  volumes:
  - {name: v, emptyDir: {}}
  - {name: others, hostPath: {path: $BATS_TEST_TMPDIR/others}}
  containers:
  - name: main
    image: podctl/busybox
    command: [sh, -c, "mkdir '/v/a b' && mount -o bind /others '/v/a b' && exec sleep 1000"]
    securityContext: {privileged: true}
    volumeMounts:
    - {name: v, mountPath: /v, mountPropagation: Bidirectional}
    - {name: others, mountPath: /others}
END
  until_true eval 'grep -q "$PODCTL_ROOT" /proc/self/mountinfo'
  podctl delete pod mounts
  [ -e "$BATS_TEST_TMPDIR/others/precious" ]
  ! grep "$PODCTL_ROOT" /proc/self/mountinfo
}

@test "containers are reported in the manifest's order" {
  cat >order.yaml <<'END'
apiVersion: v1
kind: Pod
metadata: {name: order}
spec:
  terminationGracePeriodSeconds: 1
  initContainers:
  - {name: sidecar, image: podctl/busybox, restartPolicy: Always, command: [sleep, "1000"]}
  containers:
  - {name: zebra, image: podctl/busybox, command: [sleep, "1000"]}
  - {name: ant, image: podctl/busybox, command: [sleep, "1000"]}
END
  podctl apply -f order.yaml
  ready order
  run podctl ns order
  says "pause, sidecar, zebra, ant"
  run podctl describe pod order
  [ "$(sed -n '/^Cgroups:/,/^Network:/s/^    \([a-z]*\):$/\1/p' <<<"$output" | xargs)" = "sidecar zebra ant" ]
}

# A pod after another one finds its sandbox made, if podctld has had time for it.
took_over() {
  sleepers "$1" a b | podctl apply -f -
  ready "$1"
  [[ $(podctl trace "$1") != *"make veth pair"* ]] || { podctl delete pod "$1" --now && false; }
}

@test "a pod takes over the sandbox that was made before it" {
  sleepers first a b | podctl apply -f -
  ready first
  until_true took_over second
  run podctl trace second
  says "set names"
  [ "$(podctl exec second -c a -- hostname)" = second ]
  [ "$(podctl exec second -c a -- cat /etc/hostname)" = second ]
  podctl exec first -c a -- ping -c 1 -W 5 "$(field second '{.status.podIP}')"
  # Another kind of pod gets its own.
  sleepers third a b | sed 's/^spec:/&\n  shareProcessNamespace: true/' | podctl apply -f -
  ready third
  [ "$(podctl exec third -c a -- cat /proc/1/comm)" = podctl-pause ]
}

@test "with --no-ready-sandbox nothing is made before its pod" {
  podctld --root "$PODCTL_ROOT" --no-ready-sandbox &
  until_true test -S "$PODCTL_ROOT/run/podctld.sock"
  for name in first second third; do
    sleepers $name a b | podctl apply -f -
    ready $name
    run podctl trace $name
    says "make veth pair"
  done
}

@test "what podctld itself was not given is told, and no container has it" {
  setpriv --bounding-set -net_raw podctl get pods
  sleepers lacking a b | podctl apply -f -
  ready lacking
  run podctl doctor
  says "no container has CAP_NET_RAW"
  run podctl describe pod lacking
  says "capability CAP_NET_RAW: podctl itself does not have it"
}

@test "a memory limit too small for any start takes nobody else along" {
  sleepers tight a b | sed 's/{name: b,/& resources: {limits: {memory: 100Ki}},/' | podctl apply -f -
  until_true eval '[[ $(field tight "{.status.containerStatuses[?(@.name==\"b\")].state}{.status.containerStatuses[?(@.name==\"b\")].lastState}") =~ OOMKilled|Error|Backoff|BackOff ]]'
  [ "$(field tight '{.status.containerStatuses[?(@.name=="a")].restartCount}')" = 0 ]
  [ "$(podctl exec tight -c a -- echo alive)" = alive ]
}

@test "a pod may have more volumes in memory than one message takes descriptors" {
  {
    pod many 'echo there >/v/300/file; exec sleep 1000' |
      sed 's/^\( *\)image: .*/&\n\1volumeMounts: [{name: v300, mountPath: \/v\/300}, {name: v1, mountPath: \/v\/1}]/'
    echo "  volumes:"
    for i in {1..300}; do echo "  - {name: v$i, emptyDir: {medium: Memory}}"; done
  } | podctl apply -f -
  ready many
  [ "$(podctl exec many -- cat /v/300/file)" = there ]
  [ -z "$(podctl exec many -- ls /v/1)" ]
}
