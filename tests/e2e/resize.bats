# In-place resize: other cpu and memory for a container that runs on.
load helper

# limit_of POD KEY…: what the kernel holds of the container's group, by whichever of these names there is.
limit_of() {
  local pod=$1 keys
  shift
  keys=$(printf '%s\n' "$@" | jq -R . | jq -sc .)
  curl -sf --unix-socket "$PODCTL_ROOT/run/podctld.sock" \
    "http://podctl/apis/podctl.dev/v1/namespaces/default/pods/$pod/sandbox" |
    jq -r --argjson keys "$keys" '.cgroups[] | select(.holder == "container/main") | .limits | [.[$keys[]] // empty] | first'
}
memory_of() { limit_of "$1" memory.max memory.limit_in_bytes; }
has_memory() { [ "$(memory_of "$1")" = "$2" ]; }
settled() { [ -z "$(field "$1" '{.status.conditions[?(@.type=="PodResizeInProgress")].type}')" ]; }

@test "what is asked for while containers start reaches them too" {
  local n
  for n in 1 2 3 4 5 6; do
    resizable "early$n" '{requests: {memory: 32Mi}, limits: {memory: 64Mi}}' | podctl apply -f -
    podctl resize "early$n" --limits memory=96Mi
  done
  for n in 1 2 3 4 5 6; do
    ready "early$n"
    until_true has_memory "early$n" 100663296
    until_true settled "early$n"
  done
  # What changes nothing is no change.
  local version
  version=$(field early1 '{.metadata.generation}')
  podctl resize early1 --limits memory=96Mi
  [ "$(field early1 '{.metadata.generation}')" = "$version" ]
}

@test "cpu and memory change under a container that runs" {
  resizable one '{requests: {cpu: 50m, memory: 32Mi}, limits: {cpu: 100m, memory: 64Mi}}' | podctl apply -f -
  ready one
  [ "$(memory_of one)" = 67108864 ]
  run podctl resize one --limits memory=96Mi,cpu=200m --requests cpu=60m
  [ "$output" = "pod/one resized" ]
  until_true has_memory one 100663296
  until_true settled one
  [ "$(field one '{.status.containerStatuses[0].resources.limits.memory} {.status.containerStatuses[0].allocatedResources.cpu} {.status.containerStatuses[0].restartCount}')" = "96Mi 60m 0" ]
  run podctl events --for pod/one
  says "ResizeCompleted"
  # Any client's patch of the subresource does the same.
  curl -sf --unix-socket "$PODCTL_ROOT/run/podctld.sock" -X PATCH -H 'Content-Type: application/strategic-merge-patch+json' \
    -d '{"spec":{"containers":[{"name":"main","resources":{"limits":{"memory":"80Mi"}}}]}}' \
    http://podctl/api/v1/namespaces/default/pods/one/resize >patched.json
  [ "$(jq -r '.metadata.generation' patched.json)" = 3 ]
  until_true has_memory one 83886080
}

@test "a container whose policy asks for it is restarted" {
  resizable one '{limits: {memory: 64Mi, cpu: 100m}}' 'resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}]' | podctl apply -f -
  ready one
  podctl resize one --limits cpu=150m --requests cpu=150m
  until_true settled one
  [ "$(field one '{.status.containerStatuses[0].restartCount}')" = 0 ]
  podctl resize one --limits memory=96Mi --requests memory=96Mi
  restarted() { [ "$(field one '{.status.containerStatuses[0].restartCount}')" = 1 ]; }
  until_true restarted
  ready one
  [ "$(memory_of one)" = 100663296 ]
  run podctl events --for pod/one
  says "Container main resize requires restart"
}

@test "what the node has no room for waits or is never done" {
  local cpus
  cpus=$(podctl get nodes -o jsonpath='{.items[0].status.allocatable.cpu}')
  resizable one '{requests: {cpu: 10m}}' | podctl apply -f -
  resizable two "{requests: {cpu: $((cpus * 1000 - 10))m}}" | podctl apply -f -
  ready one
  ready two
  podctl resize one --requests cpu=$((cpus + 1))
  pending() { [ "$(field one '{.status.conditions[?(@.type=="PodResizePending")].reason}')" = "$1" ]; }
  until_true pending Infeasible
  podctl resize one --requests cpu=20m
  until_true pending Deferred
  podctl why one | grep -qF "has not been given the resources that it was resized to"
  [ "$(field one '{.status.containerStatuses[0].allocatedResources.cpu}')" = 10m ]
  # It is remembered.
  kill -9 "$(daemon_of_root)"
  until_true pending Deferred
  podctl delete pod two
  until_true pending ""
  [ "$(field one '{.status.containerStatuses[0].allocatedResources.cpu}')" = 20m ]
}

@test "what a resize may not change is refused" {
  resizable one '{requests: {cpu: 50m}, limits: {cpu: 100m}}' | podctl apply -f -
  ready one
  fails 1 podctl resize one --requests cpu=200m
  says "must be less than or equal to cpu limit of 100m"
  fails 1 podctl resize one --requests memory=32Mi --limits memory=32Mi,cpu=50m
  says "Pod QOS Class may not change as a result of resizing"
  fails 1 podctl resize one -c other --limits cpu=1
  says "container other not found in pod one"
  fails 2 podctl resize one --limits gpu=1
  fails 1 podctl resize nobody --limits cpu=1
}
