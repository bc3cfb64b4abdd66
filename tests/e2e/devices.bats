# Devices of the machine in containers that are not privileged: what a pod names it may open, and nothing else.
# /dev/kmsg is there everywhere; to open it for writing needs no capability.
load helper

# opens HOW PATH: a command that says whether it can be opened so ("<", ">").
opens() { echo "(: $1$2) 2>/dev/null && echo '$1 $2 opened' || echo '$1 $2 closed'; "; }

# container NAME COMMAND [LINE]
container() {
  cat <<END
  - name: $1
    image: podctl/busybox
    command: [sh, -c, "$2 sleep 1000"]
    ${3:-}
END
}

head_of() {
  cat <<END
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  terminationGracePeriodSeconds: 0
  ${2:-}
END
}

# logged POD CONTAINER TEXT
logged() { [ "$(podctl logs "$1" -c "$2")" = "$3" ]; }

@test "a hostPath of a device's type lets the container open that device, and nothing else" {
  local both
  both="$(opens '>' /dev/kmsg)"
  {
    head_of typed 'volumes: [{name: typed, hostPath: {path: /dev/kmsg, type: CharDevice}}, {name: plain, hostPath: {path: /dev/kmsg}}, {name: all, hostPath: {path: /dev, type: Directory}}]'
    echo "  containers:"
    container given "$both $(opens '>' /all/kmsg) $(opens '<' /all/vcs) until [ -e /tmp/end ]; do sleep 0.1; done; exit 0;" 'volumeMounts: [{name: typed, mountPath: /dev/kmsg}, {name: all, mountPath: /all}]'
    container reads "$both" 'volumeMounts: [{name: typed, mountPath: /dev/kmsg, readOnly: true}]'
    container plain "$both" 'volumeMounts: [{name: plain, mountPath: /dev/kmsg}]'
    container all "$(opens '>' /all/kmsg)" 'volumeMounts: [{name: all, mountPath: /all}]'
    container none "mknod /tmp/kmsg c 1 11; $(opens '>' /tmp/kmsg)"
  } | podctl apply -f -
  ready typed
  # The number counts, so the directory shows the same device.
  until_true logged typed given $'> /dev/kmsg opened\n> /all/kmsg opened\n< /all/vcs closed'
  until_true logged typed reads '> /dev/kmsg closed'
  until_true logged typed plain '> /dev/kmsg closed'
  until_true logged typed all '> /all/kmsg closed'
  until_true logged typed none '> /tmp/kmsg closed'
  podctl exec typed -c given -- sh -c ': >/dev/kmsg'
  ! podctl exec typed -c plain -- sh -c ': >/dev/kmsg' || false
  # So it is again after a restart.
  podctl exec typed -c given -- touch /tmp/end
  restarted() { [ "$(field typed '{.status.containerStatuses[?(@.name=="given")].restartCount}')" = 1 ]; }
  until_true restarted
  ready typed
  until_true logged typed given $'> /dev/kmsg opened\n> /all/kmsg opened\n< /all/vcs closed'
}
