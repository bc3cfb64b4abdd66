# ConfigMaps and Secrets: made, merged, shown, removed; and what no output may hold.
load helper

config() {
  cat <<'END'
apiVersion: v1
kind: ConfigMap
metadata: {name: site, labels: {app: web}}
data:
  greeting: hello
  page.html: "<p>\n  hi\n</p>\n"
binaryData: {logo: AAEC}
END
}

secret() {
  cat <<'END'
apiVersion: v1
kind: Secret
metadata: {name: login}
data: {user: cm9vdA==}
stringData: {password: xyzzy-1}
END
}

@test "ConfigMaps and Secrets are made, shown in kubectl's columns, changed and deleted" {
  { config; echo ---; secret; } >all.yaml
  run podctl apply -f all.yaml
  [ "$output" = $'configmap/site created\nsecret/login created' ]
  run podctl apply -f all.yaml
  [ "$output" = $'configmap/site unchanged\nsecret/login unchanged' ]
  run podctl get cm
  [[ $output =~ ^NAME\ +DATA\ +AGE$'\n'site\ +3\ +[0-9]+s$ ]]
  run podctl get secrets,configmaps --no-headers
  [[ $output =~ secret/login\ +Opaque\ +2\ +[0-9]+s.*configmap/site\ +3\ +[0-9]+s ]]
  [ "$(podctl get secret login -o jsonpath='{.data.password}' | base64 -d)" = xyzzy-1 ]
  [ -z "$(podctl get secret login -o jsonpath='{.stringData}')" ]
  [ "$(podctl get cm -l app=web -o name)" = configmap/site ]
  [ -z "$(podctl get secrets --field-selector type=kubernetes.io/tls -o name)" ]

  sed -i 's/hello/good day/; s/xyzzy-1/xyzzy-2/' all.yaml
  run podctl apply -f all.yaml
  [ "$output" = $'configmap/site configured\nsecret/login configured' ]
  [ "$(podctl get cm site -o jsonpath='{.data.greeting}')" = "good day" ]
  run podctl delete cm/site secret/login
  [ "$output" = $'configmap "site" deleted\nsecret "login" deleted' ]
  fails 1 podctl get cm site
  says 'Error from server (NotFound): configmaps "site" not found'
  run podctl get secrets
  says "No resources found in default namespace."
}

@test "apply takes out what it set before, and leaves what others set" {
  config | podctl apply -f -
  podctl get cm site -o json | sed 's/"greeting"/"foreign": "x", "greeting"/' >live.json
  curl -sf --unix-socket "$PODCTL_ROOT/run/podctld.sock" -X PUT -H 'Content-Type: application/json' \
    --data-binary @live.json http://podctl/api/v1/namespaces/default/configmaps/site >put.json
  config | sed '/page.html/d; /binaryData/d' | podctl apply -f -
  [ "$(podctl get cm site -o jsonpath='{.data}')" = '{"foreign":"x","greeting":"hello"}' ]
  [ -z "$(podctl get cm site -o jsonpath='{.binaryData}')" ]
}

@test "null takes a key out, and finalizers of others stay when one's own change" {
  config | sed 's/^metadata: {/&finalizers: [example.com\/a], /' | podctl apply -f -
  podctl patch cm site --type=json -p '[{"op": "add", "path": "/metadata/finalizers/-", "value": "example.com/other"}]'
  config | sed 's/^metadata: {/&finalizers: [example.com\/b], annotations: {note: null}, /; s/greeting: hello/greeting: null/' |
    podctl apply -f -
  [ "$(podctl get cm site -o jsonpath='{.metadata.finalizers}')" = '["example.com/other","example.com/b"]' ]
  [[ $(podctl get cm site -o jsonpath='{.data}') != *greeting* ]]
  config | podctl apply -f -
  [ "$(podctl get cm site -o jsonpath='{.metadata.finalizers}')" = '["example.com/other"]' ]
  podctl patch cm site --type=merge -p '{"metadata": {"finalizers": null}}'
  podctl delete cm site
}

