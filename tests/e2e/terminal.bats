load helper

# in_terminal COMMAND: runs it in a terminal of its own. The terminal's name comes as the first line; what
# is typed goes to fd $keys, what is shown comes from fd $screen.
in_terminal() {
  [ -z "${keys:-}" ] || exec {keys}>&- {screen}<&-
  coproc TERMINAL { exec script -qec "tty; $1" /dev/null; }
  terminal_pid=$TERMINAL_PID
  # bash closes its own descriptors when the process ends, whether all has been read or not.
  exec {keys}>&"${TERMINAL[1]}" {screen}<&"${TERMINAL[0]}"
  IFS=$' \r\n' read -r -t "$(patience 30)" terminal <&"$screen"
}

# shown TEXT: reads until a line with it; the line is in $line.
shown() {
  while IFS= read -r -t "$(patience 30)" line <&"$screen"; do
    [[ $line != *"$1"* ]] || return 0
  done
  echo "never shown: $1"
  return 1
}

ends_with() {
  cat <&"$screen" >/dev/null &
  local got=0
  wait "$terminal_pid" || got=$?
  [ "$got" -eq "$1" ] || { echo "expected exit $1, got $got"; return 1; }
}

setup_pod() {
  pod one 'exec sleep 1000' >one.yaml
  podctl apply -f one.yaml
  ready one
}

@test "exec -it: the terminal's size, a resize, the exit code" {
  setup_pod
  # stty changes rows and columns one after the other: only the last size counts. The first one comes a
  # moment after the program, as kubectl's does.
  in_terminal "stty rows 33 cols 77; podctl exec -it one -- sh -c 'for size in \"33 77\" \"20 60\"; do until [ \"\$(stty size)\" = \"\$size\" ]; do sleep 0.1; done; echo \$size; done; exit 5'"
  shown "33 77"
  stty -F "$terminal" rows 20 cols 60
  ends_with 5
}

@test "exec -it: Ctrl-C goes to the program, Ctrl-D ends its input" {
  setup_pod
  in_terminal "podctl exec -it one -- sh -c 'trap \"echo got INT; exit 3\" INT; echo ready; while :; do sleep 0.1; done'"
  shown ready
  printf '\003' >&"$keys"
  shown "got INT"
  ends_with 3
  in_terminal "podctl exec -it one -- sh -c 'echo ready; cat; exit 4'"
  shown ready
  printf '\004' >&"$keys"
  ends_with 4
}

@test "Ctrl-C leaves logs -f, get -w and wait with 130, and the pod as it was" {
  setup_pod
  pod talk 'while :; do echo word; sleep 0.2; done' >talk.yaml
  podctl apply -f talk.yaml
  ready talk
  in_terminal "podctl logs -f talk"
  shown word
  printf '\003' >&"$keys"
  ends_with 130
  in_terminal "podctl get pods -w"
  shown talk
  printf '\003' >&"$keys"
  ends_with 130
  in_terminal "echo begun; podctl wait --for=delete pod/one"
  shown begun
  printf '\003' >&"$keys"
  ends_with 130
  [ "$(field one '{.status.phase}')" = Running ]
}
