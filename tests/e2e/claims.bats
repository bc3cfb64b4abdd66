# PersistentVolumeClaims: a directory that outlives the pods which use it.
load helper

claim() {  # [SIZE [MODE]]
  cat <<END
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [${2:-ReadWriteOnce}]
  resources: {requests: {storage: ${1:-1Gi}}}
END
}
# NAME SCRIPT [LINES OF ITS SPEC]
using() { with_volume "$1" "$2" 'persistentVolumeClaim: {claimName: data}' '' "${3:-}"; }
volume() { echo "$PODCTL_ROOT/lib/claims/default/data"; }
says_of() { podctl get pod "$1" -o jsonpath='{.status.conditions[?(@.type=="PodScheduled")].message}' | grep -qF -- "$2"; }

@test "a claim is bound at once, and what one pod wrote the next one reads" {
  claim | podctl apply -f -
  run podctl get pvc
  [[ $output =~ NAME\ +STATUS\ +VOLUME\ +CAPACITY\ +ACCESS\ MODES\ +STORAGECLASS\ +VOLUMEATTRIBUTESCLASS\ +AGE ]]
  [[ $output =~ data\ +Bound\ +pvc-[0-9a-f-]+\ +1Gi\ +RWO\ +podctl\ +\<unset\> ]]
  using one 'echo kept >/v/file' | podctl apply -f -
  ended one Succeeded
  podctl delete pod one
  kill -9 "$(daemon_of_root)"
  using two 'cat /v/file' | podctl apply -f -
  ended two Succeeded
  [ "$(podctl logs two)" = kept ]
  run podctl explain pvc.spec.resources.requests
  says "podctl does not hold a volume to it"
  run podctl describe pvc data
  says "Size Limit:    none: the volume is a directory"
  says "Finalizers:    [kubernetes.io/pvc-protection]"
  says "Used By:       two"
  run podctl describe pod two
  says "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)"
  run podctl apply -f - < <(claim)
  [ "$output" = "persistentvolumeclaim/data unchanged" ]
  claim 2Gi | podctl apply -f -
  [ "$(podctl get pvc data -o jsonpath='{.status.capacity.storage}')" = 2Gi ]
  fails 1 podctl apply -f - < <(claim 1Gi)
  says "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
  podctl explain pvc.spec | grep -q storageClassName
}

@test "all claims of a namespace may be deleted at once, as any client asks for it" {
  claim | podctl apply -f -
  claim | sed 's/name: data/name: more/' | podctl apply -f -
  curl -sf --unix-socket "$PODCTL_ROOT/run/podctld.sock" -X DELETE http://podctl/api/v1/namespaces/default/persistentvolumeclaims |
    grep -q '"name":"more"'
  until_true eval '[ -z "$(podctl get pvc -o name)" ]'
}

@test "a pod may take its claim read-only" {
  claim | podctl apply -f -
  using one '! touch /v/file && ls -d /v' | sed 's/claimName: data/claimName: data, readOnly: true/' | podctl apply -f -
  ended one Succeeded
  podctl logs one | grep -q "Read-only file system"
}

@test "a claim that a pod has goes when the pod has gone, and it is said what is lost" {
  claim | podctl apply -f -
  using one 'echo x >/v/file; exec sleep 1000' | podctl apply -f -
  ready one
  run podctl delete pvc data --wait=false
  says "Warning: the volume of the claim goes with it, and all that is in $(volume)"
  podctl get pvc data | grep -q Terminating
  until_true test -e "$(volume)/file"
  # Nobody else gets it any more.
  using two 'ls /v' | podctl apply -f -
  says_of two 'persistentvolumeclaim "data" is being deleted'
  podctl delete pod one
  gone() { ! podctl get pvc data; }
  until_true gone
  [ ! -e "$(volume)" ]
  until_true says_of two 'persistentvolumeclaim "data" not found'
  claim | podctl apply -f -
  ended two Succeeded
  [ -z "$(podctl logs two)" ]
  podctl delete pod two
  podctl delete pvc data
  fails 1 podctl get pvc data
}

