# What the commands that look at pods print, and what they refuse, as kubectl does.
load helper

all_written() { podctl logs one | grep -qx 5; }

@test "logs -f shows at once what is written already, and ends at --limit-bytes" {
  pod one 'seq 1 5; exec sleep 1000' | podctl apply -f -
  ready one
  until_true all_written
  for _ in 1 2 3 4 5; do
    run timeout "$(patience 20)" podctl logs -f one --limit-bytes=10
    [ "$output" = $'1\n2\n3\n4\n5' ]
  done
  [ "$(timeout "$(patience 20)" podctl logs -f one --limit-bytes=3)" = $'1\n2' ]
  [ "$(podctl logs one --limit-bytes=0 --since=0)" = $'1\n2\n3\n4\n5' ]
  run podctl logs -l app=none
  [ "$status" -eq 0 ]
  [ "$output" = "No resources found in default namespace." ]
  fails 2 podctl logs one main -c main
  says "only one of -c or an inline [CONTAINER] arg is allowed"
  fails 2 podctl logs one --all-containers -c main
  says "--all-containers=true should not be specified with container name main"
}
