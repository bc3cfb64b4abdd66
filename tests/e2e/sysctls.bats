# The kernel parameters of a pod: which it may set, and what the kernel says of them.
load helper

# setting NAME SYSCTL=VALUE...: a pod that prints what they have become.
setting() {
  local name=$1 list="" files="" one
  shift
  for one in "$@"; do
    list+="{name: ${one%%=*}, value: \"${one#*=}\"}, "
    files+=" /proc/sys/$(tr . / <<<"${one%%=*}")"
  done
  cat <<END
apiVersion: v1
kind: Pod
metadata: {name: $name}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  securityContext: {sysctls: [${list%, }]}
  containers:
  - {name: c, image: podctl/busybox, command: [sh, -c, "cat$files; sleep 1000"]}
END
}

has_logged() { [ "$(podctl logs "$1")" = "$2" ]; }

serve() {
  "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" "$@" 3>&- &
  until_true test -S "$PODCTL_ROOT/run/podctld.sock"
}

@test "pods set the unsafe sysctls that podctld was told to allow, also after it was killed" {
  serve --allowed-unsafe-sysctls 'net.core.*,kernel.msgmax' --allowed-unsafe-sysctls=fs.mqueue.msg_max
  setting one net.core.somaxconn=77 kernel/msgmax=4096 fs.mqueue.msg_max=9 >one.yaml
  podctl apply -f one.yaml
  ready one
  until_true has_logged one $'77\n4096\n9'
  [ "$(cat /proc/sys/kernel/msgmax)" != 4096 ]
  setting two net.core.somaxconn=78 kernel.msgmnb=4096 >two.yaml
  fails 1 podctl apply -f two.yaml
  says 'two.yaml:7:79: spec.securityContext.sysctls[1].name: Forbidden: sysctl "kernel.msgmnb" not allowlisted: podctld --allowed-unsafe-sysctls kernel.msgmnb would allow it'
  kill -9 "$(daemon_of_root)"
  setting three net.core.somaxconn=79 | podctl apply -f -
  ready three
  until_true has_logged three 79
}

@test "unsafe sysctls are refused where podctld allows none" {
  setting one net.core.somaxconn=77 >one.yaml
  fails 1 podctl apply -f one.yaml
  says 'Forbidden: sysctl "net.core.somaxconn" not allowlisted'
  fails 1 podctl get pod one
}

@test "podctld takes patterns of a pod's own sysctls alone" {
  local pattern
  for pattern in vm.swappiness 'net*' '*' '' 'net.core.*,kernel.*'; do
    fails 2 "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --foreground --allowed-unsafe-sysctls "$pattern"
    says "read option --allowed-unsafe-sysctls: "
  done
}