@test "a pod waits for its claim, whoever places it, and for a class that is here" {
  using one 'echo up' | podctl apply -f -
  says_of one '0/1 nodes are available: persistentvolumeclaim "data" not found.'
  podctl why one | grep -qF 'Make the PersistentVolumeClaim "data"'
  using two 'echo up' "nodeName: $(podctl get nodes -o jsonpath='{.items[0].metadata.name}')" | podctl apply -f -
  failed() { podctl events --for pod/two | grep -qF 'MountVolume.SetUp failed for volume "v" : persistentvolumeclaim "data" not found'; }
  until_true failed
  claim | podctl apply -f -
  ended one Succeeded
  ended two Succeeded
  podctl delete pod one two
  podctl delete pvc data
  claim | sed 's/^spec:/spec:\n  storageClassName: fast/' | podctl apply -f -
  [ "$(podctl get pvc data -o jsonpath='{.status.phase}')" = Pending ]
  run podctl describe pvc data
  says 'storageclass.storage.k8s.io "fast" not found'
  using one 'echo up' | podctl apply -f -
  says_of one "pod has unbound immediate PersistentVolumeClaims"
}

@test "ReadWriteOncePod is one pod's at a time" {
  claim 1Gi ReadWriteOncePod | podctl apply -f -
  using one 'exec sleep 1000' | podctl apply -f -
  ready one
  using two 'echo mine' | podctl apply -f -
  says_of two "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
  podctl delete pod one
  ended two Succeeded
}

@test "the volume is its users' fsGroup's, and a mode that a workload chose stays" {
  claim | podctl apply -f -
  using one 'mkdir /v/d; echo x >/v/d/f; chmod 600 /v/d/f; ln -s /etc/passwd /v/l; chmod 700 /v' | podctl apply -f -
  ended one Succeeded
  using two 'stat -c %a:%g /v' | podctl apply -f -
  ended two Succeeded
  [ "$(podctl logs two)" = 700:0 ]
  using three 'cat /v/d/f; stat -c %a:%g /v /v/d /v/d/f' \
    'securityContext: {fsGroup: 7000, runAsUser: 1000}' | podctl apply -f -
  ended three Succeeded
  [ "$(podctl logs three)" = $'x\n2770:7000\n2775:7000\n660:7000' ]
}

ephemeral() {  # NAME
  using "$1" "echo kept >>/v/file; exec sleep 1000" | sed 's/persistentVolumeClaim: .*/ephemeral: {volumeClaimTemplate: {metadata: {labels: {a: b}}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]/'
}

@test "the claim of an ephemeral volume comes and goes with its pod" {
  ephemeral one | podctl apply -f -
  ready one
  [ "$(podctl get pvc one-v -o jsonpath='{.status.phase} {.metadata.labels.a} {.metadata.ownerReferences[0].name}')" = "Bound b one" ]
  [ "$(podctl get pvc one-v -o jsonpath='{.metadata.ownerReferences[0].uid}')" = "$(field one '{.metadata.uid}')" ]
  run podctl describe pvc one-v
  says "Used By:       one"
  until_true grep -q kept "$PODCTL_ROOT/lib/claims/default/one-v/file"
  run podctl describe pod one
  says "EphemeralVolume"
  podctl delete pvc one-v --wait=false
  [ -n "$(podctl get pvc one-v -o jsonpath='{.metadata.deletionTimestamp}')" ]
  kill -9 "$(daemon_of_root)"
  podctl exec one -- test -e /v/file
  podctl delete pod one
  until_true no_claims
  [ ! -e "$PODCTL_ROOT/lib/claims/default/one-v" ]
}
no_claims() { [ -z "$(podctl get pvc -o name)" ]; }

@test "an ephemeral volume does not take a claim that is somebody's own, and begins once that has gone" {
  claim | sed 's/name: data/name: one-v/' | podctl apply -f -
  ephemeral one | podctl apply -f -
  until_true says_of one "PVC default/one-v was not created for pod default/one (pod is not owner)"
  podctl delete pvc one-v
  ready one
  podctl delete pod one
  until_true no_claims
}
