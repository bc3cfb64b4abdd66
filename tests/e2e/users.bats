# hostUsers: false: a pod whose users are its own, none of them the host's root.
load helper

# own NAME SCRIPT [LINES OF ITS SPEC] [MORE OF THE CONTAINER]: a pod with a user namespace of its own.
own() {
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  hostUsers: false
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  ${3:-}
  containers:
  - {name: main, image: podctl/busybox, command: [sh, -c, "$2"]${4:-}}
YAML
}

first_id() { podctl exec "$1" -- awk '{print $2}' /proc/self/uid_map; }
# Ids that this root's pods have.
taken() { grep -lxF "$PODCTL_ROOT" /run/podctl-ids/[1-9]* 2>/dev/null || true; }
main_of() { podctl ns "$1" -o json | jq -r '.namespaces[] | select(.holder == "container/main") | .pid'; }

@test "root inside is an unprivileged user of the host with 65536 ids, told by describe, ns, trace and doctor" {
  own one 'id -u; cat /proc/self/gid_map; echo up; exec sleep 1000' | podctl apply -f -
  logged one up
  local first
  first=$(first_id one)
  [ $((first % 65536)) -eq 0 ] && [ "$first" -gt 0 ]
  run podctl logs one
  [ "${lines[0]}" = 0 ]
  [[ ${lines[1]} =~ ^\ *0\ +$first\ +65536$ ]]
  [ "$(stat -c %u "/proc/$(main_of one)")" = "$first" ]
  run podctl describe pod one
  says "User Namespace:  65536 ids from $first"
  [[ $output =~ user\ +[0-9]+\ +shared\ +pause ]]
  run podctl trace one
  says "make user namespace"
  says "allocate host ids"
  podctl doctor | grep -q '^ok *user namespaces'
  [ "$(cat /proc/self/uid_map | awk '{print $2}')" = 0 ]
}

@test "no two pods have an id in common, whichever root they are of, and they give them back" {
  local other=$BATS_TEST_TMPDIR/other all
  own one 'exec sleep 1000' | podctl apply -f -
  own two 'exec sleep 1000' | podctl apply -f -
  own three 'exec sleep 1000' | PODCTL_ROOT=$other podctl apply -f -
  ready one
  ready two
  PODCTL_ROOT=$other ready three
  all=$(first_id one; first_id two; PODCTL_ROOT=$other first_id three)
  [ "$(sort -u <<<"$all" | wc -l)" = 3 ]
  [ "$(taken | wc -l)" = 2 ]
  podctl delete pod one --now
  [ "$(taken | wc -l)" = 1 ]
  PODCTL_ROOT=$other podctl system reset --yes
  ! grep -lxF "$other" /run/podctl-ids/[1-9]*
  podctl system reset --yes
  [ -z "$(taken)" ]
}

@test "what init, sidecar, ephemeral and restarted containers, execs and probes are is the pod's too" {
  own all 'until [ -e /tmp/end ]; do sleep 0.1; done; exit 3' '' ', livenessProbe: {exec: {command: [sh, -c, "grep -q 65536 /proc/self/uid_map"]}, periodSeconds: 1}' |
    sed 's/restartPolicy: Never/restartPolicy: Always/; s/^  containers:/  initContainers:\
  - {name: first, image: podctl\/busybox, command: [sh, -c, "cat \/proc\/self\/uid_map"]}\
  - {name: side, image: podctl\/busybox, restartPolicy: Always, command: [sh, -c, "cat \/proc\/self\/uid_map; exec sleep 1000"]}\
  containers:/' | podctl apply -f -
  ready all
  local first
  first=$(first_id all)
  for c in first side; do podctl logs all -c $c | grep -qE "^ *0 +$first +65536$"; done
  podctl exec all -c main -- touch /tmp/end
  until_true is_restarted all
  ready all
  [ "$(first_id all)" = "$first" ]
  podctl debug all --image=podctl/busybox --container=eye --target=main -- sh -c 'cat /proc/self/uid_map; ls -d /proc/1/root/bin'
  until_true has_seen all eye "$first"
}
is_restarted() { [ "$(field "$1" '{.status.containerStatuses[0].restartCount}')" = 1 ]; }
has_seen() { podctl logs "$1" -c "$2" 2>/dev/null | grep -qE "^ *0 +$3 +65536$"; }

