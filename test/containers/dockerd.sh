#!/bin/sh
# A docker daemon of its own: in namespaces that end with this process, and everything that it started with them.
# $1: its folder, on a file system that overlays can stand on
[ "$2" = inside ] || exec unshare --net --mount --pid --fork --mount-proc --kill-child "$0" "$1" inside
mount --make-rprivate /
ip link set lo up
exec dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/docker.pid" --host "unix://$1/docker.sock"
