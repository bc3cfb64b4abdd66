# Faulty manifests: every fault at once, each with its place, and nothing applied.
load helper

@test "all faults of all documents, with file, line, column, field and a suggestion" {
  cat >bad.yaml <<'EOF'
apiVersion: v1
kind: Pod
metadata:
  name: Web
spec:
  contianers:
  - name: a
    image: podctl/busybox
---
apiVersion: v1
kind: Pod
metadata:
  name: ok
spec:
  containers:
  - name: a
    image: podctl/busybox
    imagePulPolicy: Never
    resources:
      limits:
        memory: 12Q
EOF
  fails 1 podctl apply -f bad.yaml
  says "bad.yaml:6:3"
  says 'did you mean "containers"'
  says "bad.yaml:18:5"
  says 'did you mean "imagePullPolicy"'
  says "bad.yaml:21:17"
  says "spec.containers[0].resources.limits"
  run podctl get pods
  says "No resources found in default namespace."
}

@test "a kind that is not served is named" {
  printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n' >d.yaml
  fails 1 podctl apply -f d.yaml
  says "Deployment"
  says "d.yaml:"
}

@test "duplicate keys and missing fields are faults" {
  printf 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\nspec:\n  containers:\n  - image: x\n' >dup.yaml
  fails 1 podctl apply -f dup.yaml
  says "dup.yaml:5:3"
  says "spec.containers[0].name"
}

@test "a YAML bomb is refused at once" {
  {
    echo 'a: &a [x,x,x,x,x,x,x,x,x]'
    for n in b c d e f g h i; do
      prev=$(printf '%s' "$n" | tr b-i a-h)
      echo "$n: &$n [*$prev,*$prev,*$prev,*$prev,*$prev,*$prev,*$prev,*$prev,*$prev]"
    done
  } >bomb.yaml
  fails 1 podctl apply -f bomb.yaml
  says "alias"
}

@test "an alias of a long text is counted by its bytes" {
  { printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a, command: [sh, &a "'
    head -c 500000 /dev/zero | tr '\0' x
    printf '"'
    for _ in {1..1900}; do printf ', *a'; done
    printf ']}]}\n'; } >bytes.yaml
  fails 1 timeout "$(patience 20)" podctl apply -f bytes.yaml
  says "aliases expand to more than 1048576 bytes"
}

@test "several files in one -f, and links to directories that are not followed" {
  mkdir -p dir/below
  pod one true >dir/one.yaml
  pod two true >dir/below/two.yaml
  ln -s . dir/loop
  ln -s ../dir/below dir/linked
  run podctl apply --dry-run=client -R -f dir
  [ "$(sort <<<"$output")" = $'pod/one created (dry run)\npod/two created (dry run)' ]
  run podctl apply --dry-run=client -f dir/one.yaml,dir/below/two.yaml
  [ "$output" = $'pod/one created (dry run)\npod/two created (dry run)' ]
}

@test "thousands of faults and files without an end are refused at once" {
  { printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n'; seq -f '  unknownkey%.0f: 1' 14000; } >many.yaml
  fails 1 timeout "$(patience 20)" podctl apply -f many.yaml
  says 'many.yaml: and 13901 more'
  fails 1 timeout "$(patience 20)" podctl apply -f /dev/zero
  says "larger than 8 MiB"
}

@test "a slip in a list or at the top of an object is named" {
  printf 'apiVersion: v1\nkind: List\nitmes: []\n' >list.yaml
  fails 1 podctl apply -f list.yaml
  says 'list.yaml:3:1: itmes: unknown field "itmes", did you mean "items"?'
  pod one true | sed 's/^apiVersion/apiversion/' >one.yaml
  fails 1 podctl apply -f one.yaml
  says 'one.yaml:1:1: apiversion: unknown field "apiversion", did you mean "apiVersion"?'
}

@test "a field that is not acted on yet is warned of with its path" {
  pod one 'exec sleep 1000' | sed 's/^spec:/spec:\n  securityContext: {windowsOptions: {hostProcess: false}}/' >warn.yaml
  fails 0 podctl apply -f warn.yaml
  says "Warning: spec.securityContext.windowsOptions: podctl does not act on this field yet (pod/one)"
}

@test "wrong usage exits 2 and suggests" {
  fails 2 podctl aply -f x.yaml
  says 'apply'
  fails 2 podctl get pods --no-such-flag
  fails 1 podctl apply -f no-such-file.yaml
  says "no-such-file.yaml"
}

@test "apply and delete need a name" {
  pod one 'exec sleep 1000' | sed 's/name: one/generateName: one-/' >generated.yaml
  fails 1 podctl apply -f generated.yaml
  says 'generated.yaml:4:'
  says 'metadata.generateName: cannot be used here: give metadata.name'
  fails 1 podctl delete -f generated.yaml
}

@test "an object read back applies without a word, as YAML and as JSON" {
  pod one 'exec sleep 1000' >one.yaml
  podctl apply -f one.yaml
  ready one
  for format in yaml json; do
    podctl get pod one -o $format >back
    run podctl apply -f back
    [ "$output" = "pod/one unchanged" ]
  done
}

@test "what podctl cannot do comes in the same list as the other faults, also in a client's dry run" {
  { pod one 'true' | sed 's/^spec:/spec:\n  priorityClassName: none\n  volumes: [{name: v, nfs: {server: c, path: \/}}]\n  hostNetwrok: true/'
    echo ---
    pod two 'true' | sed 's/^spec:/spec:\n  runtimeClassName: kata/'; } >all.yaml
  for mode in client server none; do
    fails 1 podctl apply -f all.yaml --dry-run=$mode
    [ "$(grep -o '^all.yaml:[0-9]*:[0-9]*: [a-zA-Z.0-9]*' <<<"$output" | tr '\n' ' ')" = "\
all.yaml:6:22: spec.priorityClassName all.yaml:7:23: spec.volumes all.yaml:8:3: spec.hostNetwrok all.yaml:24:21: spec.runtimeClassName " ]
    says "4 faults: nothing was changed"
  done
  fails 0 podctl delete -f <(sed -n '/^---/,$p' all.yaml) --ignore-not-found
}

@test "what only podctld can tell is shown in the order of the file" {
  pod one 'true' | sed 's/^spec:/spec:\n  nodeName: elsewhere/' >one.yaml
  fails 1 podctl apply -f one.yaml
  says 'one.yaml:6:13: spec.nodeName: Forbidden: the one node here is "'
}

@test "events are listed in the order they came" {
  pod one 'true' >one.yaml
  podctl apply -f one.yaml
  ended one Succeeded
  run podctl get events -o jsonpath='{.items[*].reason}'
  [ "$output" = "Scheduled Pulled Created Started" ]
}

@test "applying what is being deleted says so" {
  pod one 'trap : TERM; while :; do sleep 1; done' | sed 's/PeriodSeconds: 1/PeriodSeconds: 60/' >one.yaml
  podctl apply -f one.yaml
  ready one
  podctl delete pod one --wait=false
  run podctl apply -f one.yaml
  says "Warning: pod/one is being deleted"
  podctl delete pod one --force
}
