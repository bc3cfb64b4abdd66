# attach: what a container's own process prints and reads.
load helper

# with FIELDS: the manifest of pod NAME SCRIPT with fields of the container.
with() { sed "s|image: podctl/busybox|image: podctl/busybox\n    $1|"; }

@test "an exec whose command does not read ends with its client" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  podctl exec one -- true
  descriptors() { ls "/proc/$(daemon_of_root)/fd" | wc -l; }
  no_more_than() { [ "$(descriptors)" -le "$1" ]; }
  local before client clients=() i
  before=$(descriptors)
  for i in 1 2 3 4 5 6; do
    "$PODCTL_BIN/podctl" exec -i one -- sh -c "touch /begun$i; exec sleep 1000" </dev/zero >/dev/null 2>&1 3>&- &
    clients+=($!)
  done
  for i in 1 2 3 4 5 6; do until_true podctl exec one -- test -e "/begun$i"; done
  until_true eval '[ "$(descriptors)" -ge $((before + 6)) ]'
  kill -9 "${clients[@]}"
  until_true no_more_than $((before + 5))
}

@test "what is printed from now on, to the end of the container" {
  pod talk 'until [ -e /go ]; do sleep 0.05; done; echo out; echo err >&2' | podctl apply -f -
  ready talk
  podctl attach talk >out 2>err &
  local attach=$!
  # Attached before it prints: the container waits for a file.
  until_true eval 'ls -l /proc/$(shim_of talk)/fd | grep -c pipe: | grep -qx "[4-9]"'
  let_go talk /go
  wait "$attach"
  [ "$(cat out)" = out ]
  [ "$(cat err)" = err ]
  # The log has it too.
  [ "$(podctl logs talk | sort)" = $'err\nout' ]
}

@test "stdin: true: it reads what is typed, once or again" {
  pod cat 'while read -r line; do echo "got $line"; done; echo end' | with 'stdin: true' | podctl apply -f -
  ready cat
  echo one | podctl attach -i cat >out &
  local first=$!
  until_true grep -qx "got one" out
  # Its end is not the container's: the next one is read as well.
  echo two | podctl attach -i cat >out2 &
  local second=$!
  until_true grep -qx "got two" out
  until_true grep -qx "got two" out2
  podctl delete pod cat --now
  wait "$first" "$second"
}

@test "stdinOnce: the end of the first one's stdin is the container's" {
  pod once 'cat; echo end' | with 'stdin: true\n    stdinOnce: true' | podctl apply -f -
  ready once
  run podctl attach -i once < <(echo text)
  [ "$status" -eq 0 ]
  says $'text\nend'
  ended once Succeeded
}

@test "a slow reader holds the container up and loses nothing" {
  pod much 'until [ -e /go ]; do sleep 0.05; done; seq 1 1000000' | podctl apply -f -
  ready much
  podctl attach much > >(until [ -e read ]; do sleep 0.05; done; cat >out) &
  local attach=$!
  until_true eval 'ls -l /proc/$(shim_of much)/fd | grep -c pipe: | grep -qx "[4-9]"'
  podctl exec much -- touch /go
  # Whoever prints waits in the kernel for room.
  until_true eval 'podctl exec much -- sh -c "cat /proc/[0-9]*/wchan" | grep -q pipe_write'
  [ "$(podctl logs much --tail=1)" != 1000000 ]
  touch read
  wait "$attach"
  until_true eval '[ "$(tail -n 1 out)" = 1000000 ]'
  seq 1 1000000 | cmp - out
}

@test "what a container cannot give is told" {
  pod plain 'exec sleep 1000' | podctl apply -f -
  ready plain
  timeout "$(patience 20)" podctl attach -it plain </dev/null >out 2>err &
  local attach=$!
  until_true grep -q 'did not allocate one' err
  grep -q 'Unable to use stdin - container main has none' err
  podctl delete pod plain --now
  wait "$attach"
  pod done 'true' | podctl apply -f -
  ended done Succeeded
  fails 1 podctl attach done
  says 'cannot attach a container in a completed pod; current phase is Succeeded'
  fails 1 podctl attach nobody
  says 'pods "nobody" not found'
}

@test "tty: true: a terminal with its size" {
  pod shell 'while read -r line; do eval "$line"; done' | with 'stdin: true\n    tty: true' | podctl apply -f -
  ready shell
  coproc TERMINAL { exec script -qec "stty rows 31 cols 81; podctl attach -it shell" /dev/null; }
  # bash forgets the process and closes its descriptors when it ends, read or not: these are our own.
  local line keys screen terminal_pid=$TERMINAL_PID
  exec {keys}>&"${TERMINAL[1]}" {screen}<&"${TERMINAL[0]}"
  shown() {
    while IFS= read -r -t "$(patience 30)" line <&"$screen"; do
      [[ $line != *"$1"* ]] || return 0
    done
    return 1
  }
  shown "try pressing enter"
  printf 'until [ "$(stty size)" = "31 81" ]; do sleep 0.1; done; echo size $((30 + 1))\n' >&"$keys"
  shown "size 31"
  printf 'exit 0\n' >&"$keys"
  wait "$terminal_pid"
  ended shell Succeeded
}

@test "a pod that is still Pending is waited for, its init containers are not" {
  late 'while :; do echo here; sleep 0.1; done' | podctl apply -f -
  fails 1 podctl attach late -c main --pod-running-timeout=1ms
  says 'it is still Pending'
  podctl attach late >out 3>&- &
  local attach=$!
  until_true podctl exec late -c first -- true
  podctl attach late -c first >init 3>&- &
  local first=$!
  # Attached or not yet: it prints until it has been read.
  let_go late /v/go -c first
  until_true grep -qx here out
  kill -TERM "$attach"
  wait "$attach" "$first" || :
}

@test "the detach keys leave the container running, and are not typed into it" {
  pod shell 'stty raw -echo; echo up; while :; do dd bs=1 count=1 2>/dev/null | od -An -tx1; done' |
    with 'stdin: true\n    tty: true' | podctl apply -f -
  logged shell up
  # detached KEYS OPTION…: types, and waits for attach to end by it.
  detached() {
    local typed=$1
    shift
    coproc TERMINAL { exec script -qec "podctl attach -it shell $*; echo status \$?" /dev/null; }
    local line keys screen terminal_pid=$TERMINAL_PID
    exec {keys}>&"${TERMINAL[1]}" {screen}<&"${TERMINAL[0]}"
    while IFS= read -r -t "$(patience 30)" line <&"$screen"; do [[ $line != *"try pressing enter"* ]] || break; done
    printf "$typed" >&"$keys"
    while IFS= read -r -t "$(patience 30)" line <&"$screen"; do [[ $line != *status* ]] || break; done
    [[ $line == *"status 0"* ]]
    wait "$terminal_pid"
    exec {keys}>&- {screen}<&-
  }
  detached 'a\020b\020\021'
  detached 'c\001' --detach-keys=ctrl-a
  until_true eval 'podctl logs shell | grep -q 63'
  # A beginning of the keys that comes to nothing is typed.
  [ "$(podctl logs shell | tr -d ' \r\n')" = up61106263 ]
  [ "$(field shell '{.status.containerStatuses[0].restartCount}{.status.phase}')" = 0Running ]
  fails 2 podctl attach -it shell --detach-keys=ctrl-
  says '"ctrl-" is no key'
}
