#!/bin/bash
# SPDX-License-Identifier: ISC
#
# dns: the machine's resolvers become the tunnel's, and then exactly what they
# were, whoever made them, wherever we are killed, on a full disk, and if others
# write the file as well. With an /etc of its own.
#
#	test_dns.sh [N]		killed after each N-th call (1)
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/check.sh"
lab_enter "$@"

every=${1:-1}
file=/etc/resolv.conf
dns=$LAB_BIN/dnsset
plan=(tungate0 10.8.0.1 2001:db8::1 corp.example)
ours="# tungate: while the tunnel is up; what was here comes back after it.
search corp.example
nameserver 10.8.0.1
nameserver 2001:db8::1"

mkdir "$LAB/tools"
mount -t tmpfs -o size=128k etc /etc
mount -t tmpfs lib /var/lib
ip link add tungate0 type veth peer name peer0

# What there is to know of the file. Its inode, too: it is the same one. Only a
# mount is written, and so has another time after it.
print_file() {
	local time='written %y'
	mountpoint -q $file && time='a mount'
	stat -c "%F %a %u:%g %s bytes, $time, inode %i" $file
	readlink $file
	cat $file
} 2>&1

nothing_is_left() {
	local left
	left=$(find /etc/ /var/lib -name '*tungate-*' -o -path '/var/lib/tungate/*')
	[ -z "$left" ] && return
	printf '        left: %s\n' "$left"
	return 1
}

is_ours() {
	[ ! -L $file ] && [ "$(cat $file 2>&1)" = "$ours" ]
}

is_as_before() {
	[ "$(print_file)" = "$before" ] && nothing_is_left && return
	printf '        %s\n        before: %s\n' "$(print_file)" "$before"
	return 1
}

# ends STATUS COMMAND...
ends() {
	local status=0
	"${@:2}" 2>"$LAB/log/stderr" || status=$?
	[ "$status" = "$1" ] && return
	printf '        status %s: %s\n' "$status" "$(cat "$LAB/log/stderr")"
	return 1
}

#
# What there may be before.
#

clear_etc() {
	umount $file 2>/dev/null || :
	rm -rf $file $file.tungate-* /etc/filler /etc/resolvconf /run/manager
}

begin_file() {
	clear_etc
	printf '# by hand\nnameserver 192.0.2.1\noptions edns0 timeout:1\n' >$file
	chown 12:34 $file
	chmod 640 $file
	touch -d '2001-02-03 04:05:06' $file
}

begin_link() {
	clear_etc
	mkdir /run/manager
	printf 'nameserver 192.0.2.1\n' >/run/manager/resolv.conf
	ln -s ../run/manager/resolv.conf $file
}

begin_dangling() {
	clear_etc
	ln -s /run/manager/resolv.conf $file
}

begin_none() {
	clear_etc
}

# Longer than ours, so that something could be left of it.
begin_long_mount() {
	clear_etc
	seq -f '# line %g of a long file' 100 >"$LAB/mounted"
	printf 'nameserver 192.0.2.1\n' >>"$LAB/mounted"
	touch $file
	mount --bind "$LAB/mounted" $file
}

begin_short_mount() {
	begin_long_mount
	printf 'nameserver 192.0.2.1' >"$LAB/mounted"
}


#
# There and back, and everywhere between.
#

for kind in file link dangling none long_mount short_mount; do
	begin_$kind
	before=$(print_file) || :
	check "$kind: nothing to be restored" "$dns" restore
	check "$kind: as before" is_as_before
	(umask 077 && "$dns" apply "${plan[@]}")
	check "$kind: it is the tunnel's" is_ours
	check "$kind: everybody may read it" [ "$(stat -c %a $file)" = 644 ]
	id=$(stat -c %i $file)
	check "$kind: again" "$dns" apply "${plan[@]}"
	check "$kind: again, it is not touched" [ "$id" = "$(stat -c %i $file)" ]
	check "$kind: other servers" "$dns" apply tungate0 10.8.0.2
	check "$kind: they are in it" grep -qx 'nameserver 10.8.0.2' $file
	check "$kind: restored" "$dns" restore
	check "$kind: as before" is_as_before
	"$dns" apply "${plan[@]}"
	check "$kind: a plan without servers restores" "$dns" apply tungate0
	check "$kind: as before" is_as_before
done

