# Pods that podctld keeps running from files: ROOT/manifests.
load helper

there() { podctl get pod "$1" >/dev/null 2>&1; }
gone() { ! there "$1"; }
node() { podctl get nodes -o jsonpath='{.items[0].metadata.name}'; }
has_said() { grep -q "$1" "$PODCTL_ROOT/run/podctld.log"; }
says_args() { [ "$(field "$1" '{.spec.containers[0].args[0]}')" = "$2" ]; }

@test "files that come, change and go take their pods along" {
  mkdir "$PODCTL_ROOT/manifests"
  pod web 'exec sleep 1000' Always >"$PODCTL_ROOT/manifests/web.yaml"
  local web uid
  web=web-$(node)
  until_true there "$web"
  ready "$web"
  uid=$(uid_of "$web")
  [ "$(field "$web" '{.metadata.annotations.kubernetes\.io/config\.source}')" = file ]
  # One that is written while podctld runs, and one that is faulty.
  pod db 'exec sleep 1000' Always >draft
  echo 'kind: [' >"$PODCTL_ROOT/manifests/faulty.yaml"
  cp draft "$PODCTL_ROOT/manifests/db.yaml"
  until_true there "db-$(node)"
  ready "db-$(node)"
  until_true has_said 'manifests/faulty.yaml:'
  [ "$(uid_of "$web")" = "$uid" ]
  fails 1 podctl delete pod "$web"
  says "it is a static pod and goes with its file in $PODCTL_ROOT/manifests"
  fails 1 podctl patch pod "$web" -p '{"spec": {"activeDeadlineSeconds": 100}}'
  says "a static pod is what its file says: change that"
  podctl label pod "$web" shown=yes
  # It changes as a whole.
  pod web 'exec sleep 2000' Always >draft
  mv draft "$PODCTL_ROOT/manifests/web.yaml"
  until_true says_args "$web" 'exec sleep 2000'
  ready "$web"
  [ "$(uid_of "$web")" != "$uid" ]
  rm "$PODCTL_ROOT/manifests/web.yaml"
  until_true gone "$web"
  there "db-$(node)"
}

@test "the next podctld goes on with static pods, and ends those whose files went meanwhile" {
  mkdir "$PODCTL_ROOT/manifests"
  local name node uid pid
  for name in stays goes; do
    pod $name 'exec sleep 1000' Always >"$PODCTL_ROOT/manifests/$name.yaml"
  done
  node=$(node)
  until_true there "stays-$node"
  until_true there "goes-$node"
  ready "stays-$node"
  ready "goes-$node"
  uid=$(uid_of "stays-$node")
  rm "$PODCTL_ROOT/manifests/goes.yaml"
  kill -9 "$(podctl version -o json | jq -r .server.pid)"
  until_true gone "goes-$node"
  [ "$(uid_of "stays-$node")" = "$uid" ]
}

@test "a pod that only says that it came from a file is left alone" {
  mkdir "$PODCTL_ROOT/manifests"
  pod own 'exec sleep 1000' | sed 's/name: own$/name: own\n  annotations: {kubernetes.io\/config.source: file}/' | podctl apply -f -
  ready own
  pod web 'exec sleep 1000' >"$PODCTL_ROOT/manifests/web.yaml"
  until_true there "web-$(node)"
  rm "$PODCTL_ROOT/manifests/web.yaml"
  until_true gone "web-$(node)"
  there own
}

@test "a file that has a fault now leaves its pod running" {
  mkdir "$PODCTL_ROOT/manifests"
  local web uid
  pod web 'exec sleep 1000' Always >"$PODCTL_ROOT/manifests/web.yaml"
  web=web-$(node)
  until_true there "$web"
  ready "$web"
  uid=$(uid_of "$web")
  echo 'kind: [' >"$PODCTL_ROOT/manifests/web.yaml"
  until_true has_said 'manifests/web.yaml:'
  : >"$PODCTL_ROOT/manifests/web.yaml"
  pod other 'exec sleep 1000' >"$PODCTL_ROOT/manifests/other.yaml"
  until_true there "other-$(node)"
  [ "$(uid_of "$web")" = "$uid" ]
  rm "$PODCTL_ROOT/manifests/web.yaml"
  until_true gone "$web"
}

@test "a manifest may be a symlink, as those of a mounted ConfigMap are" {
  mkdir "$PODCTL_ROOT/manifests"
  pod linked 'exec sleep 1000' Always >elsewhere.yaml
  podctl get pods
  ln -s "$PWD/elsewhere.yaml" "$PODCTL_ROOT/manifests/linked.yaml"
  until_true there "linked-$(node)"
  ready "linked-$(node)"
  # One that leads to nothing for a moment takes no pod away.
  ln -sfn "$PWD/nowhere.yaml" "$PODCTL_ROOT/manifests/linked.yaml"
  until_true has_said 'linked.yaml: follow symlink'
  ready "linked-$(node)"
  rm "$PODCTL_ROOT/manifests/linked.yaml"
  until_true gone "linked-$(node)"
}
