#!/bin/sh
# Makes what has to be secret, in `secrets` beside this file or in the folder named. What is there already stays.
set -eu
umask 022

folder=${1:-$(dirname "$0")/secrets}
# Nobody but its owner gets into the folder; what is in it has to be readable for the users inside the containers.
mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"

# make NAME: writes standard input to a file that is not there yet, all of it or nothing.
make() {
  [ ! -e "$1" ] || { cat >/dev/null && return; }
  cat >".$1" && mv ".$1" "$1"
}

# The passwords of the server and of the standby at the database.
openssl rand -hex 24 | make database
openssl rand -hex 24 | make standby

make guise.toml <<END
# With another key nothing that is sealed in the database opens: keep a copy elsewhere.
key = "$(openssl rand -base64 32)"
store = "postgres://guise:$(cat database)@db1,db2/guise?sslmode=disable"
END

make bucket.env <<END
AWS_ACCESS_KEY_ID=guise
AWS_SECRET_ACCESS_KEY=$(openssl rand -hex 24)
END
