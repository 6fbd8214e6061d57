#!/bin/bash
# SPDX-License-Identifier: ISC
#
# systemd: the units as they are, under a systemd of the lab's own: closed from
# boot, every kind of client works within what the unit leaves, and nothing that
# dies or stops opens the gate.
set -euo pipefail
here=$(dirname "$0")
. "$here/lab.sh"
. "$here/gate.sh"
. "$here/check.sh"
. "$here/ikev2.sh"
lab_enter "$@"

CGROUP=
BOOTED=  # unshare
SYSTEMD= # the first process of its namespace, as we see it

# What the units and their clients may see is not in /tmp or /home, where the
# tree may be. The configuration is where the units look for it.
machine_up() {
	mkdir -p "$LAB/sbin" "$LAB/units"
	cp "$LAB_BIN/tungated" "$LAB/sbin/"
	cp "$here"/client-*.sh "$LAB/client/"
	sed -i "s|$LAB_HERE/client-|$LAB/client/client-|" "$LAB/servers"/*.conf
	sed -i "/^PrivateKey/a DNS = $LAB_DNS4" "$LAB/servers/tungate.conf"
	# Clients that change their account.
	printf 'user nobody\ngroup nogroup\n' >>"$LAB/client/${LAB_INTERFACE[openvpn-tcp]}-4.conf"
	cp -a /etc "$LAB/etc"
	echo 'tungate:x:47011:47012::/:/usr/sbin/nologin' >>"$LAB/etc/passwd"
	echo 'tungate:x:47012:' >>"$LAB/etc/group"
	rm -rf "$LAB/etc/resolv.conf" "$LAB/etc/tungate" "$LAB/etc/resolvconf"
	cp "$LAB/resolv.conf" "$LAB/etc/resolv.conf"
	mkdir "$LAB/etc/tungate"
	sed 's|^run_dir.*|run_dir = /run/tungate|' "$LAB/tungate.conf" >"$LAB/etc/tungate/tungate.conf"
	mount --bind "$LAB/etc" /etc
	mount -t tmpfs lib /var/lib
}

unit() {
	local name=$1
	shift
	printf '%s\n' '[Unit]' "$@" >"$LAB/units/$name"
}

# The lab's binaries, logs, and where the lab's clients write; nothing else is
# changed in them. (ProtectSystem=strict makes /run read-only, but for a mount
# upon a mount, as the lab's.)
units_up() {
	local name
	for name in tungated tungated-lockdown; do
		sed "s|@TUNGATE_SBIN@|$LAB/sbin|" "$here/../../src/systemd/$name.service.in" \
			>"$LAB/units/$name.service"
		mkdir "$LAB/units/$name.service.d"
		cat >"$LAB/units/$name.service.d/lab.conf" <<-END
			[Service]
			StandardOutput=append:$LAB/log/$name
			StandardError=inherit
			ReadWritePaths=$LAB/client
			ReadOnlyPaths=/run
		END
	done
	for name in sysinit local-fs network-pre shutdown umount; do
		unit "$name.target" DefaultDependencies=no
	done
	unit basic.target DefaultDependencies=no Requires=sysinit.target After=sysinit.target
	# As `systemctl enable` would have it.
	mkdir "$LAB/units/sysinit.target.wants" "$LAB/units/multi-user.target.wants"
	ln -s ../tungated-lockdown.service "$LAB/units/sysinit.target.wants/"
	ln -s ../tungated.service "$LAB/units/multi-user.target.wants/"
	unit multi-user.target Requires=basic.target After=basic.target
	# A network, as late as one may be that is in no hurry.
	unit network.service DefaultDependencies=no After=network-pre.target
	printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/sbin/nft list table inet tungate\n' \
		>>"$LAB/units/network.service"
	ln -s ../network.service "$LAB/units/sysinit.target.wants/"
}

# systemd's cgroups are below one of the lab's.
cgroup_up() {
	mkdir "$LAB/cgroup"
	CGROUP=$LAB/cgroup/tungate-lab-$$-$RANDOM$RANDOM
	mount -t cgroup2 cgroup "$LAB/cgroup" && mkdir "$CGROUP"
}

systemd_up() {
	cat >"$LAB/boot" <<-'END'
		#!/bin/bash
		mount -t cgroup2 cgroup /sys/fs/cgroup
		exec env -i PATH="$PATH" container=lab SYSTEMD_UNIT_PATH="$1/units" \
			SYSTEMD_GENERATOR_PATH="$1/none" SYSTEMD_ENVIRONMENT_GENERATOR_PATH="$1/none" \
			/lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no
	END
	(
		echo "$BASHPID" >"$CGROUP/cgroup.procs"
		exec ip netns exec laptop unshare --mount --pid --fork --kill-child=KILL --mount-proc \
			--cgroup --uts --ipc bash "$LAB/boot" "$LAB"
	) </dev/null >"$LAB/log/systemd" 2>&1 &
	BOOTED=$!
	lab_wait_for 10 first_process
}

first_process() {
	read -r SYSTEMD <"/proc/$BOOTED/task/$BOOTED/children" || [ -n "$SYSTEMD" ]
}

systemd_down() {
	if [ -n "$BOOTED" ]; then
		kill -KILL "${SYSTEMD:-$BOOTED}" 2>/dev/null || :
		wait "$BOOTED" 2>/dev/null || :
	fi
	lab_wait_for 5 cgroups_gone || :
}

cgroups_gone() {
	find "$CGROUP" -depth -type d -exec rmdir {} \; 2>/dev/null || :
	[ ! -e "$CGROUP" ]
}

machine() {
	nsenter -t "$SYSTEMD" -m -p -n -C -u -i -- timeout 30 "$@"
}

gate_ctl() {
	timeout 60 ip netns exec laptop "$LAB_BIN/tungatectl" -s /run/tungate/control.sock "$@"
}

main_process() {
	# The oldest of the name: the holder and the worker have others.
	pgrep -o -x tungated
}

page_comes_from() {
	[ "$(lab_on laptop curl -s -m 5 "http://$LAB_SITE4/")" = "$1" ]
}

page_comes() {
	lab_on laptop curl -s -m 2 -o /dev/null "http://$LAB_SITE4/"
}

# Whose process the client is; the server's is root's.
client_is_nobodys() {
	pgrep -u nobody -x openvpn >/dev/null
}

property_is() {
	[ "$(machine systemctl show -P "$2" "$1")" = "$3" ]
}

# has FIELD VALUE, of the parent.
has() {
	says "^$1:[[:space:]]*$2\$" cat "/proc/$(main_process)/status"
}

says_nothing_of() {
	! grep -i -E "$1" "$LAB/log/tungated" "$LAB/log/tungated-lockdown"
}

worker_is_new() {
	GATE=$(main_process)
	[ "$(gate_worker)" != "$1" ] && gate_state_is blocked
}

parent_is_new() {
	local now
	now=$(main_process) && [ "$now" != "$1" ] && gate_state_is blocked
}

if [ ! -x /lib/systemd/systemd ] || ! cgroup_up; then
	echo "skipped: systemd cannot be started here"
	exit 77
fi
trap 'systemd_down; lab_down' EXIT
lab_up
gate_configure 4 tungate wireguard openvpn-udp openvpn-tcp
ikev2_up
machine_up
units_up
if ! systemd_up || ! lab_wait_for 20 gate_state_is blocked; then
	cat "$LAB/log/systemd"
	check "systemd starts it" false
	check_end
fi

check "the network came after the lockdown" property_is network.service Result success
check "and was closed then" property_is network.service ActiveState active
check "lockdown ended well" property_is tungated-lockdown.service Result success
check "blocked: no page comes" not page_comes
check "the control socket is tungate's" test "$(stat -c %U:%g:%a /run/tungate/control.sock)" = root:47012:660
check "no new privileges" has NoNewPrivs 1
check "a filter of system calls" has Seccomp 2
# NET_ADMIN, NET_RAW, NET_BIND_SERVICE, SETUID, SETGID, SETPCAP, SYS_CHROOT, KILL.
check "its capabilities" has CapEff 00000000000435e0
check "and no others to be had" has CapBnd 00000000000435e0
check "no disk or terminal in its /dev" not test -e "/proc/$(main_process)/root/dev/vda" \
	-o -e "/proc/$(main_process)/root/dev/tty1"

for server in tungate wireguard openvpn-udp openvpn-tcp ikev2; do
	check "$server: connects" says "^connected" gate_ctl connect "$server"
	check "$server: a page comes by the tunnel" lab_wait_for 5 page_comes_from "$LAB_EXIT4"
	[ "$server" != tungate ] || check "its resolver is asked" grep -q "^nameserver $LAB_DNS4" /etc/resolv.conf
	[ "$server" != openvpn-tcp ] || check "a client may change its account" client_is_nobodys
done
check "reload" machine systemctl reload tungated.service
check "still connected" lab_wait_for 5 gate_state_is connected
check "disconnect" says "^state     blocked" gate_ctl disconnect
check "no page comes" not page_comes

# shellcheck disable=SC2034 # gate_worker's
GATE=$(main_process)
worker=$(gate_worker)
kill -KILL "$worker"
check "a killed worker is replaced" lab_wait_for 5 worker_is_new "$worker"
check "the worker has an account of its own" says '^Uid:[[:space:]]*47011' cat "/proc/$(gate_worker)/status"
check "and an empty root" test -z "$(ls -A "/proc/$(gate_worker)/root/")"
check "connected again" says "^connected" gate_ctl connect wireguard
parent=$(main_process)
kill -KILL "$parent"
check "a killed parent: no page comes" not page_comes
check "it is started again, and blocks" lab_wait_for 20 parent_is_new "$parent"
check "release opens" says open gate_ctl release
check "a page comes around the tunnel" lab_wait_for 5 page_comes_from "$LAB_UPLINK4"
check "block closes" says blocked gate_ctl block
machine systemctl stop tungated.service
check "stopped: it is closed" not page_comes
check "by the firewall" gate_firewall_stands
check "started anew: it blocks" machine systemctl start tungated.service
check "and answers" lab_wait_for 10 gate_state_is blocked
check "nothing was forbidden that it wanted" says_nothing_of 'not permitted|denied|read-only|cannot'
machine systemctl stop tungated.service

# The card in a namespace, with the drop-in that it takes.
cp "$here/../../src/systemd/namespace.conf" "$LAB/units/tungated.service.d/"
sed -i '/^ReadOnlyPaths/d' "$LAB/units/tungated.service.d/lab.conf"
cat >>/etc/tungate/tungate.conf <<-END
	uplink = namespace
	uplink_interface = eth0
END
machine systemctl daemon-reload
check "uplink = namespace: it starts" machine systemctl start tungated.service
check "and blocks" lab_wait_for 10 gate_state_is blocked
check "the card is not in the machine" not ip -n laptop link show eth0 2>/dev/null
check "it connects" says "^connected" gate_ctl connect wireguard
check "a page comes by the tunnel" lab_wait_for 5 page_comes_from "$LAB_EXIT4"
check "release brings the card home" says open gate_ctl release
check "it is there" ip -n laptop link show eth0 >/dev/null
check "nothing was forbidden that it wanted" says_nothing_of 'not permitted|denied|read-only|cannot'
machine systemctl stop tungated.service
systemd_down
check "no cgroup is left behind" cgroups_gone
check_end
