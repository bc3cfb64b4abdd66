# What cmake --install puts where, and that a pod runs from there.
load helper

installed() { cmake --install "${PODCTL_BUILD:?}" "$@" >install.log || { cat install.log; return 1; }; }

@test "DESTDIR holds programs, helpers, the image, man pages, completions and units" {
  DESTDIR=$PWD/dest installed --prefix /usr
  cd dest
  for file in usr/bin/podctl usr/libexec/podctl/podctld usr/libexec/podctl/podctl-shim \
    usr/libexec/podctl/podctl-pause usr/libexec/podctl/podctl-cp; do
    [ -x "$file" ] || { echo "$file is no program"; return 1; }
  done
  for file in usr/share/podctl/images/busybox.tar usr/share/man/man1/podctl.1 usr/share/man/man8/podctld.8 \
    usr/share/bash-completion/completions/podctl usr/share/zsh/site-functions/_podctl \
    usr/share/fish/vendor_completions.d/podctl.fish usr/lib/systemd/system/podctld.service \
    usr/lib/systemd/system/podctld.socket usr/lib/systemd/system/podctl-pods.service; do
    [ -s "$file" ] || { echo "$file is missing or empty"; return 1; }
  done
  grep -q '^ExecStart=/usr/libexec/podctl/podctld --systemd$' usr/lib/systemd/system/podctld.service
  grep -q '^\.TH PODCTL 1 ' usr/share/man/man1/podctl.1
}

@test "a pod runs from an installed tree, with the helpers and the image of that tree" {
  installed --prefix "$PODCTL_ROOT/usr"
  PATH=$PODCTL_ROOT/usr/bin:/usr/bin:/bin:/usr/sbin:/sbin
  [ "$(command -v podctl)" = "$PODCTL_ROOT/usr/bin/podctl" ]
  pod one 'echo from the embedded image; exec sleep 1000' | podctl apply -f -
  ready one
  until_true eval '[ "$(podctl exec one -- cat /proc/1/comm)" = sleep ]'
  # The shim runs from a sealed copy, which has no path any more; podctld names its own.
  local found='' exe
  for exe in /proc/[0-9]*/exe; do
    [ "$(readlink "$exe")" != "$PODCTL_ROOT/usr/libexec/podctl/podctld" ] || found=1
  done
  [ "$found" ] || { echo "no process runs $PODCTL_ROOT/usr/libexec/podctl/podctld"; return 1; }
  podctl delete pod one --now
  podctl system reset --yes
}
