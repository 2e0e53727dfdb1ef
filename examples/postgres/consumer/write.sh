#!/usr/bin/env bash
# Writes the numbers 1, 2, 3, ... into the table orders of the database whose credentials are in a Secret, each until it was acknowledged, and
# keeps the last one in FILE: write.sh SECRET FILE. Once there is FILE.stop it is FILE.last.
set -u
uri() { kubectl get secret "$1" -o jsonpath='{.data.uri}' | base64 -d; }

uri=$(uri "$1")
for ((number = 1; ; number++)); do
  # Of a session that was ended nobody knows whether it had written: so again, and twice is once.
  until psql -qX "$uri" -c "insert into orders values ($number) on conflict do nothing" 2> "$2.errors"; do uri=$(uri "$1"); done
  echo "$number" > "$2.new"
  mv "$2.new" "$2"
  test "$number" != 1 || echo writing
  if test -e "$2.stop"; then
    mv "$2" "$2.last"
    exit 0
  fi
done