@test "the ids are the pod's over kill -9 of podctld, of its shim and of its pause" {
  own one 'until [ -e /tmp/end ]; do sleep 0.1; done' '' | sed 's/restartPolicy: Never/restartPolicy: Always/' | podctl apply -f -
  own two 'exec sleep 1000' | podctl apply -f -
  ready one
  ready two
  local first second main
  first=$(first_id one) second=$(first_id two)
  kill -9 "$(daemon_of_root)"
  [ "$(first_id one)" = "$first" ]
  main=$(main_of one)
  kill -9 "$(shim_of one)"
  until_true another_main one "$main"
  [ "$(first_id one)" = "$first" ]
  main=$(main_of one)
  let_go one /tmp/end
  until_true another_main one "$main"
  [ "$(first_id one)" = "$first" ]
  main=$(main_of one)
  kill -9 "$(podctl ns one -o json | jq '.namespaces[] | select(.holder == "pause") | .pid')"
  until_true another_main one "$main"
  [ "$(first_id one)" = "$first" ]
  [ "$(first_id two)" = "$second" ]
}
another_main() { local now; now=$(main_of "$1") && [ -n "$now" ] && [ "$now" != "$2" ] && podctl exec "$1" -- true 2>/dev/null; }

@test "files: the writable layer has the pod's ids on disk, volumes have those within the pod" {
  local host=$BATS_TEST_TMPDIR/host first upper
  mkdir "$host"
  echo root >"$host/of-root"
  chmod 600 "$host/of-root"
  install -o 1000 -g 1000 -m 600 /dev/null "$host/of-1000"
  own files "touch /made; chown 1000:1000 /made; for v in /host /disk /mem; do touch \$v/made; done; mkdir -p /disk/by; chown 5:6 /disk/by; cat /host/of-root; stat -c '%n %u %g' /host/of-root /host/of-1000 /bin/busybox /etc/hosts /etc/resolv.conf /dev/null /dev/shm /dev/termination-log /mem /sub /api/name /dev; echo last words >/dev/termination-log; echo up; until [ -e /tmp/end ]; do sleep 0.1; done" "volumes:
  - {name: host, hostPath: {path: $host}}
  - {name: disk, emptyDir: {}}
  - {name: mem, emptyDir: {medium: Memory}}
  - {name: api, downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}" \
    ', volumeMounts: [{name: host, mountPath: /host}, {name: disk, mountPath: /disk}, {name: mem, mountPath: /mem}, {name: mem, mountPath: /sub, subPath: a/b}, {name: api, mountPath: /api}]' |
    podctl apply -f -
  logged files up
  run podctl logs files
  says "root
/host/of-root 0 0
/host/of-1000 1000 1000"
  for path in /bin/busybox /etc/hosts /etc/resolv.conf /dev/null /dev/shm /dev/termination-log /mem /sub /api/name /dev; do says "$path 0 0"; done
  [ "$(stat -c %u:%g "$host/made")" = 0:0 ]
  first=$(basename "$(taken)")
  upper=$PODCTL_ROOT/lib/pods/$(uid_of files)/containers/main/0/upper
  [ "$(stat -c %u:%g "$upper")" = "$first:$first" ]
  [ "$(stat -c %u:%g "$upper/made")" = "$((first + 1000)):$((first + 1000))" ]
  [ "$(stat -c %u:%g "$PODCTL_ROOT/lib/pods/$(uid_of files)/volumes/disk/by")" = 5:6 ]
  let_go files /tmp/end
  ended files Succeeded
  [ "$(field files '{.status.containerStatuses[0].state.terminated.message}')" = "last words" ]
}

@test "fsGroup, users, Secrets, claims, images as volumes and sysctls are as in any pod" {
  podctl create secret generic s --from-literal=word=hush 2>/dev/null || podctl apply -f - <<'YAML'
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {word: hush}
YAML
  podctl apply -f - <<'YAML'
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
YAML
  own group "id; cat /secret/word; echo; stat -Lc '%n %A %u %g' /secret/word /disk /mem /kept; touch /disk/made /mem/made /kept/made; stat -c '%n %u %g' /disk/made /mem/made /kept/made; stat -c '%n %u %g' /image/bin/busybox; touch /image/x; echo sysctls \$(cat /proc/sys/net/ipv4/tcp_syncookies /proc/sys/kernel/shm_rmid_forced)" \
    "securityContext: {runAsUser: 1000, runAsGroup: 2000, fsGroup: 6000, sysctls: [{name: net.ipv4.tcp_syncookies, value: '0'}, {name: kernel.shm_rmid_forced, value: '1'}]}
  volumes:
  - {name: secret, secret: {secretName: s, defaultMode: 0400}}
  - {name: disk, emptyDir: {}}
  - {name: mem, emptyDir: {medium: Memory}}
  - {name: kept, persistentVolumeClaim: {claimName: kept}}
  - {name: image, image: {reference: podctl/busybox}}" \
    ', volumeMounts: [{name: secret, mountPath: /secret}, {name: disk, mountPath: /disk}, {name: mem, mountPath: /mem}, {name: kept, mountPath: /kept}, {name: image, mountPath: /image}]' |
    podctl apply -f -
  ended group Succeeded
  run podctl logs group
  says "uid=1000 gid=2000 groups=2000,6000"
  says "hush"
  says "/secret/word -r--r----- 0 6000"
  says "/disk drwxrwsrwx 0 6000"
  says "/mem drwxrwsrwx 0 6000"
  for volume in disk mem kept; do says "/$volume/made 1000 6000"; done
  says "/image/bin/busybox 0 0"
  says "Read-only file system"
  says "sysctls 0 1"
  own again "stat -c '%u %g' /kept/made" 'volumes: [{name: kept, persistentVolumeClaim: {claimName: kept}}]' ', volumeMounts: [{name: kept, mountPath: /kept}]' | podctl apply -f -
  logged again "1000 6000"
}

