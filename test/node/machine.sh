#!/bin/bash
# A machine for one node: namespaces that end with this process and with everything in them, containerd, and a link to the machine that starts it.
# $1: its folder, on a file system that overlays can stand on; $2: the address of this machine on the link; $3: its own
if [ "$4" != inside ]; then
  exec 3< /proc/self/ns/net
  exec unshare --net --mount --pid --fork --mount-proc --kill-child "$0" "$1" "$2" "$3" inside
fi
set -euo pipefail
trap exit TERM
mount --make-rprivate /
# What shims, CNI plugins and kubelet keep outside of its folder goes with it.
for each in /run /var/lib /var/log; do mount -t tmpfs tmpfs $each; done
# All pods are below a group of their own; with cgroup v1 there is one in each hierarchy.
groups=/sys/fs/cgroup/*
[ ! -f /sys/fs/cgroup/cgroup.controllers ] || groups=/sys/fs/cgroup
for each in $groups; do mkdir -p "$each/broker-node"; done

ip link set lo up
ip link add uplink type veth peer name broker-node
ip link set broker-node netns /proc/self/fd/3
nsenter --net=/proc/self/fd/3 ip address add "$2/24" dev broker-node
nsenter --net=/proc/self/fd/3 ip link set broker-node up
exec 3<&-
ip address add "$3/24" dev uplink
ip link set uplink up
ip route add default via "$2"
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1

# kubelet would set these for the whole machine: what it sees are files that hold what it wants.
pretend() { # a sysctl, its value
  file=$1/sysctl/${2//\//.}
  printf '%s' "$3" > "$file"
  mount --bind "$file" "/proc/sys/$2"
}
mkdir -p "$1/sysctl"
pretend "$1" vm/overcommit_memory 1
pretend "$1" kernel/panic 10
pretend "$1" kernel/panic_on_oops 1
pretend "$1" kernel/keys/root_maxkeys 1000000
pretend "$1" kernel/keys/root_maxbytes 25000000

containerd --config "$1/containerd.toml" &
wait $!
