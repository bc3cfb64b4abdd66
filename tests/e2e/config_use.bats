# What pods take from ConfigMaps and Secrets: variables, files, and what happens without them.
load helper

config() {  # NAME KEY=VALUE…
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata:\n' "$1"
  printf '  %s\n' "${@:2}"
}
secret() {
  printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\nstringData:\n' "$1"
  printf '  %s\n' "${@:2}"
}
# using NAME SCRIPT CONTAINER-LINES [SPEC-LINES]: a pod of one container, with these lines of YAML in it.
using() {
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {app: web}}\nspec:\n' "$1"
  printf '  terminationGracePeriodSeconds: 0\n%s  containers:\n  - name: main\n' "${4:-}"
  printf '    image: podctl/busybox\n    command: [sh, -c, %s]\n%s' "\"$2\"" "$3"
}
reason() { field "$1" '{.status.containerStatuses[0].state.waiting.reason}'; }
waits_with() { [ "$(reason "$1")" = "$2" ]; }
logs_say() { [ "$(podctl logs "$1" 2>&1)" = "$2" ]; }
inside() { podctl exec "$1" -- sh -c "$2"; }

@test "variables come from keys and from whole objects, later ones over earlier ones" {
  config site 'GREETING: hello' 'A.b-c: odd' | podctl apply -f -
  secret login 'user: root' 'GREETING: from the secret' | podctl apply -f -
  cat >one.yaml <<'END'
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  restartPolicy: Never
  containers:
  - name: main
    image: podctl/busybox
    command: [env]  # a shell would drop the odd name
    envFrom:
    - {prefix: W_, configMapRef: {name: site}}
    - {prefix: L_, secretRef: {name: login}}
    - {configMapRef: {name: none, optional: true}}
    - {configMapRef: {name: site}}
    env:
    - {name: USER, valueFrom: {secretKeyRef: {name: login, key: user}}}
    - {name: NONE, valueFrom: {configMapKeyRef: {name: site, key: none, optional: true}}}
    - {name: SAYS, value: "$(W_GREETING), $(USER)"}
END
  podctl apply -f one.yaml
  ended one Succeeded
  [ "$(podctl logs one | grep -E '^(W_|L_|USER|NONE|SAYS|GREETING)' | LC_ALL=C sort)" = $'GREETING=hello\nL_GREETING=from the secret\nL_user=root\nSAYS=hello, root\nUSER=root\nW_A.b-c=odd\nW_GREETING=hello' ]
  run podctl get pod one -o yaml
  [[ $output != *"from the secret"* ]]
}

@test "without its object or key a container waits with the kubelet's words, and starts once they are there" {
  using one 'echo $USER; exec sleep 1000' '    env:
    - {name: USER, valueFrom: {secretKeyRef: {name: login, key: user}}}
' | podctl apply -f -
  until_true waits_with one CreateContainerConfigError
  [ "$(field one '{.status.containerStatuses[0].state.waiting.message}')" = 'secret "login" not found' ]
  podctl describe pod one | grep -Eq 'Warning +Failed .* Error: secret "login" not found'
  run podctl why one
  says 'Make the Secret "login" with "podctl apply"'
  secret login 'other: x' | podctl apply -f -
  message() { [ "$(field one '{.status.containerStatuses[0].state.waiting.message}')" = "$1" ]; }
  until_true message "couldn't find key user in Secret default/login"
  secret login 'user: root' | podctl apply -f -
  until_true logs_say one root
}

@test "a container that runs keeps the variables that it was started with, for exec and probes too" {
  config site 'MODE: first' | podctl apply -f -
  using one 'exec sleep 1000' '    envFrom: [{configMapRef: {name: site}}]
    readinessProbe: {periodSeconds: 1, timeoutSeconds: 30, exec: {command: [sh, -c, "[ $MODE = first ]"]}}
' | podctl apply -f -
  ready one
  config site 'MODE: second' | podctl apply -f -
  [ "$(inside one 'echo $MODE')" = first ]
  podctl delete cm site
  [ "$(inside one 'echo $MODE $HOSTNAME')" = "first one" ]
  local pid
  pid=$(podctl version -o json | grep -o '"pid": *[0-9]*' | grep -o '[0-9]*')
  kill -KILL "$pid"
  [ "$(inside one 'echo $MODE')" = first ]
  [ "$(field one '{.status.containerStatuses[0].ready}')" = true ]
}

