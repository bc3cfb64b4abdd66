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

@test "what a podctld that was killed had received of an image is gone with the next one" {
  podctl get pods
  kill -KILL "$(podctl version -o json | jq .server.pid)"
  echo half >"$PODCTL_ROOT/lib/uploads/upload-abcdef"
  podctl get pods
  [ -z "$(ls "$PODCTL_ROOT/lib/uploads")" ]
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

# A pod that has lab/files:1 at /v, or a part of it.
# NAME SCRIPT [MORE OF THE MOUNT]
with_files() { with_volume "$1" "$2" 'image: {reference: "lab/files:1"}' "${3:-}"; }

@test "a volume shows an image's files; the image is waited for, and stays while it is in use" {
  with_files one 'cat /v/dir/file; sleep 1000' | podctl apply -f -
  await --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ErrImagePull pod/one
  [[ $(field one '{.status.containerStatuses[0].state.waiting.message}') == *'failed to pull image "lab/files:1"'* ]]
  mkdir -p files/dir
  echo from the image >files/dir/file
  tar -C files -cf f.tar .
  podctl image import f.tar lab/files:1
  ready one
  [ "$(podctl exec one -- cat /v/dir/file)" = "from the image" ]
  [[ $(field one '{.status.containerStatuses[0].volumeMounts[0].volumeStatus.image.imageRef}') == sha256:* ]]
  fails 1 podctl image rm lab/files:1
  says "a pod uses it"
  kill -9 "$(daemon_of_root)"
  [ "$(podctl exec one -- cat /v/dir/file)" = "from the image" ]
  fails 1 podctl image rm lab/files:1
  says "a pod uses it"
  run podctl describe pod one
  says "Image (a container image or OCI artifact)"
  podctl delete pod one
  podctl image rm lab/files:1
}

@test "subPath of a volume that is an image has to be there, and links stay in the image" {
  mkdir -p files/dir
  echo part >files/dir/file
  ln -s "$PODCTL_ROOT" files/out
  tar -C files -cf f.tar .
  podctl image import f.tar lab/files:1
  with_files part 'cat /v/file && ! touch /v/file' ', subPath: dir' | podctl apply -f -
  ended part Succeeded
  [[ $(podctl logs part) == part* ]]
  for name in missing out; do
    with_files $name 'ls /v' ", subPath: $name" | podctl apply -f -
    await --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=CreateContainerError pod/$name
    [[ $(field $name '{.status.containerStatuses[0].state.waiting.message}') == *ImageVolumeMountFailed*"subPath '$name'"* ]]
  done
}

@test "an image name that cannot be read is told once" {
  pod odd 'true' | sed 's#podctl/busybox#a b#' | podctl apply -f -
  await --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=InvalidImageName pod/odd
  [ "$(field odd '{.status.containerStatuses[0].state.waiting.message}')" = \
    "Failed to apply default image tag \"a b\": couldn't parse image name \"a b\": invalid reference format" ]
}