@test "a ConfigMap's change, cp, a terminal and attach reach such a pod" {
  podctl apply -f - <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: m}
data: {word: old}
YAML
  own reach 'while read -r line; do echo got $line; done' 'volumes: [{name: m, configMap: {name: m}}]' ', stdin: true, stdinOnce: true, volumeMounts: [{name: m, mountPath: /m}]' | podctl apply -f -
  ready reach
  [ "$(podctl exec reach -- cat /m/word)" = old ]
  podctl patch configmap m -p '{"data": {"word": "new"}}'
  until_true is_new
  [ "$(podctl exec reach -- stat -Lc '%u %g' /m/word)" = "0 0" ]
  echo here >file
  podctl cp file reach:/tmp/file
  [ "$(podctl exec reach -- stat -c '%u %g' /tmp/file)" = "0 0" ]
  podctl cp reach:/tmp/file back
  cmp file back
  run script -qec "podctl exec -it reach -- sh -c 'tty; stat -c %u:%g \$(tty)'" /dev/null
  says "/dev/pts/0"
  says "0:5"
  echo hello | podctl attach -i reach
  ended reach Succeeded
  logged reach "got hello"
}
is_new() { [ "$(podctl exec reach -- cat /m/word)" = new ]; }

@test "shareProcessNamespace, privileged and an unmasked /proc keep within the pod's users" {
  own shared 'ps; kill -9 1; ls /proc/1/root/ /proc/1/fd; exec sleep 1000' 'shareProcessNamespace: true' | podctl apply -f -
  ready shared
  until_true has_text shared "podctl-pause"
  until_true has_text shared "ls: /proc/1/root/: Permission denied"
  podctl exec shared -- true
  own mighty 'mkdir -p /mnt; mount -t tmpfs x /mnt && echo mounted; hostname other && hostname; mknod /tmp/d b 8 0 || echo no device; echo 1 >/proc/sys/kernel/panic || echo no sysctl; [ -e /dev/kmsg ] && head -c1 /dev/kmsg || echo no kmsg; dd if=/dev/mem of=/dev/null count=1 || echo no memory' '' ', securityContext: {privileged: true}' | podctl apply -f -
  ended mighty Succeeded
  run podctl logs mighty
  for said in mounted other "no device" "no sysctl" "no kmsg" "no memory"; do says "$said"; done
  # A container in the container needs a procfs of its own, which the kernel gives who sees a whole one.
  for mount in Unmasked Default; do
    own "open-${mount,}" "unshare -Urmpf --mount-proc sh -c 'ps | wc -l' && echo nested" '' ", securityContext: {procMount: $mount, seccompProfile: {type: Unconfined}}" | podctl apply -f -
  done
  ended open-unmasked Succeeded
  logged open-unmasked nested
  ended open-default Failed
}
has_text() { podctl logs "$1" 2>&1 | grep -qF -- "$2"; }

@test "what cannot be is refused with the reason, before or when it starts" {
  own bad true 'securityContext: {runAsUser: 65536}' ', securityContext: {runAsGroup: 70000}, volumeDevices: [{name: c, devicePath: /dev/x}]' |
    sed 's/^  restartPolicy/  hostNetwork: true\n  restartPolicy/' >bad.yaml
  fails 1 podctl apply -f bad.yaml
  says "spec.hostNetwork: Forbidden: when \`hostUsers\` is false"
  says "spec.containers[0].volumeDevices: Forbidden: when \`hostUsers\` is false"
  says "spec.securityContext.runAsUser: Invalid value: 65536: must be between 0 and 65535, inclusive, when \`hostUsers\` is false"
  says "spec.containers[0].securityContext.runAsGroup: Invalid value: 70000"
  own proc true "volumes: [{name: p, hostPath: {path: /proc}}]" ', volumeMounts: [{name: p, mountPath: /p}]' | podctl apply -f -
  until_true has_failed proc
  run podctl describe pod proc
  says "cannot be idmapped by this kernel"
  says "volume 'p' at '/p'"
}
has_failed() { podctl get events -o json | jq -e --arg pod "$1" '.items | any(.involvedObject.name == $pod and .reason == "Failed")' >/dev/null; }
