# The corpus of faulty manifests in tests/faulty: each is refused with exactly the text that stands below it,
# and nothing else is said.
load helper

CORPUS=$BATS_TEST_DIRNAME/../faulty

# One case: NAME, its manifest in case.yaml, what is said in wanted.
holds() {
  local status=0
  podctl apply --dry-run=client -f case.yaml >said 2>&1 || status=$?
  [ "$status" = 1 ] && cmp -s said wanted && return 0
  echo "$1: exit $status"
  diff wanted said
  return 1
}

# A file of cases: "=== NAME", the manifest, "--- says", the text.
every_case() {
  local line name="" into=case.yaml failed=0 cases=0
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      "=== "*)
        [ -z "$name" ] || holds "$name" || failed=1
        name=${line#=== } into=case.yaml cases=$((cases + 1))
        : >case.yaml
        : >wanted
        ;;
      "--- says") into=wanted ;;
      *) printf '%s\n' "$line" >>$into ;;
    esac
  done <"$1"
  holds "$name" || failed=1
  [ $cases -gt 0 ] && [ $failed = 0 ]
}

@test "every file of the corpus is tried here" {
  local file
  for file in "$CORPUS"/*.txt; do
    grep -q "every_case \"\$CORPUS/$(basename "$file")\"" "$BATS_TEST_FILENAME" || { echo "$file is not"; false; }
  done
}

@test "faulty: yaml" { every_case "$CORPUS/yaml.txt"; }
@test "faulty: type" { every_case "$CORPUS/type.txt"; }
@test "faulty: unknown" { every_case "$CORPUS/unknown.txt"; }
@test "faulty: metadata" { every_case "$CORPUS/metadata.txt"; }
@test "faulty: containers" { every_case "$CORPUS/containers.txt"; }
@test "faulty: env" { every_case "$CORPUS/env.txt"; }
@test "faulty: resources" { every_case "$CORPUS/resources.txt"; }
@test "faulty: volumes" { every_case "$CORPUS/volumes.txt"; }
@test "faulty: security" { every_case "$CORPUS/security.txt"; }
@test "faulty: network" { every_case "$CORPUS/network.txt"; }
@test "faulty: probes" { every_case "$CORPUS/probes.txt"; }
@test "faulty: pod" { every_case "$CORPUS/pod.txt"; }
@test "faulty: data" { every_case "$CORPUS/data.txt"; }
@test "faulty: claims" { every_case "$CORPUS/claims.txt"; }
