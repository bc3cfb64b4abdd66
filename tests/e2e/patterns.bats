# The patterns with real containers: what each of them says of its pod's life holds on this machine.

load helper

@test "every pattern holds for real" {
  run podctl test "$BATS_TEST_DIRNAME/../../examples/patterns" --real
  [ "$status" = 0 ] || { echo "$output"; false; }
}
