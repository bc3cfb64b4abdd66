# The tour of the README: what a newcomer does in the first five minutes.
load helper

two_containers() {
  cat <<'EOF'
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: server
    image: podctl/busybox
    command: ["sh", "-c", "mkdir /www && echo hello from $HOSTNAME > /www/index.html && exec httpd -f -p 80 -h /www"]
  - name: client
    image: podctl/busybox
    command: ["sh", "-c", "until wget -q -O - http://localhost/ >> /log/seen 2> /dev/null; do :; done; echo seen; exec sleep 1000"]
    volumeMounts:
    - {name: log, mountPath: /log}
  volumes:
  - name: log
    emptyDir: {}
EOF
}

client_has_seen() { [ "$(podctl logs web -c client)" = "seen" ]; }

@test "a pod of two containers is created, looked at, entered and deleted" {
  two_containers >web.yaml
  run podctl apply -f web.yaml
  [ "$status" -eq 0 ]
  says "pod/web created"
  ready web

  run podctl get pods
  [[ ${lines[0]} =~ ^NAME\ +READY\ +STATUS\ +RESTARTS\ +AGE$ ]]
  [[ ${lines[1]} =~ ^web\ +2/2\ +Running\ +0\ +[0-9]+s$ ]]

  until_true client_has_seen
  run podctl exec web -c client -- wget -q -O - http://localhost/
  [ "$output" = "hello from web" ]

  run podctl describe pod web
  says "Name:             web"
  says "Status:           Running"
  [[ $output =~ "QoS Class:"\ +BestEffort ]]

  run podctl delete pod web
  says 'pod "web" deleted'
  run podctl get pods
  says "No resources found in default namespace."
  podctl apply -f web.yaml
  podctl apply --dry-run=client -f web.yaml | grep -x 'pod/web unchanged (dry run)'
  sed 's/app: web/app: other/' web.yaml >label.yaml
  podctl apply --dry-run=client -f label.yaml | grep -x 'pod/web configured (dry run)'
  sed 's/sleep 1000/sleep 2000/' web.yaml >immutable.yaml
  fails 1 podctl apply --dry-run=client -f immutable.yaml
  says "these fields of it cannot be changed"
  [ "$(podctl get all -o name)" = pod/web ]
  podctl get all | grep '^pod/web '
  run podctl get ns default --no-headers
  [[ $output == *Active* && $output != *unknown* ]]
}

@test "apply --wait says what keeps a pod from being ready, and ends with a pod that is over" {
  pod lost 'true' | sed 's#podctl/busybox#no/such:image#' >lost.yaml
  fails 1 podctl apply -f lost.yaml --wait --timeout=3s
  [[ $output =~ "pod/lost: container main: "(ErrImagePull|ImagePullBackOff)": " ]]
  says "error: timed out waiting for the condition on pods/lost"
  pod over 'exec sleep 1000' | sed 's#^  containers:#  initContainers: [{name: first, image: podctl/busybox, command: ["false"]}]\n&#' >over.yaml
  fails 1 podctl apply -f over.yaml --wait
  says "error: pod/over is over (Failed) without the condition Ready"
}

@test "an object that is refused leaves the others of the same apply undone" {
  { pod a 'exec sleep 1000'; echo ---; pod b 'exec sleep 1000' | sed 's/^spec:/&\n  nodeName: elsewhere/'; } >two.yaml
  fails 1 podctl apply -f two.yaml
  says "two.yaml:21:13: spec.nodeName: Forbidden"
  says "error: 1 of 2 objects refused: nothing was changed"
  [ -z "$(podctl get pods -o name)" ]
  sed 's/^  nodeName.*//' two.yaml >good.yaml
  podctl apply -f good.yaml
  { pod c 'exec sleep 1000'; echo ---; pod b 'exec sleep 2000'; } >changed.yaml
  fails 1 podctl apply -f changed.yaml
  says "error: 1 of 2 objects refused: nothing was changed"
  [ "$(podctl get pods -o name)" = $'pod/a\npod/b' ]
}

@test "applying the same again says unchanged, a change is refused, --force recreates" {
  two_containers >web.yaml
  podctl apply -f web.yaml
  run podctl apply -f web.yaml
  says "pod/web unchanged"
  sed -i 's/httpd -f -p 80/httpd -f -p 81/' web.yaml
  fails 1 podctl apply -f web.yaml
  says "spec.containers[0].command"
  before=$(field web '{.metadata.uid}')
  run podctl apply --force -f web.yaml
  [ "$status" -eq 0 ]
  [ "$(field web '{.metadata.uid}')" != "$before" ]
}

@test "exec passes the exit code, stdin and stdout" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  fails 7 podctl exec one -- sh -c 'exit 7'
  says "command terminated with exit code 7"
  run bash -c 'echo through | podctl exec -i one -- cat'
  [ "$output" = "through" ]
  run bash -c "timeout $(patience 30) podctl exec -i one -- cat <&-"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  fails 1 bash -c 'podctl get pods >/dev/full'
  says "error: write to stdout: No space left on device"
  run podctl exec one -- sh -c 'echo $HOSTNAME; hostname'
  [ "$output" = $'one\none' ]
  run podctl exec one -- /etc/passwd
  says "permission denied"
  run podctl exec one -- no-such-program
  says 'exec: "no-such-program": executable file not found in $PATH'
}

@test "dry runs touch nothing" {
  two_containers >web.yaml
  run podctl apply --dry-run=client -f web.yaml
  says "pod/web created (dry run)"
  run podctl apply --dry-run=server -f web.yaml
  says "pod/web created (server dry run)"
  run podctl get pods
  says "No resources found in default namespace."
}

@test "several documents, a directory, labels and namespaces" {
  mkdir -p d/sub
  { pod a 'exec sleep 1000'; echo ---; pod b 'exec sleep 1000'; } >d/two.yaml
  pod c 'exec sleep 1000' | sed 's/name: c$/name: c\n  namespace: other\n  labels: {tier: back}/' >d/sub/c.yaml
  run podctl apply -f d
  says "pod/a created"
  says "pod/b created"
  [[ $output != *"pod/c"* ]]
  run podctl apply -f d -R
  says "pod/a unchanged"
  says "pod/c created"
  run podctl get pods -A --no-headers
  [ "${#lines[@]}" -eq 3 ]
  run podctl get pods -A -l tier=back -o name
  [ "$output" = "pod/c" ]
  run podctl delete -f d -R --now
  [ "$status" -eq 0 ]
  run podctl get pods -A --no-headers
  [[ $output != *Running* ]]
}