# killed_at N COMMAND...: false, if it ended before.
killed_at() {
	"$LAB_BIN/killstep" "$@" >"$LAB/log/killstep" 2>&1 || :
	grep -q '^killstep killed' "$LAB/log/killstep"
}

is_whole() {
	is_ours || [ "$(cat $file 2>&1)" = "$was" ]
}

for kind in file link none long_mount; do
	begin_$kind
	before=$(print_file) || :
	was=$(cat $file 2>&1) || :
	for what in apply restore; do
		failed=0 n=1
		while :; do
			if [ $what = apply ]; then
				killed_at $n "$dns" apply "${plan[@]}" || break
			else
				"$dns" apply "${plan[@]}"
				killed_at $n "$dns" restore || break
			fi
			is_whole || { failed=$((failed + 1)); echo "        half after $n"; }
			"$dns" restore || failed=$((failed + 1))
			is_as_before || failed=$((failed + 1))
			n=$((n + every))
		done
		"$dns" restore || :
		check "$kind: killed after any of the $((n - 1)) calls of $what" \
			[ $n -gt 20 -a $failed = 0 ]
	done
done

# A reader who does nothing else. What cannot be replaced may be seen while it
# is written, but never without a server.
for kind in file long_mount; do
	begin_$kind
	cp $file "$LAB/was"
	/usr/bin/python3 - $file "$LAB/was" $kind <<-'END' &
		import os, sys
		def read(name):
		    try:
		        return open(name).read().rstrip("\n")
		    except OSError as e:
		        return str(e)
		was, seen, looks = read(sys.argv[2]), set(), 0
		while not os.path.exists("/run/lab/stop"):
		    seen.add(read(sys.argv[1]))
		    looks += 1
		def is_sound(t):
		    if sys.argv[3] == "file":
		        return t == was or t.endswith("\nnameserver 2001:db8::1")
		    return "\nnameserver " in t
		bad = [t for t in seen if not is_sound(t)]
		for t in bad:
		    print("        seen:", repr(t))
		sys.exit(len(bad) > 0 or looks < 100 or len(seen) < 2)
	END
	reader=$!
	sleep 0.2
	for _ in $(seq 100); do
		"$dns" apply "${plan[@]}"
		"$dns" restore
	done
	touch "$LAB/stop"
	check "$kind: whoever reads finds servers, at any moment" wait $reader
	rm "$LAB/stop"
done

#
# What may be in the way.
#

begin_file
chown 0:0 $file
before=$(print_file) || :
"$dns" apply "${plan[@]}"
fill_etc() {
	dd if=/dev/zero of=/etc/filler bs=1k oflag=append conv=notrunc 2>/dev/null || :
}
fill_etc
check "full disk: other servers are refused" \
	ends 2 "$dns" apply tungate0 10.8.0.2
check "full disk: the old ones stay" is_ours
check "full disk: restored all the same" "$dns" restore
check "full disk: as before" is_as_before
fill_etc
check "full disk: refused" ends 2 "$dns" apply "${plan[@]}"
check "full disk: nothing changed" is_as_before
rm /etc/filler

begin_short_mount
mkdir -p "$LAB/small"
mount -t tmpfs -o size=8k small "$LAB/small"
umount $file
: >"$LAB/small/resolv.conf"
mount --bind "$LAB/small/resolv.conf" $file
dd if=/dev/zero of="$LAB/small/filler" bs=1k 2>/dev/null || :
before=$(print_file) || :
check "full disk below a mount: refused" ends 2 "$dns" apply "${plan[@]}"
check "full disk below a mount: nothing changed" is_as_before

begin_file
chown 0:0 $file
before=$(print_file) || :
nothing=(setpriv --bounding-set -all --inh-caps -all --no-new-privs)
check "without any capability: applied" "${nothing[@]}" "$dns" apply "${plan[@]}"
check "without any capability: it is the tunnel's" is_ours
check "without any capability: restored" "${nothing[@]}" "$dns" restore
check "without any capability: as before" is_as_before

# shellcheck disable=SC2016 # not to be expanded
for word in -x a..b 'a b' '$(a)' '*' $'a\nnameserver 192.0.2.9'; do
	check "refused: ${word@Q}" ends 2 "$dns" apply tungate0 10.8.0.1 "$word"
done
# shellcheck disable=SC2016
for word in -x . 'a b' '$(a)' '*' a/b; do
	check "refused: ${word@Q} as an interface" ends 2 "$dns" apply "$word" 10.8.0.1