@test "edit changes a ConfigMap and a Secret as it does pods" {
  config | podctl apply -f -
  [ "$(EDITOR='sed -i s/hello/bonjour/' podctl edit cm site)" = "configmap/site edited" ]
  [ "$(podctl get cm site -o jsonpath='{.data.greeting}')" = bonjour ]
  secret | podctl apply -f -
  [ "$(EDITOR='sed -i s/cm9vdA==/YWRtaW4=/' podctl edit secret/login)" = "secret/login edited" ]
  [ "$(podctl get secret login -o jsonpath='{.data.user}')" = YWRtaW4= ]
  fails 1 env EDITOR='sed -i s/greeting:/bad/key:/' podctl edit cm site
  fails 2 podctl edit node x
  says "cannot be edited: nodes"
}

@test "what a Secret holds stands once in it, and a ConfigMap may be as large as one may be" {
  secret | podctl apply -f -
  run podctl get secret login -o yaml
  [[ $output != *xyzzy* && $(grep -c 'cm9vdA==' <<<"$output") = 1 ]]
  secret | sed '/^data/d' | podctl apply -f -
  [ -z "$(podctl get secret login -o jsonpath='{.data.user}')" ]
  [ "$(podctl get secret login -o jsonpath='{.data.password}' | base64 -d)" = xyzzy-1 ]
  { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\nbinaryData:\n  a: '
    head -c 1000000 /dev/zero | base64 -w0
    printf '\n  b: AA==\n'; } >big.yaml
  podctl apply -f big.yaml
  run podctl apply -f big.yaml
  [ "$output" = "configmap/big unchanged" ]
  sed -i '/^  b:/d' big.yaml
  podctl apply -f big.yaml
  [ "$(podctl get cm big -o json | grep -c '"[ab]": ')" = 1 ]
}

@test "what is immutable stays, unless it is made anew" {
  { config; echo 'immutable: true'; } >cm.yaml
  podctl apply -f cm.yaml
  sed -i 's/hello/bye/' cm.yaml
  fails 1 podctl apply -f cm.yaml
  says 'cm.yaml:4:1: data: Forbidden: field is immutable when `immutable` is set'
  run podctl apply --force -f cm.yaml
  [ "$output" = "configmap/site configured (recreated)" ]
  [ "$(podctl get cm site -o jsonpath='{.data.greeting}')" = bye ]
  secret | podctl apply -f -
  fails 1 podctl apply -f - < <(secret; echo 'type: kubernetes.io/tls')
  says 'data[tls.crt]: Required value'
  fails 1 podctl apply -f - < <(secret; echo 'type: other')
  says 'type: Invalid value: "other": field is immutable'
}