@test "keys become files with their modes, in the kubelet's layout, read-only" {
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: site}\ndata: {a.conf: "x=1\\n", b: bb}\nbinaryData: {raw: AAEC}\n' |
    podctl apply -f -
  secret login 'user: root' | podctl apply -f -
  using one 'exec sleep 1000' '    volumeMounts:
    - {name: all, mountPath: /all}
    - {name: some, mountPath: /some}
    - {name: keys, mountPath: /keys}
' '  volumes:
  - {name: all, configMap: {name: site}}
  - {name: some, configMap: {name: site, defaultMode: 0440, items: [{key: b, path: deep/er/b}, {key: raw, path: raw, mode: 0400}]}}
  - {name: keys, secret: {secretName: login, defaultMode: 0600}}
' | podctl apply -f -
  ready one
  [ "$(inside one 'cat /all/a.conf /all/b; od -An -tx1 /all/raw | tr -d " "; ls /all')" = $'x=1\nbb000102\na.conf\nb\nraw' ]
  [ "$(inside one 'readlink /all/b; stat -Lc %a:%u:%g /all/b; stat -c %a /all/..data/')" = $'..data/b\n644:0:0\n755' ]
  inside one 'readlink /all/..data' | grep -Eq '^\.\.20[0-9]{2}(_[0-9]{2}){5}\.[0-9a-f]+$'
  [ "$(inside one 'cat /some/deep/er/b; stat -Lc %a /some/deep/er/b /some/raw; ls /some')" = $'bb440\n400\ndeep\nraw' ]
  [ "$(inside one 'cat /keys/user; stat -Lc %a /keys/user; stat -f -c %T /keys')" = $'root600\ntmpfs' ]
  fails 1 podctl exec one -- touch /all/new
  says "Read-only file system"
  podctl describe pod one | grep -A3 '^  keys:' | grep -q 'SecretName:  login'
}

@test "a pod waits for the object of a volume as with a kubelet, and goes on when it is there" {
  using one 'cat /cfg/a; echo; exec sleep 1000' '    volumeMounts: [{name: cfg, mountPath: /cfg}, {name: may, mountPath: /may}]
' '  volumes:
  - {name: cfg, configMap: {name: site, items: [{key: a, path: a}]}}
  - {name: may, secret: {secretName: none, optional: true}}
' | podctl apply -f -
  failed_mount() { podctl get events -o jsonpath='{.items[*].message}' | grep -qF "MountVolume.SetUp failed for volume \"cfg\" : $1"; }
  until_true failed_mount 'configmap "site" not found'
  waits_with one ContainerCreating
  run podctl why one
  says 'Make the ConfigMap "site"'
  config site 'b: x' | podctl apply -f -
  until_true failed_mount 'configmap references non-existent config key: a'
  config site 'a: here' | podctl apply -f -
  ready one
  until_true logs_say one here
  [ "$(inside one 'ls /may')" = "" ]
  secret none 'late: but there' | podctl apply -f -
  there() { [ "$(inside one 'cat /may/late')" = "but there" ]; }
  until_true there
}

@test "changes reach running containers by one rename; a subPath keeps what it had" {
  config site 'a: a1' 'b: b1' 'gone: x' | podctl apply -f -
  using one 'exec sleep 1000' '    volumeMounts:
    - {name: cfg, mountPath: /cfg}
    - {name: cfg, mountPath: /one/a, subPath: a}
' '  volumes: [{name: cfg, configMap: {name: site}}]
' | podctl apply -f -
  ready one
  # Both files are read through the directory that ..data leads to at one moment: they are never of two versions.
  podctl exec one -- sh -c 'while sleep 0.01; do
      cd -P /cfg/..data && x=$(cat a) && y=$(cat b) || continue  # removed meanwhile
      [ "${x#a}" = "${y#b}" ] || echo torn
    done 2>/dev/null' >torn &
  local reader=$!
  for n in 2 3 4 5 6; do config site "a: a$n" "b: b$n" | podctl apply -f -; done
  now() { [ "$(inside one 'cat /cfg/a /cfg/b')" = "$1" ]; }
  until_true now a6b6
  kill "$reader"
  wait "$reader" || true
  [[ $(cat torn) != *torn* ]]
  [ "$(inside one 'cat /one/a; ls /cfg; ls -A /cfg | grep -c "^\.\.20"')" = $'a1a\nb\n1' ]
  # Also by a podctld that has just come.
  local pid
  pid=$(podctl version -o json | grep -o '"pid": *[0-9]*' | grep -o '[0-9]*')
  kill -KILL "$pid"
  config site 'a: a7' 'b: b7' | podctl apply -f -
  until_true now a7b7
  podctl delete cm site
  now a7b7
}

