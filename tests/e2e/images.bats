load helper

# A root file system of one program and a link, as a tar.
rootfs_tar() {
  mkdir -p rootfs/bin
  cp /bin/busybox rootfs/bin/busybox
  ln -sf busybox rootfs/bin/sh
  tar -C rootfs -cf "$1" .
}

@test "an imported root file system runs with the command it was given" {
  rootfs_tar r.tar
  podctl image import r.tar lab/box:1 --cmd '["sh","-c","echo from the image"]' -e GREETING=hi
  run podctl image ls --no-headers
  [ "$(awk '$1 == "docker.io/lab/box" { print $2 }' <<<"$output")" = 1 ]
  cat >box.yaml <<'END'
apiVersion: v1
kind: Pod
metadata: {name: box}
spec: {restartPolicy: Never, containers: [{name: c, image: "lab/box:1"}]}
END
  podctl apply -f box.yaml
  ended box Succeeded
  run podctl logs box
  [ "$output" = "from the image" ]
}

@test "an OCI layout directory is loaded as it is, and as a tar of it" {
  rootfs_tar r.tar
  podctl image import r.tar lab/box:1
  mkdir layout
  cp -r "$PODCTL_ROOT"/lib/images/{blobs,index.json,oci-layout} layout
  podctl image rm lab/box:1
  run podctl image load layout
  says "loaded docker.io/lab/box:1"
  podctl image rm lab/box:1
  tar -C layout -cf layout.tar .
  run podctl image load layout.tar
  says "loaded docker.io/lab/box:1"
  rm layout/index.json
  fails 1 podctl image load layout
  says 'load "layout": no OCI layout: it has no index.json'
}

@test "what is no image is refused by name, and by what is wrong with it" {
  rootfs_tar r.tar
  echo hello >text
  fails 1 podctl image load text
  says 'BadRequest'
  says '"text": not a tar archive'
  fails 1 podctl image import text lab/box
  says '"text": not a tar archive'
  fails 1 podctl image load r.tar
  says 'neither docker-archive nor OCI layout'
  fails 1 podctl image import r.tar 'Bad Name'
  says 'invalid reference format'
  fails 1 podctl image import r.tar lab/box --expose seventy
  says 'expose: must be PORT[/tcp|udp|sctp], not "seventy/tcp"'
  fails 1 podctl image import r.tar lab/box -e NOVALUE
  says 'env: must be NAME=VALUE, not "NOVALUE"'
  fails 1 podctl image import r.tar lab/box -w relative
  says 'workdir: must be an absolute path'
  run podctl image ls --no-headers
  [ "$(grep -c lab <<<"$output")" = 0 ]
}

@test "the image that is built in stays" {
  fails 1 podctl image rm podctl/busybox
  says "it is built in"
  run podctl image ls -o name
  says "docker.io/podctl/busybox:latest"
  mkdir -p rootfs/bin
  tar -C rootfs -cf r.tar .
  fails 1 podctl image import r.tar podctl/busybox
  says "it is the name of the image that is built in; choose another one"
  podctl image import r.tar podctl/busybox:mine
  podctl image rm podctl/busybox:mine
  pod one 'true' | podctl apply -f -
  ended one Succeeded
}

@test "an image name that cannot be read is told once" {
  pod odd 'true' | sed 's#podctl/busybox#a b#' | podctl apply -f -
  await --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=InvalidImageName pod/odd
  [ "$(field odd '{.status.containerStatuses[0].state.waiting.message}')" = \
    "Failed to apply default image tag \"a b\": couldn't parse image name \"a b\": invalid reference format" ]
}