done
check "refused: as before" is_as_before

#
# Others who write it.
#

theirs="nameserver 192.0.2.99"

others_replace() {
	printf '%s\n' "$theirs" >/etc/others && mv /etc/others $file
}
others_overwrite() {
	printf '%s\n' "$theirs" >$file
}

is_theirs() {
	[ "$(cat $file)" = "$theirs" ] && nothing_is_left
}

put_back_times() {
	[ "$(grep -c 'put back' "$LAB/log/hold")" = "$1" ]
}

for how in replace overwrite; do
	begin_file
	"$dns" apply "${plan[@]}"
	others_$how
	check "others $how it: theirs is left alone" ends 1 "$dns" restore
	check "others $how it: it is theirs" is_theirs
	check "others $how it: again, nothing to do" "$dns" restore
done

begin_file
before=$(print_file) || :
"$dns" apply "${plan[@]}"
echo "# a word more" >>$file
check "edited: the tunnel's servers do not stay" "$dns" restore
check "edited: as before" is_as_before
"$dns" apply "${plan[@]}"
rm $file
check "removed: restored" "$dns" restore
check "removed: as before" is_as_before

# Sets holder. The log of the one before says that it has applied, too.
hold() {
	rm -f "$LAB/log/hold"
	"$dns" hold "${plan[@]}" >"$LAB/log/hold" 2>&1 &
	holder=$!
	lab_need 5 "hold starts" grep -sq applied "$LAB/log/hold"
}

for kind in file short_mount; do
	for how in replace overwrite; do
		[ "$kind $how" != "short_mount replace" ] || continue
		begin_$kind
		hold
		others_$how
		check "$kind, others $how it: put back at once" \
			lab_wait_for 1 put_back_times 1
		check "$kind, others $how it: it is ours" is_ours
		theirs="nameserver 192.0.2.98"
		others_$how
		sleep 1
		check "$kind, others $how it again: not at once" put_back_times 1
		check "$kind, others $how it again: put back later" \
			lab_wait_for 5 put_back_times 2
		check "$kind, others $how it again: it is ours" is_ours
		{
			kill -KILL $holder
			wait $holder
		} 2>/dev/null || :
		check "$kind, killed: restored" "$dns" restore
		check "$kind, killed: their last is there" is_theirs
	done
done

begin_file
before=$(print_file) || :
hold
rm $file
check "removed while held: put back" lab_wait_for 1 put_back_times 1
check "removed while held: it is ours" is_ours
kill $holder
wait $holder 2>/dev/null || :
check "removed while held: restored" "$dns" restore
check "removed while held: as before" is_as_before

#
# Without the program that did it.
#

printf '[tungate]\ntun = gate0\nrun_dir = %s/gate\nservers = %s\n' "$LAB" "$LAB" \
	>"$LAB/tungate.conf"
release=("$LAB_BIN/tungated" -c "$LAB/tungate.conf" --release)

begin_link
before=$(print_file)
"$dns" apply "${plan[@]}"
check "tungated --release" says "^resolvers: as they were$" "${release[@]}"
check "tungated --release: as before" is_as_before
check "tungated --release, again" says "^resolvers: as they were$" "${release[@]}"
check "tungated --release, again: as before" is_as_before
"$dns" apply "${plan[@]}"
others_replace
check "tungated --release: others wrote it" \
	says "^resolvers: as somebody else wrote them$" "${release[@]}"
check "tungated --release: it is theirs" is_theirs

#
# Those who made it are told.
#

if [ -x /sbin/resolvconf ] && grep -q Marples /sbin/resolvconf; then
	begin_none
	echo 'nameserver 192.0.2.1' | resolvconf -a eth0 2>/dev/null
	before=$(cat $file)
	check "openresolv: applied" "$dns" apply "${plan[@]}"
	check "openresolv: the tunnel's and no others" \
		[ "$(grep -v '#' $file | sort)" = "$(grep -v '#' <<<"$ours" | sort)" ]
	check "openresolv: it made the file" grep -q resolvconf $file
	check "openresolv: restored" "$dns" restore
	check "openresolv: as before" [ "$(cat $file)" = "$before" ]
	check "openresolv: nothing is left" nothing_is_left
	resolvconf -d eth0 2>/dev/null
fi

cat >"$LAB/tools/resolvectl" <<-'END'
	#!/bin/sh
	printf '%s ' resolvectl "$@" >>/run/lab/calls
	echo >>/run/lab/calls
	[ ! -e /run/lab/resolved-is-away ]