@test "every fault of a manifest has its place, and a Secret's lines are not shown" {
  cat >bad.yaml <<'END'
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  "a b": x
  twice: x
binaryData:
  twice: AA==
  broken: "@@"
immutabel: true
---
apiVersion: v1
kind: Secret
metadata: {name: s}
data: {key: "hidden-1"}
stringData: {pin: 4711, "no good": hidden-2}
END
  fails 1 podctl apply -f bad.yaml
  says "bad.yaml:5:3: data[a b]: Invalid value: \"a b\": a valid config key must consist of"
  says 'bad.yaml:6:3: data.twice: Invalid value: "twice": duplicate of key present in binaryData'
  says "bad.yaml:9:11: binaryData.broken: illegal base64 data at input byte 0"
  says 'bad.yaml:10:1: immutabel: unknown field "immutabel", did you mean "immutable"?'
  says "bad.yaml:15:13: data.key: illegal base64 data at input byte 6"
  says "bad.yaml:16:19: stringData.pin: must be a string, not a number"
  says "bad.yaml:16:"
  [[ $output != *hidden* && $output != *4711* ]]
  fails 1 podctl apply -f - < <(printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: hidden-3\n')
  [[ $output != *hidden* ]]
  fails 1 podctl apply -f - < <(printf 'apiVersion: v1\nkind: ConfigMapp\nmetadata: {name: s}\n')
  says 'did you mean "ConfigMap"?'
  fails 1 podctl apply -f - < <(printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata: {a: %s}\n' \
    "$(head -c 1048577 /dev/zero | tr '\0' x)")
  says "data: Too long: may not be more than 1048576 bytes"
}

@test "describe shows a ConfigMap's data and only the sizes of a Secret's; nothing of it lies open" {
  config | podctl apply -f -
  secret | podctl apply -f -
  run podctl describe cm site
  says $'Name:         site\nNamespace:    default\nLabels:       app=web\nAnnotations:  <none>\n\nData\n====\ngreeting:\n----\nhello\n\npage.html:\n----\n<p>\n  hi\n</p>\n'
  says $'BinaryData\n====\nlogo: 3 bytes\n\nEvents:  <none>'
  run podctl describe secret login
  [ "$output" = $'Name:         login\nNamespace:    default\nLabels:       <none>\nAnnotations:  <none>\n\nType:  Opaque\n\nData\n====\npassword:  7 bytes\nuser:      4 bytes' ]
  # What holds it is its owner's alone, and logs are not among that.
  run grep -rslE 'xyzzy|eHl6enkt' "$PODCTL_ROOT"  # -s: what goes meanwhile
  [ -n "$output" ]
  local file
  while read -r file; do
    [ "$(stat -c %a:%u "$file")" = 600:0 ] || { echo "$file is $(stat -c %a:%u "$file")"; return 1; }
    [[ $file != *log* ]]
  done <<<"$output"
}

@test "watches, patches and collections of ConfigMaps, as any client asks for them" {
  config | podctl apply -f -
  podctl get cm -w -o name >seen &
  local watch=$!
  until_true grep -qx configmap/site seen
  config | sed 's/name: site/name: more/' | podctl apply -f -
  until_true grep -qx configmap/more seen
  kill "$watch"
  wait "$watch" || true
  api() { curl -sf --unix-socket "$PODCTL_ROOT/run/podctld.sock" "$@"; }
  local base=http://podctl/api/v1/namespaces/default
  api -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"data":{"greeting":null,"new":"n"}}' \
    $base/configmaps/site >patched
  [ "$(podctl get cm site -o jsonpath='{.data.new}{.data.greeting}')" = n ]
  curl -s --unix-socket "$PODCTL_ROOT/run/podctld.sock" -X PATCH -H 'Content-Type: application/merge-patch+json' \
    -d '{"metadata":{"name":"other"},"data":{"new":"m"}}' $base/configmaps/site >refused
  grep -q '"message":"the name of the object (other) does not match the name on the URL (site)".*"code":400' refused
  [ "$(podctl get cm site -o jsonpath='{.data.new}')" = n ]
  api -X POST -H 'Content-Type: application/json' -d '{"metadata":{"generateName":"g-"},"data":{"a":"b"}}' \
    $base/configmaps | grep -q '"name":"g-'
  api -X DELETE "$base/configmaps?labelSelector=app" | grep -q '"kind":"ConfigMapList"'
  [[ $(podctl get cm -o name) == configmap/g-* ]]
  # A finalizer holds one back until it is taken out.
  config | sed 's/labels:/finalizers: [test.podctl.dev\/hold], labels:/' | podctl apply -f -
  run podctl delete cm site --timeout=0
  [ "$status" -eq 1 ]
  [ -n "$(podctl get cm site -o jsonpath='{.metadata.deletionTimestamp}')" ]
  api -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"finalizers":null}}' \
    $base/configmaps/site >patched
  fails 1 podctl get cm site
}

@test "ConfigMaps and Secrets outlive podctld, and count as what a namespace holds" {
  { config; secret; } | sed 's/^apiVersion/---\n&/' | podctl apply -n lab -f -
  local pid
  pid=$(podctl version -o json | grep -o '"pid": *[0-9]*' | grep -o '[0-9]*')
  kill -KILL "$pid"
  [ "$(podctl get cm site -n lab -o jsonpath='{.data.greeting}')" = hello ]
  [[ $(podctl get ns -o name) == *namespace/lab* ]]
}

@test "explain, api-resources and completion know them" {
  run podctl explain secret.stringData
  says "FIELD: stringData <map[string]string>  (supported)"
  says "Text by key, which goes into data"
  podctl api-resources | grep -Eq '^configmaps +cm +v1 +true +ConfigMap'
  config | podctl apply -f -
  [ "$(podctl __complete -- get configmaps s)" = site ]
  podctl __complete -- delete c | grep -qx configmaps
}
