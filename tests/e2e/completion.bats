# Completion as each shell asks for it: what is offered in place of the last word of a line.
load helper

# Each prints the candidates for a line, one a line.
in_bash() {
  bash -c 'source <(podctl completion bash); compopt() { :; }
    COMP_LINE=$1 COMP_POINT=${#1}; _podctl; printf "%s\n" "${COMPREPLY[@]}"' bash "$1"
}
in_zsh() {
  zsh -fc 'compdef() { :; }; source <(podctl completion zsh)
    compadd() { shift ${@[(i)--]}; [ $# = 0 ] || print -l -- "$@"; }
    compset() { :; }; _files() { print -l -- *; }
    words=("${(@s: :)1}"); CURRENT=${#words}; _podctl' zsh "$1"
}
in_fish() { fish -c 'podctl completion fish | source; complete -C $argv[1]' "$1" | cut -f1; }

shells() {
  local shell
  for shell in bash zsh fish; do
    command -v $shell >/dev/null && echo $shell
  done
}

# offers LINE WORD…: every shell that is here offers exactly these.
offers() {
  local line=$1 shell
  shift
  for shell in $(shells); do
    run "in_$shell" "podctl $line"
    [ "$(sort <<<"$output")" = "$(printf '%s\n' "$@" | sort)" ] ||
      { printf '%s: %s offers\n%s\n' "$shell" "$line" "$output"; return 1; }
  done
}

@test "commands, and what help and explain take" {
  offers 'des' describe
  offers 'help desc' describe
  offers 'help image i' import inspect
  offers 'image i' import inspect
  offers 'explain po' pod pod.
  offers 'explain pod.sp' pod.spec pod.spec.
  offers 'explain pod.spec.hostP' pod.spec.hostPID
  offers 'completion z' zsh
}

@test "options of every command and their values" {
  offers 'logs --ta' --tail=
  offers 'apply --dr' --dry-run
  offers 'get pods --na' --namespace=
  offers 'image ls --no' --no-headers
  offers 'get pods -o js' json jsonpath= jsonpath-file=
  offers 'system reset --y' --yes
  offers 'exec web -- ls --' ''
  touch "$BATS_TEST_TMPDIR/some.yaml"
  offers 'apply -f so' some.yaml
  for shell in $(shells); do
    run "in_$shell" 'podctl apply --filename=so'
    [ "$output" = some.yaml ] || [ "$output" = --filename=some.yaml ]
  done
  # bash replaces only what comes after the "=".
  [ "$(in_bash 'podctl get pods --output=ya')" = yaml ]
  [ "$(in_fish 'podctl get pods --output=ya')" = --output=yaml ]
}

@test "names of pods, containers, events, namespaces and images" {
  sleepers pair left right | podctl apply -f -
  ready pair
  offers 'get pods p' pair
  offers 'get pod/p' pod/pair
  offers 'logs p' pair
  offers 'logs pair l' left
  offers 'logs pair -c r' right
  offers 'exec pair --container r' right
  offers '-n default exec pair -c l' left
  offers 'describe po' pods
  offers 'delete pod pa' pair
  offers 'wait pod/' pod/pair
  offers 'events --for po' pod/
  offers 'events --for pod/' pod/pair
  offers 'get no' nodes
  offers 'get nodes ' "$(podctl get nodes -o jsonpath='{.items[0].metadata.name}')"
  offers 'get pods -n d' default
  offers 'image rm docker.io/podctl/b' docker.io/podctl/busybox:latest
}