@test "a volume whose object is gone does not keep changes from the others" {
  config first 'a: a1' | podctl apply -f -
  config second 'b: b1' | podctl apply -f -
  using one 'exec sleep 1000' '    volumeMounts:
    - {name: first, mountPath: /first}
    - {name: second, mountPath: /second}
    - {name: self, mountPath: /self}
' '  volumes:
  - {name: first, configMap: {name: first}}
  - {name: second, configMap: {name: second}}
  - {name: self, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
' | podctl apply -f -
  ready one
  podctl delete cm first
  config second 'b: b2' | podctl apply -f -
  podctl label pod one tier=back
  now() { [ "$(inside one 'cat /first/a /second/b')" = "$1" ] && [[ $(inside one 'cat /self/labels') == *'tier="back"'* ]]; }
  until_true now a1b2
  run podctl events --for pod/one
  says 'configmap "first" not found'
}

@test "the pod's own fields as files, and all sources in one directory" {
  config site 'a: a1' | podctl apply -f -
  secret login 'user: root' | podctl apply -f -
  using one 'exec sleep 1000' '    resources: {limits: {cpu: 1500m, memory: 64Mi}}
    volumeMounts: [{name: all, mountPath: /all}, {name: own, mountPath: /own}]
' '  volumes:
  - name: own
    downwardAPI:
      items:
      - {path: labels, fieldRef: {fieldPath: metadata.labels}}
      - {path: cpus, resourceFieldRef: {containerName: main, resource: limits.cpu}}
      - {path: mebibytes, mode: 0400, resourceFieldRef: {containerName: main, resource: limits.memory, divisor: 1Mi}}
  - name: all
    projected:
      defaultMode: 0440
      sources:
      - configMap: {name: site}
      - secret: {name: login, items: [{key: user, path: login/user, mode: 0400}]}
      - downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}
' >one.yaml
  podctl apply -f one.yaml
  ready one
  [ "$(inside one 'cd /own; cat labels; echo; cat cpus mebibytes; echo; stat -Lc %a mebibytes')" = $'app="web"\n264\n400' ]
  [ "$(inside one 'cd /all; cat a login/user name; echo; stat -Lc %a a login/user')" = $'a1rootone\n440\n400' ]
  sed -i 's/app: web/app: web, tier: front/' one.yaml
  podctl apply -f one.yaml
  labelled() { [ "$(inside one 'cat /own/labels')" = $'app="web"\ntier="front"' ]; }
  until_true labelled
  config site 'a: a2' | podctl apply -f -
  now() { [ "$(inside one 'cat /all/a')" = a2 ]; }
  until_true now
  fails 1 podctl apply -f - < <(sed 's/name: one/name: two/; s/- configMap: {name: site}/- serviceAccountToken: {path: token}/' one.yaml)
  says "spec.volumes[1].projected.sources[0].serviceAccountToken: Forbidden: podctl issues no tokens"
  fails 1 podctl apply -f - < <(sed 's/name: one/name: two/; s/path: login.user/path: ..user/; s/metadata.labels/status.podIP/' one.yaml)
  says "items[0].path: Invalid value: \"..user\": must not start with '..'"
  says 'fieldRef.fieldPath: Unsupported value: "status.podIP"'
}

@test "a Secret is on no disk but the store's, wherever it is used" {
  secret login 'user: xyzzy-plugh' | podctl apply -f -
  using one 'exec sleep 1000' '    env: [{name: USER, valueFrom: {secretKeyRef: {name: login, key: user}}}]
    volumeMounts: [{name: keys, mountPath: /keys}]
' '  volumes: [{name: keys, secret: {secretName: login}}]
' | podctl apply -f -
  ready one
  [ "$(inside one 'cat /keys/user; echo $USER')" = xyzzy-plughxyzzy-plugh ]
  podctl exec one -- sh -c 'true'
  run grep -rslE 'xyzzy-plugh|eHl6enktcGx1Z2g' "$PODCTL_ROOT"  # -s: what goes meanwhile
  local file
  for file in $output; do
    [[ $file == "$PODCTL_ROOT"/lib/objects.db* && $(stat -c %a "$file") = 600 ]] || { echo "$file"; return 1; }
  done
  { podctl describe pod one; podctl trace one; podctl get events; podctl why one; cat "$PODCTL_ROOT/run/podctld.log"; } >all
  ! grep -E 'xyzzy-plugh|eHl6enktcGx1Z2g' all
}