END
cat >"$LAB/tools/resolvconf" <<-'END'
	#!/bin/sh
	printf '%s ' resolvconf "$@" >>/run/lab/calls
	echo >>/run/lab/calls
	[ ! -e /run/lab/resolvconf-is-away ] || exit 1
	{
		echo '# Generated by resolvconf'
		if [ "$1" = -a ]; then cat; else echo 'nameserver 192.0.2.1'; fi
	} >/etc/new && mv /etc/new /etc/resolv.conf
END
chmod +x "$LAB/tools/"*
mount --bind "$LAB/tools" /usr/sbin
hash -r

# called LINE...: since the last time, in this order, and nothing else.
called() {
	local calls
	calls=$(sed 's/ $//' "$LAB/calls" 2>/dev/null) || :
	: >"$LAB/calls"
	[ "$calls" = "$(printf '%s\n' "$@")" ] && return
	printf '        called: %s\n' "$calls"
	return 1
}

begin_resolved() {
	clear_etc
	mkdir /run/manager
	printf '# by systemd-resolved\nnameserver 127.0.0.53\noptions edns0 trust-ad\n' \
		>/run/manager/stub-resolv.conf
	ln -s /run/manager/stub-resolv.conf $file
}

told=("resolvectl dns tungate0 10.8.0.1 2001:db8::1"
	"resolvectl domain tungate0 ~. corp.example")

begin_resolved
before=$(print_file) || :
check "resolved: applied" "$dns" apply "${plan[@]}"
check "resolved: it is told" called "${told[@]}"
check "resolved: the file stays" [ "$(print_file)" = "$before" ]
check "resolved: restored" "$dns" restore
check "resolved: it is told" called "resolvectl revert tungate0"
check "resolved: as before" is_as_before
check "resolved: restored again" "$dns" restore
check "resolved: it is told nothing" called

hold
{
	kill -KILL $holder
	wait $holder
} 2>/dev/null || :
: >"$LAB/calls"
check "resolved, killed: another interface" "$dns" apply peer0 10.8.0.2
check "resolved, killed: the old one is forgotten first" called \
	"resolvectl revert tungate0" "resolvectl dns peer0 10.8.0.2" \
	"resolvectl domain peer0 ~."
ip link delete peer0
check "resolved, interface gone: restored" "$dns" restore
check "resolved, interface gone: it knows" called
check "resolved, interface gone: as before" is_as_before
ip link add tungate0 type veth peer name peer0

touch "$LAB/resolved-is-away"
check "resolved is away: applied" "$dns" apply "${plan[@]}"
check "resolved is away: the file is the tunnel's" is_ours
check "resolved is away: restored" "$dns" restore
check "resolved is away: as before" is_as_before
rm "$LAB/resolved-is-away"
rm "$LAB/calls"

begin_resolvconf() {
	clear_etc
	printf '# Generated by resolvconf\nnameserver 192.0.2.1\n' >$file
}

# It writes a new one.
print_file() {
	stat -c '%F %a %u:%g' $file
	cat $file
} 2>&1

begin_resolvconf
before=$(print_file) || :
check "resolvconf: applied" "$dns" apply "${plan[@]}"
check "resolvconf: it is told" called "resolvconf -a tungate0 -m 0 -x"
check "resolvconf: the tunnel's are in it" grep -qx "nameserver 10.8.0.1" $file
check "resolvconf: so is the domain" grep -qx "search corp.example" $file
check "resolvconf: restored" "$dns" restore
check "resolvconf: it is told" called "resolvconf -d tungate0 -f"
check "resolvconf: as before" is_as_before
mkdir /etc/resolvconf
touch /etc/resolvconf/interface-order
check "resolvconf of Debian: applied" "$dns" apply "${plan[@]}"
check "resolvconf of Debian: restored" "$dns" restore
check "resolvconf of Debian: under a name that sorts first" called \
	"resolvconf -a tun.tungate0 -m 0 -x" "resolvconf -d tun.tungate0 -f"

touch "$LAB/resolvconf-is-away"
check "resolvconf fails: applied" "$dns" apply "${plan[@]}"
check "resolvconf fails: the file is the tunnel's" is_ours
check "resolvconf fails: restored" "$dns" restore
check "resolvconf fails: as before" is_as_before

check_end
